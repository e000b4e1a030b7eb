"""Sums of work over the parts of a drawing that refer to each other, each added once for each time that it is drawn.

A scope is what belongs to one element with an id, down to the next elements that have one. Its lengths and areas are in
units of its own, and references to it say how many times as large they are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.svg_cost.filters import FilterWork

MAX_DRAWN = 300_000
"""Elements with every reference followed; librsvg draws 100,000 ``use`` elements in a third of a second."""
_MAX_WINDOWS = 16
_SOLID = 1.2
_GRADIENT = 24.0
_STOP = 0.16
"""Nanoseconds of each stop for each pixel, where neighbouring pixels are far apart in the gradient."""
_PATTERN = 1800.0
"""Nanoseconds a pixel of a pattern that is not drawn at whole pixels: cairo's best filter, taken for small tiles."""
_COLOR_STOPS = 0.85
"""Nanoseconds of setting up a gradient for the square of its stops: cairo inserts each where it belongs."""
_LINK = 3_000.0
"""Nanoseconds of each gradient that another one has its attributes from, for each use."""
_LINK_STOP = 15.0
_MASK = 30.0
_MASK_SURFACES = 3
_CLIP_LAYER = 1.8
_FINE_BYTES = 8.0


@dataclass(slots=True)
class Sum:
    """Work in the units of one scope; see ``DrawingWork``, whose fields these become."""

    elements: float = 0.0
    fixed: float = 0.0
    once: float = 0.0
    length: float = 0.0
    length_cap: float = 0.0
    length_sure: float = 0.0
    area: float = 0.0
    area_cap: float = 0.0
    area_sure: float = 0.0
    layers: float = 0.0
    windows: dict[float, float] = field(default_factory=dict)
    surfaces: float = 0.0
    tiles: float = 0.0
    memory: float = 0.0

    def add_window(self, radius: float, weight: float) -> None:
        """Add a window, at a radius that is rounded up so that there are few of them."""
        if radius > 0:
            radius = _rounded(radius)
            if len(self.windows) >= _MAX_WINDOWS and radius not in self.windows:
                radius = max(radius, *self.windows)
            self.windows[radius] = self.windows.get(radius, 0.0) + weight

    def add(self, other: Sum, times: float, length: float, area: float) -> None:
        """Add ``other``, so many times, with the sums of the factors that its lengths and areas have."""
        self.elements += times * other.elements
        self.fixed += times * other.fixed
        self.once = max(self.once, other.once)
        self.layers += times * other.layers
        self.length_sure += times * other.length_sure
        self.area_sure += times * other.area_sure
        if math.isfinite(area):
            self.length += length * other.length
            self.length_cap += times * other.length_cap
            self.area += area * other.area
            self.area_cap += times * other.area_cap
        else:
            self.length_sure += times * other.length_cap
            self.area_sure += times * other.area_cap
        factor = math.sqrt(area / times) if times else 0.0
        for radius, weight in other.windows.items():
            self.add_window(radius * factor, times * weight)


def _rounded(radius: float) -> float:
    return 2.0 ** (math.ceil(math.log2(max(radius, 1e-6)) * 2) / 2) if math.isfinite(radius) else radius


@dataclass(slots=True)
class Reference:
    """What refers to one target: how often, the sums of the factors of lengths and areas, and the surfaces above."""

    times: float = 0.0
    length: float = 0.0
    area: float = 0.0
    surfaces: float = 0.0

    def add(self, times: float, scale: float, surfaces: float) -> None:
        """Add ``times`` references whose units are ``scale`` of the target's."""
        self.times += times
        self.length += times * scale
        self.area += times * scale * scale
        self.surfaces = max(self.surfaces, surfaces)


@dataclass(slots=True)
class Paint:
    """Areas that are painted by one gradient or pattern, in square units; the same where they are unknown."""

    area: float = 0.0
    area_cap: float = 0.0
    boxes: float = 0.0
    """Largest box that is painted."""


@dataclass(slots=True)
class Scope:
    """The elements from one that has an id down to the next ones that have one."""

    sum: Sum = field(default_factory=Sum)
    peak: float = 0.0
    """Surfaces at the same time, those of what it refers to not among them."""
    references: dict[str, Reference] = field(default_factory=dict)
    paints: dict[str, Paint] = field(default_factory=dict)
    masks: dict[str, Reference] = field(default_factory=dict)
    clips: dict[str, Reference] = field(default_factory=dict)
    filters: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    """Uses of filters: the area of what is filtered, the scale, and the surfaces above."""
    gradient: bool = False
    stops: int = 0
    template: str = ""
    """Name of the gradient that this one has its stops from, where it has none."""
    tile: float = 0.0
    """Square units of a pattern's tile; 0 = a share of the box."""
    tile_share: float = 0.0
    box_clip: bool = False

    def refer(self, name: str, times: float, scale: float, surfaces: float) -> None:
        """Add references to a name."""
        _reference(self.references, name).add(times, scale, surfaces)

    def refer_mask(self, name: str, scale: float, surfaces: float) -> None:
        """Add a mask."""
        _reference(self.masks, name).add(1, scale, surfaces)

    def refer_clip(self, name: str, scale: float, surfaces: float) -> None:
        """Add a clip path."""
        _reference(self.clips, name).add(1, scale, surfaces)

    def paint(self, name: str, area: float, cap: float, box: float, scale: float, surfaces: float) -> None:
        """Add an area that a name is the paint of."""
        paint = self.paints.get(name)
        if paint is None:
            paint = self.paints[name] = Paint()
        if math.isfinite(area):
            paint.area += area
            paint.area_cap += cap
        else:
            self.sum.area_sure += cap * _GRADIENT
            paint.area_cap += cap
            paint.area = math.inf
        paint.boxes = max(paint.boxes, box)
        self.refer(name, 1, scale, surfaces)

    def targets(self) -> set[str]:
        """Return all names that it refers to."""
        return {*self.references, *self.masks, *self.clips}


