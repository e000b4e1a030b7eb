"""A plan while the options of a URL are applied to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mememime_proxy.errors import OptionError
from mememime_proxy.plan import REQUEST_FIELDS, Plan

MAX_OPTIONS = 1000
"""Options that one URL may apply, those of its presets included."""

MAX_PIPELINES = 32
"""Pipelines that one plan may chain, those of presets included."""

_DEFAULTS = Plan()
"""What pipelines behind the first one begin with."""


class PlanDraft:
    """A plan while options are being applied to it: ``changes`` on top of ``initial``.

    ``changes`` are those of one pipeline, which ``select`` chooses, and ``pipelines`` those of all. Fields that a
    request has once are in the first of them, see ``store_request_fields``.

    Fields are named by dotted paths into the plan (``extend.gravity.x``), so that an option can change a part of a
    compound value and leave the rest as a preset or an earlier option set it. A value of None clears the field.
    ``now``: Unix seconds, for options that expire. ``apply_presets`` applies presets, by name, to a draft.
    """

    __slots__ = ("apply_presets", "changes", "initial", "now", "options_left", "pipelines", "position", "preset_chain")

    def __init__(self, initial: Plan, now: float, apply_presets: Callable[[PlanDraft, Sequence[str]], None]) -> None:
        self.initial = initial
        self.now = now
        self.apply_presets = apply_presets
        self.changes: dict[str, Any] = {}
        self.pipelines: list[dict[str, Any]] = [self.changes]
        self.position = 0
        """The place of ``changes`` in ``pipelines``."""
        self.options_left = MAX_OPTIONS
        self.preset_chain: tuple[str, ...] = ()
        """Presets that are being applied, the outermost first."""

    def get(self, field: str) -> Any:
        """Return the current value of ``field``; None where its compound value does not exist."""
        if field in self.changes:
            return self.changes[field]
        value: Any = self.initial
        if self.position:
            if not is_of_request(field):
                value = self.initial_of(self.position)
            elif field in self.pipelines[0]:
                return self.pipelines[0][field]
        for name in field.split("."):
            if value is None:
                return None
            value = getattr(value, name)
        return value

    def initial_of(self, position: int) -> Plan:
        """Return what the pipeline at a place begins with; behind the first one these are the defaults."""
        if position:
            return self.initial.chain[position - 1] if position <= len(self.initial.chain) else _DEFAULTS
        return self.initial

    def select(self, position: int) -> None:
        """Have options applied to another pipeline, at most one behind the last. Raises OptionError for too many."""
        if position == len(self.pipelines):
            if position == MAX_PIPELINES:
                raise OptionError(f"more than {MAX_PIPELINES} pipelines, those of presets included")
            self.pipelines.append({})
        self.position, self.changes = position, self.pipelines[position]

    def store_request_fields(self) -> None:
        """Move what a request has once from the present pipeline to the first one."""
        if self.position:
            for field in [field for field in self.changes if is_of_request(field)]:
                self.pipelines[0][field] = self.changes.pop(field)


def is_of_request(field: str) -> bool:
    """Whether a request has the field of a dotted path once, in place of each pipeline for itself."""
    return field.partition(".")[0] in REQUEST_FIELDS
