"""A spectrogram: how loud each frequency is over time, as a picture. Time goes to the right, frequency up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from mememime_proxy.av.sound.drawing.palette_png import encode_palette_png
from mememime_proxy.av.sound.frames import Samples

_Array = np.ndarray[Any, np.dtype[np.float64]]

FLOOR: Final = -100.0
"""dB below full scale that are black."""
_LEAST_SIZE: Final = 1024
_MOST_SIZE: Final = 8192
"""Samples of a transform."""
_WINDOWS: Final = 8
"""Transforms for each column before two of them are joined."""
_MOST_COLUMNS: Final = 4
"""Columns that are held, as a multiple of the width."""
_COLORS: Final = (
    *((0.0, (0, 0, 4)), (0.2, (40, 11, 84)), (0.4, (101, 21, 110)), (0.6, (187, 55, 84)), (0.75, (237, 105, 37))),
    *((0.9, (252, 195, 65)), (1.0, (252, 255, 210))),
)
"""Colours by loudness, from silence to full scale: they grow lighter evenly, and are told apart without hue."""


def draw_spectrogram(blocks: Iterator[Samples], width: int, height: int) -> bytes:
    """Return the picture of the first channel as a PNG: 0 Hz at the bottom, half of the sample rate at the top.

    A sine at full scale is 0 dB. Memory does not grow with the length of the sound.
    """
    size = min(_MOST_SIZE, max(_LEAST_SIZE, 1 << (2 * height - 1).bit_length()))
    columns = _columns(blocks, size, width)
    power = _resample(columns, width)
    decibels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))
    rows = _rows(decibels, height)
    pixels = np.rint(np.clip(1 - rows / FLOOR, 0, 1) * 255).astype(np.uint8)
    return encode_palette_png(pixels[::-1], _palette(), None)


def _columns(blocks: Iterator[Samples], size: int, width: int) -> _Array:
    """Return mean powers by column and frequency; at most ``_MOST_COLUMNS`` times the width."""
    window = np.hanning(size)
    scale = (2 / window.sum()) ** 2
    sums: list[_Array] = []
    counts: list[int] = []
    span, hop = size // 2, size // 2
    rest = np.zeros(0, np.float32)
    begin = taken = skip = 0
    for block in blocks:
        rest = np.concatenate((rest, block[0, skip:]))
        skip = max(0, skip - block.shape[1])
        while len(rest) >= size:
            power = np.abs(np.fft.rfft(rest[:size] * window)) ** 2 * scale
            column = (begin + size // 2) // span
            while len(sums) <= column:
                sums.append(np.zeros(size // 2 + 1))
                counts.append(0)
            sums[column] += power
            counts[column] += 1
            taken += 1
            skip = max(0, hop - len(rest))
            rest, begin = rest[hop:], begin + hop
            if len(sums) > _MOST_COLUMNS * width:
                sums = [sum(sums[at : at + 2], np.zeros(size // 2 + 1)) for at in range(0, len(sums), 2)]
                counts = [sum(counts[at : at + 2]) for at in range(0, len(counts), 2)]
                span *= 2
                hop = max(size // 2, span // _WINDOWS)
    if not taken and len(rest):
        padded = np.pad(rest, (0, size - len(rest))) * window
        return np.array([np.abs(np.fft.rfft(padded)) ** 2 * scale])
    if not taken:
        return np.zeros((1, size // 2 + 1))
    totals = np.array(counts)
    # The middle of the first window lies in the second column.
    means: _Array = np.array(sums)[totals > 0] / totals[totals > 0][:, None]
    return means


def _resample(columns: _Array, width: int) -> _Array:
    """Return as many columns as the picture is wide: means of several, or one of them several times."""
    length = len(columns)
    begins = np.arange(width) * length // width
    ends = np.maximum(begins + 1, (np.arange(width) + 1) * length // width)
    sums = np.concatenate((np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)))
    means: _Array = np.maximum(0, (sums[ends] - sums[begins]) / (ends - begins)[:, None])
    return means


def _rows(columns: _Array, height: int) -> _Array:
    """Return the highest level of the frequencies of each row."""
    length = columns.shape[1]
    begins = np.arange(height) * length // height
    rows: _Array = np.maximum.reduceat(columns, begins, axis=1).T
    return rows


def _palette() -> _Array:
    places = np.linspace(0, 1, 256)
    anchors = [place for place, _ in _COLORS]
    channels = [np.interp(places, anchors, [color[channel] for _, color in _COLORS]) for channel in range(3)]
    colors: _Array = np.rint(np.stack(channels, axis=1))
    return colors