def _reference(table: dict[str, Reference], name: str) -> Reference:
    reference = table.get(name)
    if reference is None:
        reference = table[name] = Reference()
    return reference


class WorkTotals:
    """Work of the scopes of one drawing, with all that they refer to. ``pixels``: of the picture."""

    def __init__(self, scopes: Mapping[str, Scope], filters: Mapping[str, FilterWork], pixels: float) -> None:
        self._pixels = pixels
        self._gradients: dict[int, tuple[int, int]] = {}
        self._scopes = scopes
        self._filters = filters
        self._totals: dict[str, tuple[Sum, float]] = {}

    def of(self, root: str) -> tuple[Sum, float]:
        """Return the work of a scope and its surfaces, deepest first, without recursion. Raises LimitError."""
        entered: set[str] = set()
        stack = [root]
        while stack:
            name = stack[-1]
            scope = self._scopes[name]
            if name not in entered:
                entered.add(name)
                stack.extend(target for target in scope.targets() if target in self._scopes and target not in entered)
                continue
            stack.pop()
            if name not in self._totals:
                self._totals[name] = self._total(scope)
        return self._totals[root]

    def _total(self, scope: Scope) -> tuple[Sum, float]:
        total, peak = scope.sum, scope.peak
        for name, uses in scope.filters.items():
            work = self._filters.get(name)
            if work is not None:
                for box, scale, surfaces in uses:
                    self._add_filter(total, work, box, scale)
                    peak = max(peak, surfaces + work.surfaces)
        for table, layer, surfaces in (
            (scope.references, 0.0, 0),
            (scope.masks, _MASK, _MASK_SURFACES),
            (scope.clips, 0.0, 0),
        ):
            for name, reference in table.items():
                found, target = self._totals.get(name), self._scopes.get(name)
                if found is None or target is None:  # librsvg ignores circular references
                    continue
                more = float(surfaces)
                if name in scope.paints:
                    more += self._add_paint(total, scope.paints[name], target, reference)
                if target.gradient:
                    continue
                total.add(found[0], reference.times, reference.length, reference.area)
                total.layers += (_CLIP_LAYER if target.box_clip else layer) * reference.times
                total.memory = max(total.memory, found[0].memory)
                total.tiles = max(total.tiles, found[0].tiles * min(reference.area, 1e12))
                peak = max(peak, reference.surfaces + more + found[1] + target.box_clip)
        if total.elements > MAX_DRAWN:
            raise LimitError(f"SVG that draws more than {MAX_DRAWN} elements")
        return total, peak

    def _gradient(self, target: Scope) -> tuple[int, int]:
        """Return the stops of a gradient, and the gradients between it and the last one that it refers to."""
        found = self._gradients.get(id(target))
        if found is not None:
            return found
        chain = [target]
        seen = {id(target)}
        following = self._scopes.get(target.template)
        while following is not None and id(following) not in seen and id(following) not in self._gradients:
            chain.append(following)
            seen.add(id(following))
            following = self._scopes.get(following.template)
        stops, links = self._gradients.get(id(following), (0, 0))
        for scope in reversed(chain):
            stops, links = scope.stops or stops, links + 1
            self._gradients[id(scope)] = (stops, links)
        return stops, links

    def _add_filter(self, total: Sum, work: FilterWork, box: float, scale: float) -> None:
        total.layers += work.layers
        region = work.region(box) * scale * scale
        if math.isfinite(region):
            total.area += work.weight * region
            total.area_cap += work.weight
        else:
            total.area_sure += work.weight
        for radius, weight in work.windows:
            total.add_window(radius * scale, weight)
        if math.isfinite(work.resolution):
            # A surface that is as fine as the units of the kernel, whatever the size of the result.
            fine = self._pixels / min(1.0, work.resolution * min(scale, 1e6)) ** 2
            total.fixed += work.weight * fine
            total.memory = max(total.memory, _FINE_BYTES * fine)

    def _add_paint(self, total: Sum, paint: Paint, target: Scope, reference: Reference) -> float:
        """Add what is painted by a gradient or pattern. Return the surfaces of the size of the picture for that."""
        surfaces = 0.0
        if target.gradient:
            stops, links = self._gradient(target)
            weight = _GRADIENT + _STOP * stops
            total.fixed += reference.times * (_COLOR_STOPS * stops * stops + 60 * stops)
            total.fixed += reference.times * links * (_LINK + _LINK_STOP * stops)
        else:
            weight = _PATTERN
            tile = target.tile or target.tile_share * paint.boxes
            if math.isfinite(tile):
                total.tiles = max(total.tiles, tile)
            else:
                surfaces = 1.0
        if math.isfinite(paint.area):
            total.area += weight * paint.area
            total.area_cap += weight * paint.area_cap
        else:
            total.area_sure += weight * paint.area_cap
        return surfaces
