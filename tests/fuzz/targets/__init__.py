"""Targets by name. A module is imported for the target that is wanted, so that a session instruments no other."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tests.fuzz.target import Target


def load_all() -> dict[str, Target]:
    """Return every target by its name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {target.name: target for module in modules for target in _targets(module)}


def load(name: str) -> Target:
    """Return the target of that name, which begins with its module's."""
    module = import_module(f"{__name__}.{name.partition('.')[0]}")
    return next(target for target in (*module.TARGETS, *getattr(module, "UNLISTED", ())) if target.name == name)


def _targets(module: str) -> tuple[Target, ...]:
    targets: tuple[Target, ...] = import_module(f"{__name__}.{module}").TARGETS
    return targets
