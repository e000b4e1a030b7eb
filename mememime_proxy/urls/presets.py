"""Presets: named options, defined by the operator in a setting or a file.

A definition is ``name=option:argument/option:argument``. Empty definitions and those that begin with ``#`` are
ignored. Of two with the same name the later one is used.
"""

from __future__ import annotations

from collections.abc import Iterable

from mememime_proxy.errors import SettingsError
from mememime_proxy.urls.grammar import OptionText, parse_options

DEFAULT = "default"
"""The preset that is applied to every URL."""


def parse_presets(lines: Iterable[str], separator: str = ":") -> dict[str, tuple[OptionText, ...]]:
    """Return the options of each preset. Raises SettingsError that shows the wrong definition.

    The options' arguments are not looked at here, see ``Interpreter.check_presets``.
    """
    presets: dict[str, tuple[OptionText, ...]] = {}
    for line in lines:
        definition = line.strip(" \r")
        if not definition or definition.startswith("#"):
            continue
        parts = [part.strip(" ") for part in definition.split("=")]
        if len(parts) != 2 or not all(parts):
            raise SettingsError(f"presets: found {definition!r}, expected name=option:argument/option:argument")
        options, rest = parse_options(parts[1].split("/"), separator)
        if rest:
            raise SettingsError(f"presets: found {rest[0]!r} in {definition!r}, expected option:argument")
        presets[parts[0]] = options
    return presets
