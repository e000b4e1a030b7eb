"""Areas of a drawing that its filters work on, and what each of them costs a pixel.

Filter Effects Module Level 1. Where an area is unknown before drawing, it is the whole picture.
"""

from __future__ import annotations

import math
import re

from lxml import etree

from mememime_proxy.imaging.gate.svg.document import SVG
from mememime_proxy.imaging.gate.svg.size import length, size_of, view_box

BLEND = 10.0
"""Nanoseconds that a blend mode takes for each pixel of the picture, however small its element is."""
MASK = 20.0
"""The same for a mask."""
_FILTER = 12.0
"""The same for a filter, before any of its primitives."""
_PRIMITIVE = 3.0
"""The same for each primitive, which has a picture of its own."""
_WEIGHTS = {
    "feGaussianBlur": 140.0,
    "feDropShadow": 150.0,
    "feTurbulence": 140.0,
    "feDisplacementMap": 700.0,
    "feDiffuseLighting": 130.0,
    "feSpecularLighting": 140.0,
    "feConvolveMatrix": 120.0,
    "feColorMatrix": 50.0,
    "feComponentTransfer": 45.0,
    "feBlend": 50.0,
    "feComposite": 55.0,
    "feImage": 20.0,
}
"""Nanoseconds for each pixel of the filter's region."""
_OTHER_WEIGHT = 5.0
_OCTAVE = 75.0
_MAX_OCTAVES = 10
_CONVOLUTION_CELL = 14.0
_MORPHOLOGY_CELL = 9.0
_MAX_MORPHOLOGY_CELLS = 441

_SHAPE_NAMES = "path rect circle ellipse line polyline polygon text tspan use"
SHAPES = frozenset(f"{SVG}{name}" for name in _SHAPE_NAMES.split())
_RECTANGLES = frozenset(f"{SVG}{name}" for name in ("rect", "image"))
_NEW_COORDINATES = frozenset(
    f"{SVG}{name}" for name in ("clipPath", "defs", "marker", "mask", "pattern", "svg", "symbol")
)
_TRANSFORM = re.compile(r"(scale|matrix)\s*\(([^()]{1,256})\)")
_SEPARATOR = re.compile(r"[\s,]+")
_DEFAULT_REGION = 1.2 * 1.2
_MAX_TRANSFORM = 4096


class Canvas:
    """The picture that a drawing is drawn on. ``scale``: its pixels for each square unit, None where unknown."""

    def __init__(self, width: float, height: float, scale: float | None) -> None:
        self.area = width * height
        self.scale = scale

    def share(self, element: etree._Element, tag: str, scale: float | None) -> tuple[float | None, float | None]:
        """Return the share of the picture that the box of an element takes, and the scale of its coordinates.

        The scale is how many times its square units are as large as those of the root. None = unknown.
        """
        if scale is None or not self.scale or self.area <= 0:
            return None, None
        if tag in _RECTANGLES:
            sides = _lengths(element, "width", "height")
        elif tag == f"{SVG}circle":
            sides = _lengths(element, "r", "r", times=2)
        elif tag == f"{SVG}ellipse":
            sides = _lengths(element, "rx", "ry", times=2)
        else:
            sides = None
        return None if sides is None else sides[0] * sides[1] * scale / self.area, scale / self.scale


def canvas(root: etree._Element) -> Canvas:
    """Return the picture that a drawing is drawn on."""
    width, height = size_of(root)
    box = view_box(root.get("viewBox", ""))
    if box is None:
        return Canvas(width, height, 1.0)
    side = max(width / box[0], height / box[1])
    return Canvas(width, height, side * side)


def scale_of(element: etree._Element, tag: str, scale: float | None) -> float | None:
    """Return the pixels for each square unit inside of an element, None where they are unknown."""
    if scale is None or (tag in _NEW_COORDINATES and element.getparent() is not None):
        return None
    transform = element.get("transform")
    if "transform" in element.get("style", ""):
        return None
    return scale if not transform else _determinant(transform, scale)


def _determinant(transform: str, scale: float) -> float | None:
    if len(transform) > _MAX_TRANSFORM:
        return None
    for name, arguments in _TRANSFORM.findall(transform):
        try:
            numbers = [float(part) for part in _SEPARATOR.split(arguments.strip())]
        except ValueError:
            return None
        if name == "matrix" and len(numbers) == 6:
            scale *= abs(numbers[0] * numbers[3] - numbers[1] * numbers[2])
        elif name == "scale" and len(numbers) in (1, 2):
            scale *= abs(numbers[0] * numbers[-1])
        else:
            return None
    return scale if math.isfinite(scale) else None


def _lengths(element: etree._Element, first: str, second: str, times: float = 1) -> tuple[float, float] | None:
    one, two = length(element.get(first, "")), length(element.get(second, ""))
    return None if one is None or two is None else (one * times, two * times)


class FilterWork:
    """The work of a filter."""

    def __init__(self, element: etree._Element, picture: Canvas) -> None:
        self._fixed = _FILTER
        self._weight = 0.0
        for primitive in element:
            self._fixed += _PRIMITIVE
            self._weight += _weight(primitive)
        self._region: float | None = None
        self._factor: float | None = None
        sides = [element.get(name, "") for name in ("width", "height")]
        if element.get("filterUnits") == "userSpaceOnUse":
            box = _lengths(element, "width", "height")
            if box is not None and picture.scale is not None and picture.area > 0:
                self._region = box[0] * box[1] * picture.scale / picture.area
        elif not any(sides):
            self._factor = _DEFAULT_REGION
        else:
            factors = [_fraction(side) for side in sides]
            self._factor = None if None in factors else math.prod(factor or 0.0 for factor in factors)

    def cost(self, share: float | None, scale: float | None) -> float:
        """Return the nanoseconds for each pixel of the picture. ``share``, ``scale``: see ``Canvas.share``."""
        region: float | None = None
        if self._region is not None and scale is not None:
            region = self._region * scale
        elif self._factor is not None and share is not None:
            region = self._factor * share
        return self._fixed + self._weight * (1.0 if region is None else min(1.0, region))


def _fraction(text: str) -> float | None:
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text or 1.2)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _weight(primitive: etree._Element) -> float:
    name = str(primitive.tag).rpartition("}")[2]
    weight = _WEIGHTS.get(name, _OTHER_WEIGHT)
    if name == "feTurbulence":
        weight += _OCTAVE * min(_MAX_OCTAVES, _whole(primitive.get("numOctaves"), 1))
    elif name == "feConvolveMatrix":
        weight += _CONVOLUTION_CELL * len((primitive.get("kernelMatrix") or "").split())
    elif name == "feMorphology":
        side = 2 * _whole((primitive.get("radius") or "").split(" ")[0], 0) + 1
        weight += _MORPHOLOGY_CELL * min(_MAX_MORPHOLOGY_CELLS, side * side)
    return weight


def _whole(text: str | None, default: int) -> int:
    try:
        return max(0, min(10_000, math.ceil(float(text or default))))
    except (ValueError, OverflowError):
        return default
