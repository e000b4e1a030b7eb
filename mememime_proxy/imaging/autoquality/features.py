"""Features of a picture by which the quality is predicted that it needs."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mememime_proxy.imaging.autoquality.dssim import blocks
from mememime_proxy.imaging.autoquality.tiles import Tiles, luma, separate

NAMES: Final = (
    *("gradient", "laplacian", "sharpness", "deviation", "deviation spread"),
    *("deviation 10 %", "deviation 50 %", "deviation 90 %", "flat share"),
    *("luma", "luma spread", "chroma", "chroma gradient", "chroma deviation, red", "chroma deviation, blue"),
    *("gradient of a half", "gradient of a quarter", "gradient, half to whole", "pixels"),
)
"""All but shares and luma are natural logarithms; ``pixels`` is one to the base of 2."""
_FLAT: Final = 1.5
"""Standard deviation of luma below which a block is flat."""
_LEAST: Final = 0.1
"""Added in front of logarithms."""


def _gradient(tiles: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(tiles, axis=2)).mean() + np.abs(np.diff(tiles, axis=1)).mean())


def _half(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = tiles[:, 0::2] + tiles[:, 1::2]
    result: NDArray[np.float32] = (rows[:, :, 0::2] + rows[:, :, 1::2]) * np.float32(0.25)
    return result


def features(sample: Tiles, pixels: int) -> NDArray[np.float64]:
    """Return the features in the order of ``NAMES``. ``pixels``: of the whole picture."""
    light = luma(sample)
    tiles = separate(light)
    inner = tiles[:, 1:-1, 1:-1]
    around = tiles[:, :-2, 1:-1] + tiles[:, 2:, 1:-1] + tiles[:, 1:-1, :-2] + tiles[:, 1:-1, 2:]
    gradient = math.log(_gradient(tiles) + _LEAST)
    laplacian = math.log(float(np.abs(around - 4 * inner).mean()) + _LEAST)
    spread = blocks(light).std(1)
    logs = np.log(spread + _LEAST)
    low, middle, high = np.percentile(logs, (10, 50, 90))
    chroma = [sample[:, :, channel].astype(np.float32) - light for channel in (0, 2)]
    half = _half(tiles)
    of_half, of_quarter = (math.log(_gradient(each) + _LEAST) for each in (half, _half(half)))
    return np.array(
        (
            *(gradient, laplacian, laplacian - gradient, logs.mean(), logs.std()),
            *(low, middle, high, (spread < _FLAT).mean()),
            *(light.mean() / 255, math.log(float(light.std()) + 1)),
            math.log(sum(float(plane.std()) for plane in chroma) + 1),
            math.log(sum(_gradient(separate(plane)) for plane in chroma) + _LEAST),
            *(float(np.log(blocks(plane).std(1) + _LEAST).mean()) for plane in chroma),
            *(of_half, of_quarter, of_half - gradient),
            math.log2(pixels),
        )
    )
