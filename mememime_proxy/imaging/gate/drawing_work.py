"""The work of a drawing as functions of the size that it is rendered at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mememime_proxy.errors import LimitError

MAX_CPU = 2.0
"""Seconds that all of a drawing may take, the gate among them, and as much for each further mebibyte of its text."""
MAX_MEMORY = 256 << 20
"""Bytes that it may take beside ``MEMORY_A_PIXEL`` for each pixel of the result, and for each 4 MiB of its text."""
MEMORY_A_PIXEL = 12
OPENED = 2
"""Times that a drawing is parsed by librsvg: for its size, and to be drawn at that of the result."""
_TEXT_OF_CPU = 1 << 20
_TEXT_OF_MEMORY = 4 << 20
_TILE = 2000
"""Pixels of a side of the tiles that libvips has librsvg render, each by drawing the whole document."""
_BASE_CPU = 0.003
_BASE_MEMORY = 6 << 20
"""Bytes of librsvg, pango and fontconfig, once a text is drawn; of cairo's scratch buffers."""
_NANOSECOND = 1e-9
_PIXEL = 4.0
"""Nanoseconds of libvips' own work for each pixel."""
_WINDOW_LIMIT = 10.0
"""Pixels at which librsvg ends the radius of a feMorphology."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingWork:
    """Upper estimates, in the pixels of the drawing's own size (``width``, ``height``), of what drawing it takes.

    Of lengths and areas there are three figures: what is known of them, what they are at most, as multiples of the
    picture, and what is so many pictures whatever is known.
    """

    width: float = 1.0
    height: float = 1.0
    gate_cpu: float = 0.0
    """Seconds that the gate takes."""
    open_cpu: float = 0.0
    """Seconds of parsing and styling, for each time that the drawing is opened."""
    open_memory: int = 0
    """Bytes of its tree while it is open."""
    fixed: float = 0.0
    """Nanoseconds of each pass over the tree, whatever the size."""
    length: float = 0.0
    """Nanoseconds of edges, at the drawing's own size."""
    length_cap: float = 0.0
    length_sure: float = 0.0
    """Nanoseconds of edges for each pixel of the longer side."""
    area: float = 0.0
    """Nanoseconds of painting, at the drawing's own size."""
    area_cap: float = 0.0
    area_sure: float = 0.0
    """Nanoseconds of painting for each pixel of the picture."""
    layers: float = 0.0
    """Nanoseconds of surfaces of the size of the picture, for each of its pixels and each pass."""
    windows: tuple[tuple[float, float], ...] = ()
    """Radii of feMorphology in pixels, and the nanoseconds for each cell of its window and each pixel."""
    surfaces: float = 0.0
    """Surfaces of the size of the picture that there are at the same time."""
    tiles: float = 0.0
    """Pixels of the tiles of patterns that there are at the same time, at the drawing's own size."""
    once: float = 0.0
    """Nanoseconds of the first pass: decoding of pictures, fonts."""
    memory: float = 0.0
    """Bytes that drawing takes whatever the size: decoded pictures, drawings inside of it, edges."""

    def render_cpu(self, width: float, height: float) -> float:
        """Return the seconds that rendering all of it takes, once it is open."""
        pixels = width * height
        scale = math.sqrt(pixels / max(1.0, self.width * self.height))
        passes = _passes(width, height)
        side = max(width, height)
        nanoseconds = (
            self.once
            + passes * (self.fixed + self.layers * pixels)
            + min(self.length * scale, self.length_cap * side)
            + self.length_sure * side
            + min(self.area * scale * scale, self.area_cap * pixels)
            + (self.area_sure + _PIXEL) * pixels
        )
        for radius, weight in self.windows:
            nanoseconds += passes * weight * pixels * _cells(radius * scale)
        return _BASE_CPU + nanoseconds * _NANOSECOND

    def render_memory(self, width: float, height: float) -> int:
        """Return the bytes that rendering all of it takes, on top of ``open_memory``."""
        pixels = width * height
        cached = width * min(height, 2 * _TILE)
        scale = pixels / max(1.0, self.width * self.height)
        return _BASE_MEMORY + int(self.memory + 4 * (cached + self.surfaces * pixels + self.tiles * scale))

    def check(self, width: float, height: float, size: int) -> None:
        """Raise LimitError for a drawing of ``size`` bytes that takes too much at that size in pixels."""
        seconds = self.gate_cpu + OPENED * self.open_cpu + self.render_cpu(width, height)
        limit = MAX_CPU * max(1.0, size / _TEXT_OF_CPU)
        if seconds > limit:
            raise LimitError(f"SVG of about {seconds:.1f} seconds at {width:.0f}×{height:.0f}; {limit:.1f} are allowed")
        memory = self.open_memory + self.render_memory(width, height)
        allowed = MAX_MEMORY * max(1.0, size / _TEXT_OF_MEMORY) + MEMORY_A_PIXEL * width * height
        if memory > allowed:
            raise LimitError(f"SVG of about {memory >> 20} MiB at {width:.0f}×{height:.0f}")


def _passes(width: float, height: float) -> int:
    return math.ceil(max(1.0, width) / _TILE) * math.ceil(max(1.0, height) / _TILE)


def _cells(radius: float) -> float:
    side = 2 * math.ceil(min(_WINDOW_LIMIT, radius)) + 1
    return side * side
