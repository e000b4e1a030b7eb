"""Placeholders of a picture until it is loaded (BlurHash, ThumbHash, one colour), and its perceptual hash.

All take a small picture as rows of 8-bit RGBA.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import Final

from blurhash_rs import encode_rgb  # type: ignore[attr-defined]  # which __all__ has

_BLURHASH_COMPONENTS: Final = 4
_MAX: Final = 255
_OPAQUE: Final = 128
_BIN: Final = 5
"""A colour's channels are told apart in steps of 32."""
_BINS: Final = bytes(value >> _BIN for value in range(256))
_SHARES: Final = [1.0 / 255 * value for value in range(256)]
_FINGERPRINT: Final = 8
"""Rows, and comparisons in each."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """``width`` × ``height`` pixels of 8-bit RGBA, row by row."""

    width: int
    height: int
    rgba: bytes

    def rgb(self) -> bytes:
        """Return the picture without transparency, over the mean of its visible pixels, so that edges do not darken."""
        alphas = self.rgba[3::4]
        opaque = bytearray(3 * self.width * self.height)
        if alphas == b"\xff" * len(alphas):
            for channel in range(3):
                opaque[channel::3] = self.rgba[channel::4]
            return bytes(opaque)
        weight = sum(alphas)
        for channel in range(3):
            values = self.rgba[channel::4]
            mean = sum(map(mul, values, alphas)) / weight if weight else 0.0
            opaque[channel::3] = bytes(
                round(mean + (value - mean) * alpha / _MAX) for value, alpha in zip(values, alphas, strict=True)
            )
        return bytes(opaque)


def blurhash(pixels: Pixels, components: tuple[int, int] = (0, 0)) -> str:
    """Return the BlurHash. ``components``: across and down, 1 to 9 each.

    By default there are four along the longer side, and as many as fit along the other.
    """
    x, y = components
    if not x:
        longest = max(pixels.width, pixels.height)
        x, y = (max(1, round(_BLURHASH_COMPONENTS * side / longest)) for side in (pixels.width, pixels.height))
    return str(encode_rgb(pixels.rgb(), pixels.width, pixels.height, x, y))


def dominant_color(pixels: Pixels) -> str:
    """Return the mean of the most frequent kind of colour, ``#rrggbb``; '' for a picture that one cannot see."""
    rgba = pixels.rgba
    colors = list(zip(rgba[0::4], rgba[1::4], rgba[2::4], strict=True))
    alphas = rgba[3::4]
    if min(alphas) < _OPAQUE:
        colors = [color for color, alpha in zip(colors, alphas, strict=True) if alpha >= _OPAQUE]
    if not colors:
        return ""
    bins = list(zip(*(bytes(channel).translate(_BINS) for channel in zip(*colors, strict=True)), strict=True))
    counts = Counter(bins)
    count = max(counts.values())
    candidates = (each for each, size in counts.items() if size == count)
    members = ([color for color, place in zip(colors, bins, strict=True) if place == each] for each in candidates)
    sums = max([sum(channel) for channel in zip(*group, strict=True)] for group in members)
    return "#" + "".join(f"{round(total / count):02x}" for total in sums)


def fingerprint(gray: bytes) -> str:
    """64 bits, in hexadecimal, of 9 × 8 gray pixels: whether each is brighter than the one to its left (dHash)."""
    bits = 0
    for row in range(_FINGERPRINT):
        for column in range(_FINGERPRINT):
            place = row * (_FINGERPRINT + 1) + column
            bits = bits << 1 | (gray[place] < gray[place + 1])
    return f"{bits:016x}"


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel as a sum of cosines."""

    constant: float
    waves: tuple[float, ...]
    scale: float

    @property
    def nibbles(self) -> list[int]:
        """The waves in steps of a sixteenth of their range."""
        return [_half_up(15 * (0.5 + 0.5 / self.scale * wave)) if self.scale else 0 for wave in self.waves]


def _half_up(number: float) -> int:
    """As the format's author rounds, so that hashes are the same to the last bit."""
    return math.floor(number + 0.5)


