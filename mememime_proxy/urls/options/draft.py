"""A plan while options are being applied to it.

Fields are named by dotted paths into the plan (``extend.gravity.x``), so that an option can touch a part of a compound
value and leave the rest to what a preset or an earlier option said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mememime_proxy.errors import OptionError
from mememime_proxy.plan import Crop, Extend, Gravity, ImageLimits, Padding, Plan, Trim, Watermark

MAX_OPTIONS = 1000
"""Options that one URL may apply, those of its presets counted too."""

_COMPOUNDS: dict[str, type[Any]] = {
    "crop": Crop,
    "extend": Extend,
    "extend_aspect_ratio": Extend,
    "gravity": Gravity,
    "limits": ImageLimits,
    "padding": Padding,
    "trim": Trim,
    "watermark": Watermark,
}


class Draft:
    """What was asked for so far, on top of ``initial``.

    ``now``: Unix seconds, for options that expire. ``presets`` applies presets, by name, to the draft it is given.
    """

    __slots__ = ("_changes", "_left", "_presets", "chain", "initial", "now")

    def __init__(self, initial: Plan, now: float, presets: Callable[[Draft, Sequence[str]], None]) -> None:
        self.initial = initial
        self.now = now
        self.chain: tuple[str, ...] = ()
        """Presets that are being applied, the outermost first."""
        self._presets = presets
        self._changes: dict[str, Any] = {}
        self._left = MAX_OPTIONS

    def count(self) -> None:
        """Note that one more option is applied. Raises OptionError when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise OptionError(f"more than {MAX_OPTIONS} options")

    def use_presets(self, names: Sequence[str]) -> None:
        """Apply presets. Raises UrlError."""
        self._presets(self, names)

    def set(self, field: str, value: Any) -> None:
        """Let ``field`` have ``value``; None clears it."""
        self._changes[field] = value

    def get(self, field: str) -> Any:
        """What ``field`` is now; None where its compound value does not exist."""
        if field in self._changes:
            return self._changes[field]
        value: Any = self.initial
        for name in field.split("."):
            if value is None:
                return None
            value = getattr(value, name)
        return value

    def changes(self, compound: str) -> bool:
        """Whether anything was said about a compound value."""
        return any(path.startswith(f"{compound}.") for path in self._changes)

    def finish(self, source: str) -> Plan:
        """The plan, for ``source``."""
        flat: dict[str, Any] = {"source": source}
        nested: dict[str, dict[str, Any]] = {}
        for path, value in self._changes.items():
            head, dot, tail = path.partition(".")
            if dot:
                nested.setdefault(head, {})[tail] = value
            else:
                flat[head] = value
        for head, changes in nested.items():
            flat[head] = _compound(_COMPOUNDS[head], getattr(self.initial, head), changes)
        return replace(self.initial, **flat)


def _compound(kind: type[Any], current: Any, changes: dict[str, Any]) -> Any:
    values = dict(changes)
    gravity = {path.removeprefix("gravity."): values.pop(path) for path in changes if path.startswith("gravity.")}
    if gravity:
        values["gravity"] = _compound(Gravity, current.gravity, gravity)
    if kind is Trim and values.get("threshold", current and current.threshold) is None:
        return None
    if kind is Watermark and not values.get("opacity", current and current.opacity):
        return None
    return kind(**values) if current is None else replace(current, **values)
