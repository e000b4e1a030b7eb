"""Estimate of the work that drawing takes: elements with references followed, filters and masks by their areas, text.

A few bytes of nested ``use`` elements are exponential work, and a filter or a mask costs librsvg a picture of the size
of the whole result, however small its element is. The figures were measured with librsvg 2.62.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.svg import areas
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.css_references import DrawnReferences
from mememime_proxy.imaging.gate.svg.document import HREF, SVG, XLINK_HREF

MAX_DRAWN = 300_000
"""Elements with every reference followed; librsvg draws 100,000 ``use`` elements in a third of a second."""
MAX_TEXT = 400_000_000
"""Sum of the squares of the lengths of all texts: one of 12,000 characters takes three seconds, of 24,000 18."""
_MARKER = 20
"""Elements that a marker is as much work as."""

_DRAWN_REFERENCES = frozenset(f"{SVG}{name}" for name in ("use", "feImage", "pattern", "image", "tref"))
_NEVER_DRAWN = frozenset(
    f"{SVG}{name}" for name in ("clipPath", "defs", "filter", "marker", "mask", "pattern", "symbol", "metadata")
)
"""Elements that are drawn only where something refers to them."""
_FREE = frozenset(f"{SVG}{name}" for name in ("linearGradient", "radialGradient"))
_WORDS = b"<use :use <text :text filter mask pattern marker blend clip-path image/svg"
_WORDS_OF_WORK = tuple(_WORDS.split())
"""Without one of these each element is drawn at most once, and none takes more than its own pixels."""
_TEXT = f"{SVG}text"
_FILTER = f"{SVG}filter"
_MASK = f"{SVG}mask"
_NUMBER = re.compile(r"[\d.]+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Cost:
    """Work of a drawing. ``per_pixel``: nanoseconds for each pixel of the result, of filters, masks and blending."""

    elements: int = 0
    per_pixel: float = 0.0


@dataclass(slots=True)
class _Scope:
    """The elements from one that has an id down to the next ones that have one."""

    elements: int = 1
    per_pixel: float = 0.0
    references: Tally[str] = field(default_factory=Tally)
    filters: list[tuple[str, float | None, float | None]] = field(default_factory=list)
    """Filters with the share of the picture that their elements take, and the scale of those; None = unknown."""
    free: bool = False


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What an element has from its ancestors. ``scale``: pixels for each square unit, None where unknown."""

    paints: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    scale: float | None = None


