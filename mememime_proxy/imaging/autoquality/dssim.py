"""Structural dissimilarity (DSSIM) of two samples: 0 = equal, 1 = nothing in common."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mememime_proxy.imaging.autoquality.tiles import Tiles, luma

BLOCK: Final = 8
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2


def blocks(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the blocks of 8×8 of a plane whose sides are multiples of 8: block × pixel."""
    height, width = plane.shape
    split = plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return split.transpose(0, 2, 1, 3).reshape(-1, BLOCK * BLOCK)


def dssim(original: Tiles, result: Tiles) -> float:
    """Return (1 − SSIM) / 2 of blocks of luma, a mean in which a block counts by its standard deviation + 1.

    Without weights, flat parts would hide what is done to the others.
    """
    one, two = blocks(luma(original)), blocks(luma(result))
    mean_one, mean_two = one.mean(1), two.mean(1)
    one = one - mean_one[:, None]
    two = two - mean_two[:, None]
    variance_one, variance_two = np.square(one).mean(1), np.square(two).mean(1)
    covariance = (one * two).mean(1)
    light = (2 * mean_one * mean_two + _C1) / (mean_one**2 + mean_two**2 + _C1)
    structure = (2 * covariance + _C2) / (variance_one + variance_two + _C2)
    weights = np.sqrt(variance_one) + 1
    return float((weights * (1 - light * structure)).sum() / 2 / weights.sum())
