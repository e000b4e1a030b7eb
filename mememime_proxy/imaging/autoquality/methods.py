"""The methods of the search: predict, encode, measure, correct. Equal pictures give equal files."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from mememime_proxy.imaging.autoquality import models, tiles
from mememime_proxy.imaging.autoquality.dssim import dssim
from mememime_proxy.imaging.autoquality.features import features
from mememime_proxy.imaging.autoquality.models import LEAST_DSSIM, QualityCurve, QualityModel
from mememime_proxy.imaging.autoquality.ssimulacra2 import SMALLEST, ScoreReference
from mememime_proxy.imaging.autoquality.target import QualityTarget
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.plan import ImageLimits, RenderConfig

_WHOLE: Final = 1 << 17
"""Pixels up to which the score is that of the whole picture, which costs no more than tiles."""
_HALVING_TRIES: Final = 3
"""Tries of a search for a size that are left when it begins to halve the range."""

Encode = Callable[[int], bytes]
Measure = Callable[[bytes], float]


def prepare() -> None:
    """Read the models, which a confined worker cannot."""
    models.load()


def find(
    target: QualityTarget, image: pyvips.Image, name: str, encode: Encode, config: RenderConfig
) -> tuple[int, bytes]:
    """Return the quality that meets the target, or the last one tried, and the file that ``encode`` wrote with it.

    ``name``: of the model.
    """
    sample = tiles.cut(image)
    found = features(sample, image.width * image.height)
    model = models.load()[name]
    if target.method == "size":
        return _find_size(target, model.curve("bytes", found), image.width * image.height, encode)
    curve = model.curve("ssim2" if target.is_score else "dssim", found)
    value = target.value if target.is_score else -math.log(target.value + LEAST_DSSIM)
    quality = _within(target, curve.quality_of(value))
    encoded = encode(quality)
    if target.is_prediction:
        return quality, encoded
    measure = _meter(target, image, sample, model, found, config)
    for _ in range(target.max_encodes - 1):
        measured = measure(encoded)
        if abs(measured - target.value) <= target.error:
            break
        reached = measured if target.is_score else -math.log(measured + LEAST_DSSIM)
        corrected = _within(target, quality + (value - reached) / curve.slope_at(quality))
        if corrected == quality:
            break
        quality = corrected
        encoded = encode(quality)
    return quality, encoded


def _within(target: QualityTarget, quality: float) -> int:
    return round(min(target.high, max(target.low, quality)))


def _meter(
    target: QualityTarget,
    image: pyvips.Image,
    sample: tiles.Tiles,
    model: QualityModel,
    found: NDArray[np.float64],
    config: RenderConfig,
) -> Measure:
    """Return what measures files of a picture on the scale of the target."""

    def decode(encoded: bytes) -> pyvips.Image:
        return open_original(encoded, ImageLimits(max_src_resolution=0), config).load().copy_memory()

    if not target.is_score:
        return lambda encoded: dssim(sample, tiles.cut(decode(encoded)))
    if image.width * image.height <= _WHOLE and min(image.width, image.height) >= SMALLEST:
        whole = ScoreReference(tiles.pixels_of(image))
        return lambda encoded: whole.score(tiles.pixels_of(decode(encoded)))
    reference, excess = ScoreReference(sample), model.tiles_excess(found)
    return lambda encoded: reference.score(tiles.cut(decode(encoded))) - excess


def _find_size(target: QualityTarget, curve: QualityCurve, pixels: int, encode: Encode) -> tuple[int, bytes]:
    """Return the largest quality found whose file is not larger than the target, or that of the lowest one.

    The first tries go by the model's curve, shifted to the file before, and by the files on both sides of the target;
    further ones halve what is left.
    """
    value = math.log(target.value / pixels)
    low, high = target.low, target.high + 1
    fitting: tuple[int, bytes] | None = None
    larger: tuple[int, bytes] | None = None
    guess = curve.quality_of(value)
    for tries_left in reversed(range(target.max_encodes)):
        quality = (low + high - 1) // 2 if tries_left <= _HALVING_TRIES else math.floor(guess)
        if not tries_left and fitting is None:
            quality = low
        quality = min(high - 1, max(low, quality))
        encoded = encode(quality)
        if len(encoded) <= target.value:
            fitting, low = (quality, encoded), quality + 1
        else:
            larger, high = (quality, encoded), quality
        if low >= high:
            break
        slope = curve.slope_at(quality)
        if fitting is not None and larger is not None:
            rise = math.log(len(larger[1]) / len(fitting[1]))
            slope = max(slope / 4, rise / (larger[0] - fitting[0]))
        guess = quality + (value - math.log(len(encoded) / pixels)) / slope
    result = fitting or larger
    if result is None:
        raise ValueError("no file was written")
    return result