class _Estimate:
    """One pass over a tree."""

    def __init__(self, root: etree._Element, pictures: Mapping[str, Cost], budget: Budget) -> None:
        self._references = DrawnReferences(root, budget)
        self._pictures = pictures
        self._canvas = areas.canvas(root)
        self._scopes: dict[str, _Scope] = {"": _Scope()}
        self._filters: dict[str, areas.FilterWork] = {}
        self._text = 0
        self._walk(root)

    def _walk(self, root: etree._Element) -> None:
        # An element, the scope it is drawn in, and what its descendants inherit.
        stack = [(root, self._scopes[""], _Inherited(scale=self._canvas.scale))]
        while stack:
            element, parent, inherited = stack.pop()
            tag = str(element.tag)
            scope = self._scope_of(element, tag, parent)
            inherited = self._count_properties(element, tag, scope, inherited)
            if tag in _DRAWN_REFERENCES:
                self._count_reference(element, scope)
            elif tag == _TEXT:
                self._count_text(element)
            elif tag == _MASK:
                scope.per_pixel += areas.MASK
            elif tag == _FILTER:
                self._filters.setdefault(element.get("id", ""), areas.FilterWork(element, self._canvas))
            stack.extend((child, scope, inherited) for child in element)

    def _scope_of(self, element: etree._Element, tag: str, parent: _Scope) -> _Scope:
        identity = element.get("id")
        if identity and identity not in self._scopes:
            scope = self._scopes[identity] = _Scope(free=tag in _FREE)
            if tag not in _NEVER_DRAWN:
                parent.references[identity] += 1
            return scope
        if tag in _NEVER_DRAWN:
            return _Scope()
        parent.elements += 1
        return parent

    def _count_properties(self, element: etree._Element, tag: str, scope: _Scope, inherited: _Inherited) -> _Inherited:
        """Count what an element refers to by its properties. Return what its descendants inherit."""
        scale = areas.scale_of(element, tag, inherited.scale)
        found = self._references.of(element)
        if found is not None:
            scope.references.update(found.others)
            scope.per_pixel += areas.BLEND if found.blends else 0.0
            scope.filters += [(name, *self._canvas.share(element, tag, scale)) for name in found.filters]
        if found is not None or scale != inherited.scale:
            paints, markers = (found.paints, found.markers) if found else ((), ())
            inherited = _Inherited(paints or inherited.paints, markers or inherited.markers, scale)
        if tag in areas.SHAPES:
            scope.references.update(inherited.paints)
            if inherited.markers:
                self._count_markers(element, scope, inherited.markers)
        return inherited

    def _count_reference(self, element: etree._Element, scope: _Scope) -> None:
        target = (element.get(HREF) or element.get(XLINK_HREF) or "").strip()
        if target.startswith("#"):
            scope.references[target[1:]] += 1
        elif target in self._pictures:
            cost = self._pictures[target]
            scope.elements += cost.elements
            scope.per_pixel += cost.per_pixel

    def _count_markers(self, element: etree._Element, scope: _Scope, markers: tuple[str, ...]) -> None:
        points = element.get("d") or element.get("points") or ""
        vertices = 2 + len(_NUMBER.findall(points)) // 2
        scope.elements += _MARKER * vertices * len(markers)
        for name in markers:
            scope.references[name] += vertices

    def _count_text(self, element: etree._Element) -> None:
        # Each run of text is laid out by itself; white space is collapsed.
        self._text += sum(len(" ".join(str(text).split())) ** 2 for text in element.itertext())
        if self._text > MAX_TEXT:
            raise LimitError("SVG with a text that is too long to be laid out")

    def total(self) -> Cost:
        """Return the work of the root with its references, deepest first, without recursion. Raises LimitError."""
        totals: dict[str, Cost] = {}
        entered: set[str] = set()
        stack = [""]
        while stack:
            name = stack[-1]
            scope = self._scopes[name]
            if name not in entered:
                entered.add(name)
                stack.extend(
                    reference
                    for reference in scope.references
                    if reference in self._scopes and reference not in entered
                )
                continue
            stack.pop()
            if name not in totals:
                totals[name] = self._total(scope, totals)
        return totals[""]

    def _total(self, scope: _Scope, totals: dict[str, Cost]) -> Cost:
        elements, per_pixel = scope.elements, scope.per_pixel
        for name, share, scale in scope.filters:
            if name in self._filters:
                per_pixel += self._filters[name].cost(share, scale)
        for reference, times in scope.references.items():
            # librsvg ignores circular references.
            cost = totals.get(reference)
            if cost is not None:
                elements += times * cost.elements
                per_pixel += times * cost.per_pixel
        if elements > MAX_DRAWN:
            raise LimitError(f"SVG that draws more than {MAX_DRAWN} elements")
        return Cost(0 if scope.free else elements, per_pixel)


def estimate(root: etree._Element, text: bytes, pictures: Mapping[str, Cost], budget: Budget) -> Cost:
    """Return the work of drawing a tree with that ``text``.

    ``pictures``: the work of the drawings inside of it, by their data URIs.

    Raises LimitError where its references draw too many elements, or a text is too long.
    """
    if not any(word in text for word in _WORDS_OF_WORK):
        return Cost(elements=sum(1 for _ in root.iter(etree.Element)))
    return _Estimate(root, pictures, budget).total()
