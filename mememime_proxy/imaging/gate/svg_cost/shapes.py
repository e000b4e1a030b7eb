"""What outlines take to be measured, filled, stroked and dashed, in the units of the scope that they are in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lxml import etree

from mememime_proxy.imaging.gate.svg.document import SVG
from mememime_proxy.imaging.gate.svg.size import length
from mememime_proxy.imaging.gate.svg_cost.paths import Outline, Outlines, box, ellipse
from mememime_proxy.imaging.gate.svg_cost.scopes import Scope
from mememime_proxy.imaging.gate.svg_cost.style import Style

SHAPES = frozenset(f"{SVG}{name}" for name in ["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"])
_SHAPE = 5_000.0
"""Nanoseconds of a shape."""
_EDGE = 700.0
_SORTED_EDGE = 100.0
"""Nanoseconds of an edge, and of each doubling of their number: librsvg has cairo find the box of what is filled."""
_STROKED_SHAPE = 6_000.0
_STROKED_EDGE = 1_200.0
_CROSSING = 2_700.0
_CROSSING_BYTES = 40.0
_EDGE_BYTES = 200.0
_DOWN = 210.0
"""Nanoseconds of an edge for each pixel of its height: cairo samples 15 rows in each."""
_ACROSS = 20.0
_PIXEL_OF_EDGES = _DOWN + _ACROSS
"""Nanoseconds of an edge for each pixel of the picture that it is long."""
_SOLID = 1.2
"""Nanoseconds of a pixel that is painted with one colour."""
_JOIN = 1_000.0
"""Nanoseconds of the ends of an edge for each pixel of the width of a stroke; round ones have many edges."""
_JOIN_BYTES = 40.0
_DASH = 1_500.0
_SHORTEST_DASH = 0.05
"""Pixels; cairo approximates shorter dashes."""
_VISIBLE = 3.0
"""Sides of the picture that a straight edge is long inside of it, at most."""


@dataclass(frozen=True, slots=True)
class DrawingState:
    """What an element has from its ancestors.

    ``scale``: units of the scope for each of the element's, infinite where unknown. ``viewport``: the longer side of
    the viewport in the element's units, infinite where unknown. ``surfaces``: of the size of the picture that there are
    around it. ``visible``: units of the scope that the picture is large, where the scope is drawn in its place only.
    """

    scale: float
    viewport: float
    visible: float = math.inf
    paints: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    filled: bool = True
    stroked: bool = False
    stroke: float = 1.0
    dash: float = math.inf
    font: tuple[tuple[str, str | int], ...] = ()
    """Properties of the font with what sets them; see ``Style.font``."""
    families: int = 1
    font_size: float = 12.0
    bulk: float = 0.0
    surfaces: float = 0.0
    own: Style | None = None


def outline_of(element: etree._Element, tag: str, outlines: Outlines) -> Outline:
    """Return the outline of a shape in units of its own."""
    name = tag.rpartition("}")[2]
    if name == "path":
        return outlines.of_path(element.get("d", ""))
    if name in ("polyline", "polygon"):
        return outlines.of_points(element.get("points", ""))
    return _line(element) if name == "line" else _basic_shape(element, name)


def _basic_shape(element: etree._Element, name: str) -> Outline:
    if name == "rect":
        straight = element.get("rx") is None and element.get("ry") is None
        sides = _lengths(element, "width", "height")
        if sides is None:
            return Outline(straight=straight)
        return box(*sides) if straight else ellipse(*sides)
    radii = _lengths(element, "r", "r") if name == "circle" else _lengths(element, "rx", "ry")
    return Outline(20, 4) if radii is None else ellipse(2 * radii[0], 2 * radii[1])


def _line(element: etree._Element) -> Outline:
    try:
        x1, y1, x2, y2 = (float(element.get(name) or 0) for name in ("x1", "y1", "x2", "y2"))
    except ValueError:
        return Outline(1, 2)
    across, down = abs(x2 - x1), abs(y2 - y1)
    return Outline(1, 2, across, down, across, down) if math.isfinite(across + down) else Outline(1, 2)


def _lengths(element: etree._Element, first: str, second: str) -> tuple[float, float] | None:
    one, two = length(element.get(first, "")), length(element.get(second, ""))
    return None if one is None or two is None else (one, two)


def add_shape(scope: Scope, shape: Outline, state: DrawingState, times: float = 1.0) -> None:
    """Add the work of one shape to its scope, or of so many like it."""
    work = scope.sum
    if times != 1:
        shape = replace(
            shape,
            edges=shape.edges * times,
            across=shape.across * times,
            down=shape.down * times,
            width=shape.width * times,
            crossings=shape.crossings * times,
        )
    edges = shape.edges
    work.fixed += _SHAPE + (_EDGE + _SORTED_EDGE * math.log2(edges + 1)) * edges + _CROSSING * shape.crossings
    work.memory = max(work.memory, _EDGE_BYTES * edges + _CROSSING_BYTES * shape.crossings)
    if state.filled:
        down = 0.0 if shape.straight else shape.down
        add_length(scope, _DOWN * down + _ACROSS * shape.across, _PIXEL_OF_EDGES * edges, state)
        paint_area(scope, shape.width * shape.height, shape.width * shape.height, state)
    if state.stroked and state.stroke > 0:
        add_stroke(scope, shape, state)


def add_stroke(scope: Scope, shape: Outline, state: DrawingState) -> None:
    """Add the work of the stroke of one outline."""
    edges, width = shape.edges, state.stroke
    scope.sum.fixed += _STROKED_SHAPE + _STROKED_EDGE * edges
    pieces = edges
    if state.dash < math.inf:
        dashes = _dashes(shape, state)
        scope.sum.fixed += _DASH * dashes
        pieces += dashes
    along = 2 * (_DOWN * shape.down + _ACROSS * shape.across) if not shape.straight else 0.0
    add_length(scope, along + _JOIN * pieces * width, _PIXEL_OF_EDGES * (3 * edges + pieces), state)
    if math.isfinite(width * state.scale):
        scope.sum.memory = max(scope.sum.memory, pieces * (_EDGE_BYTES + _JOIN_BYTES * width * state.scale))
    # A stroke is no larger than the box around it.
    area = min(shape.length * width + edges * width * width, (shape.width + 4 * width) * (shape.height + 4 * width))
    paint_area(scope, area, (shape.width + width) * (shape.height + width), state)


def _dashes(shape: Outline, state: DrawingState) -> float:
    """Return how many dashes there are inside of the picture, as far as is known."""
    visible = min(shape.length, shape.edges * _VISIBLE * state.viewport)
    shortest = _SHORTEST_DASH / state.scale if 0 < state.scale < math.inf else 0.0
    dash = max(state.dash, shortest)
    if not math.isfinite(visible) or dash <= 0:
        return 100_000.0 * max(1.0, shape.edges / 100)
    return visible / dash


def add_length(scope: Scope, cost: float, cap: float, state: DrawingState) -> None:
    """Add the nanoseconds for the lengths of edges in the element's units.

    They are at most ``cap`` for each pixel of the picture's longer side: what is outside takes nothing.
    """
    known = cost * state.scale
    if math.isfinite(known):
        scope.sum.length += min(known, cap * state.visible)
        scope.sum.length_cap += cap
    else:
        scope.sum.length_sure += cap


def paint_area(scope: Scope, area: float, box_area: float, state: DrawingState) -> None:
    """Add an area in the element's units that is painted."""
    square = state.scale * state.scale
    known = area * square
    if not math.isnan(known) and known < math.inf:
        known = min(known, state.visible * state.visible)
        scope.sum.area += _SOLID * known
        scope.sum.area_cap += _SOLID
    else:
        known = math.inf
        scope.sum.area_sure += _SOLID
    for name in state.paints:
        box_known = box_area * square
        scope.paint(name, known, 1.0, math.inf if math.isnan(box_known) else box_known, state.scale, state.surfaces)


def add_area(scope: Scope, area: float, cost: float, state: DrawingState) -> None:
    """Add an area in the element's units with its nanoseconds for each pixel."""
    known = area * state.scale * state.scale
    if known < math.inf:
        scope.sum.area += cost * min(known, state.visible * state.visible)
        scope.sum.area_cap += cost
    else:
        scope.sum.area_sure += cost