def thumbhash(pixels: Pixels) -> str:
    """Return the ThumbHash in base64. Sides are 100 at most.

    The format as its author describes it (Evan Wallace, ThumbHash): luminance, yellow-blue, red-green, and alpha where
    there is any, each as the lowest waves of a discrete cosine transform, packed in half bytes.
    """
    width, height = pixels.width, pixels.height
    channels, transparent = _lpqa(pixels)
    waves = 5 if transparent else 7
    longest = max(width, height)
    across, down = (max(1, _half_up(waves * side / longest)) for side in (width, height))
    cosines = (_cosines(width, max(7, across)), _cosines(height, max(7, down)))
    light = _encoded(channels[0], cosines, max(3, across), max(3, down))
    yellow, red = (_encoded(channel, cosines, 3, 3) for channel in channels[1:3])
    landscape = width > height
    head = (
        _half_up(63 * light.constant)
        | _half_up(31.5 + 31.5 * yellow.constant) << 6
        | _half_up(31.5 + 31.5 * red.constant) << 12
        | _half_up(31 * light.scale) << 18
        | transparent << 23
    )
    tail = (
        (down if landscape else across)
        | _half_up(63 * yellow.scale) << 3
        | _half_up(63 * red.scale) << 9
        | landscape << 15
    )
    packed = bytearray((head & 255, head >> 8 & 255, head >> 16, tail & 255, tail >> 8))
    nibbles = [*light.nibbles, *yellow.nibbles, *red.nibbles]
    if transparent:
        alpha = _encoded(channels[3], cosines, 5, 5)
        packed.append(_half_up(15 * alpha.constant) | _half_up(15 * alpha.scale) << 4)
        nibbles += alpha.nibbles
    nibbles += [0] * (len(nibbles) % 2)
    packed += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return base64.b64encode(bytes(packed)).decode()


def _lpqa(pixels: Pixels) -> tuple[list[list[float]], bool]:
    """Luminance, yellow-blue, red-green and alpha of each pixel, on the mean colour; and whether that shows."""
    rgba = pixels.rgba
    if rgba[3::4].strip(b"\xff"):
        return _transparent(rgba), True
    reds, greens, blues = ([_SHARES[value] for value in rgba[channel::4]] for channel in range(3))
    triples = list(zip(reds, greens, blues, strict=True))
    return [
        [(red + green + blue) / 3 for red, green, blue in triples],
        [(red + green) / 2 - blue for red, green, blue in triples],
        [red - green for red, green, _ in triples],
        [],
    ], False


def _transparent(rgba: bytes) -> list[list[float]]:
    alphas = [alpha / 255 for alpha in rgba[3::4]]
    total = sum(alphas)
    means = []
    for channel in range(3):
        weighed = sum(alpha * value for alpha, value in zip(alphas, rgba[channel::4], strict=True))
        means.append(weighed / 255 / total if total else 0.0)
    channels: list[list[float]] = [[], [], [], alphas]
    for red, green, blue, alpha in zip(rgba[0::4], rgba[1::4], rgba[2::4], alphas, strict=True):
        blended = [
            mean * (1 - alpha) + alpha / 255 * value for mean, value in zip(means, (red, green, blue), strict=True)
        ]
        channels[0].append(sum(blended) / 3)
        channels[1].append((blended[0] + blended[1]) / 2 - blended[2])
        channels[2].append(blended[0] - blended[1])
    return channels


@lru_cache(maxsize=128)
def _cosines(side: int, count: int) -> list[list[float]]:
    return [[math.cos(math.pi / side * wave * (place + 0.5)) for place in range(side)] for wave in range(count)]


def _encoded(values: Sequence[float], cosines: tuple[list[list[float]], list[list[float]]], x: int, y: int) -> _Channel:
    """Return the waves of a triangle: fewer across where there are more down."""
    across, down = cosines
    width, height = len(across[0]), len(down[0])
    rows = [values[row * width : (row + 1) * width] for row in range(height)]
    # Row sums first: each serves all waves down.
    sums = [[sum(map(mul, row, across[column])) for row in rows] for column in range(x)]
    constant, waves = 0.0, []
    for wave_y in range(y):
        wave_x = 0
        while wave_x * y < x * (y - wave_y):
            wave = sum(map(mul, sums[wave_x], down[wave_y])) / (width * height)
            if wave_x or wave_y:
                waves.append(wave)
            else:
                constant = wave
            wave_x += 1
    return _Channel(constant, tuple(waves), max(map(abs, waves), default=0.0))
