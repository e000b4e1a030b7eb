"""Properties of an element as far as they make work: what it is painted with, and what it is filtered and masked by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mememime_proxy.imaging.gate.svg.size import length

_URL = re.compile(r"url\(\s{0,8}['\"]?#([^'\")\s]{1,256})", re.IGNORECASE)
_FUNCTION = re.compile(r"([a-z-]{1,20})\(", re.IGNORECASE)
_NUMBER = re.compile(r"\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?")
_PERCENTAGE = re.compile(r"\s*([\d.]{1,16})%\s*")
_MAX_NAMES = 4

OPACITY = 1.8
"""Nanoseconds that a group of its own takes for each pixel of the picture, however small its element is."""
BLEND = 17.0
"""The same for a blend mode."""
_SLOW_BLEND = 36.0
_SLOW_BLENDS = frozenset({"hue", "saturation", "color", "luminosity", "soft-light"})
_FUNCTIONS = {"url": 0.0, "blur": 620.0, "drop-shadow": 650.0}
_OTHER_FUNCTION = 200.0
"""Nanoseconds of a filter function for each pixel of the picture."""
_DEFAULT_STROKE = 1.0
_GEOMETRY = frozenset({"width", "height", "x", "y", "r", "rx", "ry", "cx", "cy", "d"})


@dataclass(slots=True)
class Style:
    """What is known of the properties of an element. None = not set.

    ``paints``, ``markers``, ``stroked``, ``stroke``, ``dash``, ``font``, ``families``, ``font_size`` and ``bulk`` are
    inherited.
    """

    paints: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    functions: float = 0.0
    """Nanoseconds of filter functions for each pixel of the picture."""
    layer: float = 0.0
    """Nanoseconds of opacity, isolation and blending for each pixel of the picture."""
    filled: bool | None = None
    stroked: bool | None = None
    stroke: float | None = None
    """Width of the stroke in the element's units; infinite where it is unknown."""
    dash: float | None = None
    """Length of a dash with its gap; infinite for none."""
    font: dict[str, str | int] = field(default_factory=dict)
    """Values of the properties of the font, of the language too: a text where it counts for certain, else a digest of
    all that may count."""
    families: int = 0
    """Families in the longest list of them."""
    font_size: float | None = None
    bulk: float = 0.0
    """Bytes that each element which inherits them has a copy of."""
    moved: bool = False
    """Transformed, or given another size, by a style sheet."""
    inherits: bool = False
    """Has ``inherit`` for something that is not inherited otherwise."""

    def add(self, name: str, value: str) -> None:  # one branch a property
        """Add the value of one property, whose name is in lower case."""
        if name in ("fill", "stroke"):
            self._add_paint(name, value)
        elif name == "filter":
            self.filters += tuple(_URL.findall(value))
            for function in _FUNCTION.findall(value):
                self.functions += _FUNCTIONS.get(function.lower(), _OTHER_FUNCTION)
            self.inherits |= "inherit" in value
        elif name == "mask":
            self.masks += tuple(_URL.findall(value))
            self.inherits |= "inherit" in value
        elif name == "clip-path":
            self.clips += tuple(_URL.findall(value))
            self.inherits |= "inherit" in value
        elif name.startswith("marker"):
            self.markers += tuple(_URL.findall(value))
        elif name in ("opacity", "isolation", "mix-blend-mode"):
            self._add_layer(name, value.strip())
        elif name == "stroke-width":
            width = _length(value)
            self.stroke = width if self.stroke is None else max(self.stroke, width)
        elif name == "stroke-dasharray":
            self._add_dashes(value)
        elif name.startswith("font"):
            self._add_font(name, value)
        elif name in ("transform", "rotate", "scale", "translate") or name in _GEOMETRY:
            self.moved = True

    def _add_paint(self, name: str, value: str) -> None:
        present = value.strip() not in ("none", "transparent")
        if name == "fill":
            self.filled = present or bool(self.filled)
        else:
            self.stroked = present or bool(self.stroked)
        if "(" in value:
            self.paints += tuple(_URL.findall(value))

    def _add_layer(self, name: str, value: str) -> None:
        if name == "mix-blend-mode":
            cost = 0.0 if value == "normal" else _SLOW_BLEND if value in _SLOW_BLENDS else BLEND
        elif name == "isolation":
            cost = 0.0 if value == "auto" else OPACITY
        else:
            cost = 0.0 if value in ("1", "1.0", "100%") else OPACITY
        self.layer = max(self.layer, cost)
        self.inherits |= value == "inherit"

    def _add_dashes(self, value: str) -> None:
        numbers = [float(number) for number in _NUMBER.findall(value)] if "%" not in value else [0.0]
        period = sum(numbers) or float("inf")
        if "%" in value:
            period = 0.0
        # One of an odd number is taken twice; the shortest gap of many is the mean of them at least.
        dash = period * 2 / max(2, len(numbers))
        self.dash = dash if self.dash is None else min(self.dash, dash)
        self.bulk += 8 * len(value)

    def _add_font(self, name: str, value: str) -> None:
        self.font[name] = value
        if name in ("font-family", "font"):
            self.families = max(self.families, 1 + value.count(","))
        if name in ("font-size", "font"):
            numbers = [_length(part) for part in value[:256].replace("/", " ").split() if part[:1] in ".0123456789"]
            if numbers:
                self.font_size = max(self.font_size or 0.0, *numbers)
        if len(value) > _LONG:
            self.bulk += 2 * len(value)

    def add_language(self, value: str) -> None:
        """Add the language, by which fonts are chosen."""
        self.font["lang"] = value
        if len(value) > _LONG:
            self.bulk += 2 * len(value)

    def inherited_font(self, above: tuple[tuple[str, str | int], ...]) -> tuple[tuple[str, str | int], ...]:
        """Return the font of an element with this style inside of one with the font ``above``."""
        found = dict(above)
        for name, value in self.font.items():
            found[name] = value if isinstance(value, str) else hash((found.get(name), value))
        return tuple(sorted(found.items()))

    def merge(self, other: Style) -> None:
        """Add what ``other`` has. Of many, the last ones count: an element has one value for each property."""
        for name in ("paints", "markers", "filters", "masks", "clips"):
            names = getattr(self, name) + getattr(other, name)
            if names:
                setattr(self, name, tuple(dict.fromkeys(names))[-_MAX_NAMES:])
        self.functions = max(self.functions, other.functions)
        self.layer = max(self.layer, other.layer)
        if other.filled is not None:
            self.filled = other.filled or bool(self.filled)
        if other.stroked is not None:
            self.stroked = other.stroked or bool(self.stroked)
        for name in ("stroke", "font_size"):
            mine, its = getattr(self, name), getattr(other, name)
            if its is not None:
                setattr(self, name, its if mine is None else max(mine, its))
        if other.dash is not None:
            self.dash = other.dash if self.dash is None else min(self.dash, other.dash)
        for name, value in other.font.items():
            self.font[name] = hash((self.font.get(name), value))
        self.families = max(self.families, other.families)
        self.bulk += other.bulk
        self.moved |= other.moved
        self.inherits |= other.inherits


_LONG = 64


def _length(value: str) -> float:
    """Return a length in the element's units; infinite for one that depends on something else."""
    found = length(value.strip())
    if found is not None:
        return found
    text = value.strip().rstrip("px ")
    try:
        return abs(float(text))
    except ValueError:
        return float("inf")
