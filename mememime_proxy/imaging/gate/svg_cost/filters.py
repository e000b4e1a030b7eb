"""Filters: what each primitive takes for a pixel of its region, and how large that region is.

Filter Effects Module Level 1. Where an area is unknown before drawing, it is the whole picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lxml import etree

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.svg.size import length

_FILTER = 14.0
"""Nanoseconds of a filter for each pixel of the picture, before any of its primitives."""
_PRIMITIVE = 4.0
"""The same for each primitive, which has a picture of its own."""
_WEIGHTS = {
    "feGaussianBlur": 600.0,
    "feDropShadow": 620.0,
    "feTurbulence": 140.0,
    "feDisplacementMap": 1900.0,
    "feDiffuseLighting": 260.0,
    "feSpecularLighting": 280.0,
    "feConvolveMatrix": 140.0,
    "feColorMatrix": 160.0,
    "feComponentTransfer": 170.0,
    "feBlend": 200.0,
    "feComposite": 200.0,
    "feImage": 40.0,
    "feMergeNode": 100.0,
}
"""Nanoseconds for each pixel of the filter's region."""
_OTHER_WEIGHT = 12.0
_BOX_BLUR = 350.0
"""A blur of two pixels or more is three of boxes."""
_OCTAVE = 130.0
_STITCHED = 1.7
_MAX_OCTAVES = 9
_CONVOLUTION_CELL = 32.0
_MORPHOLOGY_CELL = 18.0
_MAX_KERNEL = 400
"""Numbers of a kernel matrix at which librsvg 2.62 does not look whether they are as many as its order says."""
_DEFAULT_REGION = 1.2 * 1.2
_BASE_SURFACES = 5
_PRIMITIVE_SURFACES = 1


@dataclass(frozen=True, slots=True)
class FilterCost:
    """What one use of a filter takes, for each pixel of the picture; ``area`` is of the part inside of its region."""

    layers: float
    area: float
    windows: tuple[tuple[float, float], ...]


class FilterWork:
    """The work of a filter. ``surfaces``: pictures of the size of the result that it has at the same time."""

    def __init__(self, element: etree._Element) -> None:
        self.layers = _FILTER
        self.weight = 0.0
        self.windows: list[tuple[float, float]] = []
        self.surfaces = _BASE_SURFACES
        self.resolution = math.inf
        """Units of the finest ``kernelUnitLength``, at which surfaces have a pixel for each."""
        self.references: list[str] = []
        results = set()
        boxes = element.get("primitiveUnits") == "objectBoundingBox"
        for primitive in element.iter(etree.Element):
            if primitive is element:
                continue
            self.layers += _PRIMITIVE
            results.add(primitive.get("result", ""))
            self._add(primitive, str(primitive.tag).rpartition("}")[2], boxes=boxes)
        self.surfaces += len(results) * _PRIMITIVE_SURFACES
        self._region: float | None = None
        self._factor: float | None = None
        sides = [element.get(name, "") for name in ("width", "height")]
        if element.get("filterUnits") == "userSpaceOnUse":
            box = [length(side) for side in sides]
            self._region = None if None in box else math.prod(side or 0.0 for side in box)
        elif not any(sides):
            self._factor = _DEFAULT_REGION
        else:
            factors = [_fraction(side) for side in sides]
            self._factor = None if None in factors else math.prod(factor or 0.0 for factor in factors)

    def _add(self, primitive: etree._Element, name: str, *, boxes: bool) -> None:
        weight = _WEIGHTS.get(name, _OTHER_WEIGHT)
        if name == "feTurbulence":
            octaves = _OCTAVE * max(1, min(_MAX_OCTAVES, _whole(primitive.get("numOctaves"), 1)))
            weight += octaves * (_STITCHED if primitive.get("stitchTiles") == "stitch" else 1)
        elif name == "feConvolveMatrix":
            weight += _CONVOLUTION_CELL * _kernel_cells(primitive)
        elif name == "feMorphology":
            radius = math.inf if boxes else _largest(primitive.get("radius"))
            if radius > 0:
                self.windows.append((radius, _MORPHOLOGY_CELL))
        unit = primitive.get("kernelUnitLength")
        if unit is not None:
            self.resolution = min(self.resolution, 1e-3 if boxes else _smallest(unit))
        self.weight += weight

    def region(self, box: float) -> float:
        """Return the area of the region in square units. ``box``: that of what is filtered; infinite = unknown."""
        if self._region is not None:
            return self._region
        return math.inf if self._factor is None else self._factor * box


def _kernel_cells(primitive: etree._Element) -> int:
    """Return the cells of a kernel. Raises BrokenImageError for one that would end librsvg."""
    numbers = len((primitive.get("kernelMatrix") or "").replace(",", " ").split())
    order = [_whole(part, 3) for part in (primitive.get("order") or "3").replace(",", " ").split()[:2]] or [3]
    cells = order[0] * order[-1]
    if numbers >= _MAX_KERNEL and cells != numbers:
        raise BrokenImageError(f"SVG with a kernel matrix of {numbers} numbers instead of {cells}")
    return min(numbers, cells)


def _fraction(text: str) -> float | None:
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text or 1.2)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _numbers(text: str | None) -> list[float]:
    try:
        return [abs(float(part)) for part in (text or "")[:256].replace(",", " ").split()]
    except ValueError:
        return [math.inf]


def _largest(text: str | None) -> float:
    largest = max(_numbers(text), default=0.0)
    return largest if largest >= 0 else math.inf


def _smallest(text: str) -> float:
    numbers = [number for number in _numbers(text) if number > 0]
    return max(1e-3, min(numbers, default=1.0))


def _whole(text: str | None, default: int) -> int:
    try:
        return max(0, min(1_000_000, math.ceil(float(text or default))))
    except (ValueError, OverflowError):
        return default
