"""Estimate of the work that drawing takes: one pass over the tree, references followed by arithmetic.

A few bytes of nested ``use`` elements are exponential work, and a filter, a mask or a group that is not opaque costs
librsvg a picture of the size of the whole result, however small its element is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from mememime_proxy.imaging.gate.drawing_work import DrawingWork
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.document import HREF, SVG, XLINK_HREF, reference_of
from mememime_proxy.imaging.gate.svg.pictures import EmbeddedPicture
from mememime_proxy.imaging.gate.svg.size import length, size_of, view_box
from mememime_proxy.imaging.gate.svg_cost import shapes, transforms
from mememime_proxy.imaging.gate.svg_cost.filters import FilterWork
from mememime_proxy.imaging.gate.svg_cost.paths import Outline, Outlines
from mememime_proxy.imaging.gate.svg_cost.scopes import Scope, WorkTotals
from mememime_proxy.imaging.gate.svg_cost.selectors import Population, matching_cost
from mememime_proxy.imaging.gate.svg_cost.style import Style
from mememime_proxy.imaging.gate.svg_cost.styles import Styles
from mememime_proxy.imaging.gate.svg_cost.texts import Texts
from mememime_proxy.imaging.gate.svg_cost.transforms import scale_of

_NEVER_DRAWN = frozenset(
    f"{SVG}{name}"
    for name in ("clipPath", "defs", "filter", "marker", "mask", "pattern", "symbol", "metadata", "style", "title")
)
"""Elements that are drawn only where something refers to them."""
_GRADIENTS = frozenset(f"{SVG}{name}" for name in ("linearGradient", "radialGradient"))
_USE, _SVG, _SYMBOL, _MARKER, _PATTERN, _MASK = (
    f"{SVG}{name}" for name in ("use", "svg", "symbol", "marker", "pattern", "mask")
)
_CLIP, _FILTER, _IMAGE, _STOP, _FE_IMAGE, _TREF = (
    f"{SVG}{name}" for name in ("clipPath", "filter", "image", "stop", "feImage", "tref")
)
_SPANS = frozenset(f"{SVG}{name}" for name in ("text", "tspan", "a"))
_VIEWPORTS = frozenset({_SVG, _SYMBOL, _MARKER, _PATTERN, _MASK, _CLIP})
"""Elements whose coordinates depend on more than their style and ``transform``."""
_BOX_UNITS = "objectBoundingBox"

_GATE_ELEMENT = 14_000.0
"""Nanoseconds of the gate for an element and what it has."""
_GATE_BYTE = 150.0
_OPEN_ELEMENT = 7_000.0
"""Nanoseconds of parsing an element and of what it inherits."""
_OPEN_BYTE = 110.0
"""Nanoseconds of each byte of markup; most of it are attributes and path data."""
_ELEMENT_BYTES = 1_700.0
_BYTE_BYTES = 9.0
_EMBEDDED_BYTE = 10.0
_OPEN_BULK = 4.0
_BULK = 2.0
"""Nanoseconds of each byte that an element has a copy of."""
_ELEMENT = 4_000.0
"""Nanoseconds of drawing an element without an outline."""
_REFERENCE = 8_000.0
_MARKED = 12_000.0
_NANOSECOND = 1e-9
_LAYER_SURFACES = 1.0
_FUNCTION_SURFACES = 4.0


class _Estimate:
    """One pass over a tree."""

    def __init__(
        self, root: etree._Element, text: bytes, pictures: Mapping[str, EmbeddedPicture], budget: Budget
    ) -> None:
        self._styles = Styles(root, budget)
        self._length = len(text)
        self._elements = 0
        self._depth = 0
        self._bulk = 0.0
        self._pictures = pictures
        self._outlines = Outlines()
        self._scopes: dict[str, Scope] = {"": Scope()}
        self._filters: dict[str, FilterWork] = {}
        self._texts = Texts(text, self._styles.fonts_of_rules)
        self._decoded: set[str] = set()
        self._embedded = 0
        self._states: dict[tuple[object, ...], tuple[shapes.DrawingState, Style | None, shapes.DrawingState]] = {}
        self._size = size_of(root)
        box = view_box(root.get("viewBox", ""))
        sides = box or (float(self._size[0]), float(self._size[1]))
        scale = max(self._size[0] / sides[0], self._size[1] / sides[1])
        self._symbols = {element.get("id") for element in root.iter(_SYMBOL) if view_box(element.get("viewBox", ""))}
        in_place = next(root.iter(_USE, _FE_IMAGE), None) is None
        visible = float(max(self._size)) if in_place else math.inf
        self._walk(root, shapes.DrawingState(scale, max(sides), visible))

    def _walk(self, root: etree._Element, state: shapes.DrawingState) -> None:
        # An element, the scope it is drawn in, what its descendants inherit, and its depth.
        stack = [(root, self._scopes[""], state, 1)]
        while stack:
            element, parent, state, depth = stack.pop()
            self._elements += 1
            self._depth = max(self._depth, depth)
            tag = str(element.tag)
            scope, state = self._scope_of(element, tag, parent, state)
            state = self._state_of(element, tag, scope, state, root)
            scope.sum.elements += 1
            scope.sum.fixed += _ELEMENT + _BULK * state.bulk
            self._bulk += state.bulk
            self._count(element, tag, scope, state)
            stack.extend((child, scope, state, depth + 1) for child in element)

    def _scope_of(
        self, element: etree._Element, tag: str, parent: Scope, state: shapes.DrawingState
    ) -> tuple[Scope, shapes.DrawingState]:
        identity = element.get("id")
        never = tag in _NEVER_DRAWN
        if identity and identity not in self._scopes:
            scope = self._scopes[identity] = Scope(gradient=tag in _GRADIENTS)
            if not never:
                parent.refer(identity, 1, state.scale, state.surfaces)
            visible = state.visible / state.scale if 0 < state.scale < math.inf and not never else math.inf
            return scope, replace(state, scale=1.0, visible=visible, surfaces=0.0)
        if never:
            return Scope(), replace(state, visible=math.inf)
        return parent, state

    def _state_of(
        self, element: etree._Element, tag: str, scope: Scope, state: shapes.DrawingState, root: etree._Element
    ) -> shapes.DrawingState:
        """Return what the element's descendants inherit, and count what it refers to by its properties."""
        key = (id(state), self._styles.key_of(element, tag), element.get("transform"))
        known = self._states.get(key)
        if known is None or tag in _VIEWPORTS:
            style = self._styles.of(element)
            # The state before is referred to, so that nothing else gets its identity.
            known = (self._new_state(element, tag, scope, state, style, root), style, state)
            self._states[key] = known
        state, style, _ = known
        return state if style is None else self._add_groups(element, tag, scope, style, state)

    def _new_state(
        self,
        element: etree._Element,
        tag: str,
        scope: Scope,
        state: shapes.DrawingState,
        style: Style | None,
        root: etree._Element,
    ) -> shapes.DrawingState:
        scale, viewport = state.scale, state.viewport
        transform = element.get("transform")
        if transform:
            scale *= scale_of(transform)
        if style is not None and style.moved:
            scale = math.inf
        if tag == _SVG and element is not root:
            factor, viewport = transforms.viewport_scale(element)
            scale *= factor
        elif tag in (_SYMBOL, _MARKER):
            factor, viewport = transforms.symbol_scale(element)
            scale *= factor if tag == _SYMBOL else transforms.marker_scale(element)
        elif tag in (_PATTERN, _MASK, _CLIP):
            scale = self._units(element, tag, scope, scale)
        if math.isnan(scale):
            scale = math.inf
        if style is None:
            if scale == state.scale and viewport == state.viewport and state.own is None:
                return state
            return replace(state, scale=scale, viewport=viewport, own=None)
        if style.inherits and state.own is not None:
            style.merge(replace(state.own, paints=(), markers=(), font={}, bulk=0.0))
        return replace(
            state,
            scale=scale,
            viewport=viewport,
            paints=style.paints or state.paints,
            markers=style.markers or state.markers,
            filled=state.filled if style.filled is None else style.filled,
            stroked=state.stroked if style.stroked is None else style.stroked,
            stroke=state.stroke if style.stroke is None else style.stroke,
            dash=state.dash if style.dash is None else style.dash,
            font=style.inherited_font(state.font) if style.font else state.font,
            families=style.families or state.families,
            font_size=state.font_size if style.font_size is None else style.font_size,
            bulk=state.bulk + style.bulk,
            own=style,
        )

    def _add_groups(
        self, element: etree._Element, tag: str, scope: Scope, style: Style, state: shapes.DrawingState
    ) -> shapes.DrawingState:
        """Count what is drawn as a group of its own: filters, masks, opacity and blending."""
        surfaces = state.surfaces
        if style.filters:
            area = self._box(element, tag)
            for name in style.filters:
                scope.filters.setdefault(name, []).append((area, state.scale, surfaces))
        for name in style.masks:
            scope.refer_mask(name, state.scale, surfaces + _LAYER_SURFACES)
        for name in style.clips:
            scope.refer_clip(name, state.scale, surfaces)
        layer = style.layer + style.functions
        scope.sum.layers += layer
        if style.filters or style.masks or layer:
            surfaces += _LAYER_SURFACES
        peak = surfaces + (_FUNCTION_SURFACES if style.functions else 0.0)
        scope.peak = max(scope.peak, peak)
        return replace(state, surfaces=surfaces) if surfaces != state.surfaces else state

    def _box(self, element: etree._Element, tag: str) -> float:
        if tag in shapes.SHAPES:
            outline = shapes.outline_of(element, tag, self._outlines)
            return outline.width * outline.height
        if tag == _IMAGE:
            sides = [length(element.get(name, "")) for name in ("width", "height")]
            return math.inf if None in sides else math.prod(side or 0.0 for side in sides)
        return math.inf

    @staticmethod
    def _units(element: etree._Element, tag: str, scope: Scope, scale: float) -> float:
        """Return the scale of what is inside of a pattern, mask or clip path."""
        if tag == _CLIP:
            scope.box_clip = element.get("clipPathUnits") == _BOX_UNITS
            return math.inf if scope.box_clip else scale
        if tag == _MASK:
            return math.inf if element.get("maskContentUnits") == _BOX_UNITS else scale
        scale *= scale_of(element.get("patternTransform", ""))
        sides = [element.get(name, "") for name in ("width", "height")]
        if element.get("patternUnits") == "userSpaceOnUse":
            lengths = [length(side) for side in sides]
            scope.tile = math.inf if None in lengths else math.prod(side or 0.0 for side in lengths) * scale * scale
        else:
            scope.tile_share = math.prod(transforms.share(side) for side in sides)
        inherits = element.get(HREF) or element.get(XLINK_HREF)
        boxes = element.get("patternContentUnits") == _BOX_UNITS or element.get("viewBox")
        return math.inf if boxes or inherits else scale

    def _count(self, element: etree._Element, tag: str, scope: Scope, state: shapes.DrawingState) -> None:
        """Count what one element draws by itself."""
        if tag in shapes.SHAPES:
            self._count_shape(element, tag, scope, state)
        elif tag in (_USE, _PATTERN, _FE_IMAGE, _TREF):
            self._count_reference(element, tag, scope, state)
        elif tag == _IMAGE:
            self._count_image(element, scope, state)
        elif tag in _SPANS:
            self._texts.add(element, scope, state)
        elif tag == _FILTER:
            self._filters.setdefault(element.get("id", ""), FilterWork(element))
        elif tag in _GRADIENTS:
            scope.template = reference_of(element)[1:]
        elif tag == _STOP:
            scope.stops += 1
            scope.sum.elements -= 1

    def _count_shape(self, element: etree._Element, tag: str, scope: Scope, state: shapes.DrawingState) -> None:
        times = 1.0
        if state.visible < math.inf and not state.markers:  # nothing draws it again
            times = self._outlines.sample(element.get("d") or element.get("points") or "")
        if not times:
            return
        outline = shapes.outline_of(element, tag, self._outlines)
        shapes.add_shape(scope, outline, state, times)
        if state.markers:
            self._count_markers(scope, outline, state)

    def _count_markers(self, scope: Scope, outline: Outline, state: shapes.DrawingState) -> None:
        for name in state.markers:
            scope.sum.fixed += _MARKED * outline.vertices
            scope.refer(name, outline.vertices, state.scale * max(1.0, state.stroke), state.surfaces)

    def _count_reference(self, element: etree._Element, tag: str, scope: Scope, state: shapes.DrawingState) -> None:
        scope.sum.fixed += _REFERENCE
        target = reference_of(element)
        if target.startswith("#"):
            scale = state.scale if tag == _USE else math.inf
            if tag == _USE:
                sides = [length(element.get(name, "")) for name in ("width", "height")]
                size = state.viewport if None in sides else max(side or 0.0 for side in sides)
                if target[1:] in self._symbols:
                    scale *= size
            scope.refer(target[1:], 1, scale, state.surfaces)
        elif target in self._pictures:
            self._count_image(element, scope, replace(state, scale=math.inf))

    def _count_image(self, element: etree._Element, scope: Scope, state: shapes.DrawingState) -> None:
        target = reference_of(element)
        picture = self._pictures.get(target)
        if picture is None:
            return
        self._decoded.add(target)
        self._embedded += len(target)
        sides = [length(element.get(name, "")) for name in ("width", "height")]
        if None in sides and not math.isfinite(state.viewport):
            sides = [picture.width, picture.height]
        width, height = (state.viewport if side is None else side for side in sides)
        fixed, cost = picture.draw_cost(width, height)
        scope.sum.fixed += fixed
        scope.sum.memory = max(scope.sum.memory, picture.draw_memory(width, height))
        shapes.add_area(scope, width * height, cost, state)

    def result(self, root: etree._Element) -> DrawingWork:
        """Return the work of all of it. Raises LimitError."""
        total, peak = WorkTotals(self._scopes, self._filters, self._size[0] * self._size[1]).of("")
        population = Population(root) if self._styles.rules else None
        matching = matching_cost(self._styles.rules, population, self._depth) if population else 0.0
        pictures = [self._pictures[uri] for uri in self._decoded]
        font_cost, font_memory = self._texts.fonts()
        text = self._length - self._embedded
        return DrawingWork(
            width=self._size[0],
            height=self._size[1],
            gate_cpu=_NANOSECOND * (_GATE_ELEMENT * self._elements + _GATE_BYTE * text),
            open_cpu=_NANOSECOND
            * (
                _OPEN_ELEMENT * self._elements
                + _OPEN_BYTE * text
                + _EMBEDDED_BYTE * self._embedded
                + _OPEN_BULK * self._bulk
                + matching
            ),
            open_memory=int(_ELEMENT_BYTES * self._elements + _BYTE_BYTES * text + 2 * self._embedded + self._bulk),
            fixed=total.fixed,
            length=total.length,
            length_cap=total.length_cap,
            length_sure=total.length_sure,
            area=total.area,
            area_cap=total.area_cap,
            area_sure=total.area_sure,
            layers=total.layers,
            windows=tuple(total.windows.items()),
            surfaces=peak,
            tiles=total.tiles,
            once=sum(picture.decode_cost for picture in pictures) + font_cost,
            memory=total.memory + sum(picture.memory for picture in pictures) + font_memory,
        )


def estimate(root: etree._Element, text: bytes, pictures: Mapping[str, EmbeddedPicture], budget: Budget) -> DrawingWork:
    """Return the work of drawing a tree with that ``text``.

    ``pictures``: the pictures inside of it, by their data URIs.

    Raises LimitError where its references draw too many elements, and BrokenImageError for what would end librsvg.
    """
    return _Estimate(root, text, pictures, budget).result(root)
