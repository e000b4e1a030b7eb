"""How many times as large the units of an element are as those around it: at most, whatever the direction."""

from __future__ import annotations

import math
import re

from lxml import etree

from mememime_proxy.imaging.gate.svg.size import length, view_box

_TRANSFORM = re.compile(r"([A-Za-z]{1,16})\s*\(([^()]{0,512})\)")
_SEPARATOR = re.compile(r"[\s,]+")
_MAX_TRANSFORM = 4096
_RIGID = frozenset({"translate", "rotate"})


def scale_of(text: str) -> float:
    """Return the largest factor by which a transformation stretches anything; infinite where it is unknown.

    It is an upper bound: the factors of several transformations are multiplied.
    """
    if len(text) > _MAX_TRANSFORM:
        return math.inf
    scale = 1.0
    for name, arguments in _TRANSFORM.findall(text):
        try:
            numbers = [float(part) for part in _SEPARATOR.split(arguments.strip()) if part]
        except ValueError:
            return math.inf
        scale *= _factor(name, numbers)
    return scale if math.isfinite(scale) else math.inf


def _factor(name: str, numbers: list[float]) -> float:
    if name in _RIGID:
        return 1.0
    if name == "scale" and len(numbers) in (1, 2):
        return max(map(abs, numbers))
    if name == "matrix" and len(numbers) == 6:
        return _norm(*numbers[:4])
    if name in ("skewX", "skewY") and len(numbers) == 1:
        return _norm(1.0, 0.0, math.tan(math.radians(numbers[0])), 1.0)
    return math.inf


def _norm(a: float, b: float, c: float, d: float) -> float:
    """Return the larger singular value of a matrix."""
    half = (a * a + b * b + c * c + d * d) / 2
    determinant = a * d - b * c
    return math.sqrt(half + math.sqrt(max(0.0, half * half - determinant * determinant)))


def viewport_scale(element: etree._Element) -> tuple[float, float]:
    """Return the scale of a nested ``svg``, and the longer side of its viewport in units of its own."""
    box = view_box(element.get("viewBox", ""))
    sides = [length(element.get(name, "")) for name in ("width", "height")]
    if box is None:
        known = [side for side in sides if side is not None]
        return 1.0, max(known) if len(known) == 2 else math.inf
    if None in sides:
        return math.inf, max(box)
    return max((side or 0.0) / part for side, part in zip(sides, box, strict=True)), max(box)


def symbol_scale(element: etree._Element) -> tuple[float, float]:
    """Return the scale of a ``symbol`` drawn one unit large, and the longer side of its viewport; 1 without a box."""
    box = view_box(element.get("viewBox", ""))
    return (1.0, math.inf) if box is None else (1 / min(box), max(box))


def marker_scale(element: etree._Element) -> float:
    """Return the scale of a marker on a stroke one unit wide."""
    box = view_box(element.get("viewBox", ""))
    if box is None:
        return 1.0
    sides = [length(element.get(name, "3")) for name in ("markerWidth", "markerHeight")]
    if None in sides:
        return math.inf
    return max((side or 0.0) / part for side, part in zip(sides, box, strict=True))


def share(text: str) -> float:
    """Return a share of a box, of a number or a percentage; 1 for what is neither."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return 1.0
    return abs(value) if math.isfinite(value) else 1.0
