"""Pictures of a waveform: PNG and SVG. Channels are below each other."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from mememime_proxy.av.sound.drawing.palette_png import encode_palette_png
from mememime_proxy.av.sound.drawing.waveform import Peaks
from mememime_proxy.plan import Color

COLOR: Final = (59, 130, 246)
"""A blue that is seen on white and on black."""
_THINNEST: Final = 1.0
"""Pixels from the top to the bottom of silence."""
_FULL_SCALE: Final = 32768

_Edges = np.ndarray[Any, np.dtype[np.float64]]


def columns_of(peaks: Peaks, width: int) -> Peaks:
    """Return the peaks of ``width`` columns that show all pixels of a waveform; each column has at least one."""
    length = len(peaks)
    if not length:
        return np.zeros((width, peaks.shape[1], 2), np.int16)
    begins = np.arange(width) * length // width
    ends = np.maximum(begins + 1, (np.arange(width) + 1) * length // width)
    bounds = np.stack((begins, ends), axis=1).ravel()
    padded = np.concatenate((peaks, peaks[-1:]))
    # Of pairs of bounds, each second range lies between two columns.
    lows = np.minimum.reduceat(padded[:, :, 0], bounds)[::2]
    highs = np.maximum.reduceat(padded[:, :, 1], bounds)[::2]
    return np.stack((lows, highs), axis=2)


def draw_png(peaks: Peaks, width: int, height: int, background: Color | None) -> bytes:
    """Return the picture; without a background it is transparent."""
    coverage = np.zeros((height, width))
    rows = np.arange(height)[:, None]
    for top, bottom in _edges(columns_of(peaks, width), height):
        coverage += np.clip(np.minimum(bottom, rows + 1) - np.maximum(top, rows), 0, 1)
    pixels = np.rint(np.minimum(coverage, 1) * 255).astype(np.uint8)
    shares = np.arange(256)[:, None] / 255
    if background is None:
        return encode_palette_png(pixels, np.tile(np.array(COLOR), (256, 1)), np.arange(256))
    colors = np.rint(np.array(COLOR) * shares + np.array(background) * (1 - shares))
    return encode_palette_png(pixels, colors, None)


def draw_svg(peaks: Peaks, width: int, height: int, background: Color | None) -> bytes:
    """Return the drawing: one area a channel. It may be stretched in both directions."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
    ]
    if background is not None:
        parts.append(f'<rect width="{width}" height="{height}" fill="{_hex(background)}"/>')
    for top, bottom in _edges(columns_of(peaks, width), height):
        upper = [f"{x}.5 {y:.1f}" for x, y in enumerate(top)]
        lower = [f"{x}.5 {y:.1f}" for x, y in enumerate(bottom)]
        outline = "L".join((*upper, *reversed(lower)))
        parts.append(f'<path fill="{_hex(COLOR)}" d="M{outline}Z"/>')
    return "".join((*parts, "</svg>\n")).encode()


def _edges(columns: Peaks, height: int) -> list[tuple[_Edges, _Edges]]:
    """Return the top and the bottom of each column, channel by channel, in pixels from the top of the picture."""
    channels = columns.shape[1]
    half = height / channels / 2
    edges = []
    for channel in range(channels):
        middle = (2 * channel + 1) * half
        top = middle - columns[:, channel, 1] / _FULL_SCALE * half
        bottom = middle - columns[:, channel, 0] / _FULL_SCALE * half
        missing = np.maximum(0, _THINNEST - (bottom - top)) / 2
        edges.append((top - missing, bottom + missing))
    return edges


def _hex(color: Color) -> str:
    return "#" + "".join(f"{value:02x}" for value in color)
