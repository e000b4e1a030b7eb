"""Effects that are matrices of colours, and percentiles of lightness. Images have 8 bits of sRGB, three bands."""

from __future__ import annotations

from math import cos, radians, sin
from typing import Final

import pyvips

_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)
_HUE_WEIGHTS: Final = (0.213, 0.715, 0.072)
_SEPIA: Final = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))
_HUE_SINE: Final = ((-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072))
_IDENTITY: Final = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def saturated(image: pyvips.Image, factor: float) -> pyvips.Image:
    """Return the image with its colours that many times as far from grey, in linear light; luminance stays."""
    matrix = [[factor * one + (1 - factor) * w for one, w in zip(row, _WEIGHTS, strict=True)] for row in _IDENTITY]
    light = image.colourspace("scrgb").recomb(pyvips.Image.new_from_array(matrix))
    return light.copy(interpretation="scrgb").colourspace("srgb")


def with_hue(image: pyvips.Image, angle: float) -> pyvips.Image:
    """Return the image with its hues rotated by ``angle`` degrees: the matrix of CSS ``hue-rotate``."""
    c, s = cos(radians(angle)), sin(radians(angle))
    matrix = [
        [weight + c * (one - weight) + s * sine for one, weight, sine in zip(row, _HUE_WEIGHTS, sines, strict=True)]
        for row, sines in zip(_IDENTITY, _HUE_SINE, strict=True)
    ]
    return _combined(image, matrix)


def sepia(image: pyvips.Image, intensity: float) -> pyvips.Image:
    """Return the image in the brown of old photographs, mixed with itself by ``intensity``, 0–1."""
    matrix = [
        [one + (brown - one) * intensity for one, brown in zip(row, browns, strict=True)]
        for row, browns in zip(_IDENTITY, _SEPIA, strict=True)
    ]
    return _combined(image, matrix)


def percentiles(image: pyvips.Image, low: float, high: float) -> tuple[float, float]:
    """Return the lightness, 0–255, below which ``low`` and ``high`` per cent of the pixels lie."""
    histogram = image.colourspace("b-w").hist_find().hist_cum()
    samples = memoryview(histogram.cast("uint").write_to_memory()).cast("B").cast("I")
    total = samples[-1]
    dark = next(v for v, count in enumerate(samples) if count > total * low / 100 or count == total)
    light = next(v for v, count in enumerate(samples) if count >= total * high / 100)
    return float(dark), float(max(dark, light))


def _combined(image: pyvips.Image, matrix: list[list[float]]) -> pyvips.Image:
    # Numbers are cut off when they become 8 bits.
    samples = image.recomb(pyvips.Image.new_from_array(matrix))
    return samples.linear([1.0], [0.5], uchar=True).copy(interpretation="srgb")
