"""Tiles: the same places of an original and its result, in any number of channels."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.autoquality.tiles import ACROSS, DOWN, SIDE, cut, luma, pixels_of, separate
from tests.support.photographs import photograph

SHAPE = (DOWN * SIDE, ACROSS * SIDE, 3)


@pytest.mark.parametrize("size", [(1, 1), (40, 500), (95, 97), (96, 96), (1000, 700)])
def test_sample_of_any_picture_has_one_size(size):
    image = photograph(100).resize(size[0] / 100, vscale=size[1] / 100)
    sample = cut(image.copy_memory())
    assert sample.shape == SHAPE
    assert np.array_equal(sample, cut(image.copy_memory()))


def test_tiles_are_spread_over_the_picture():
    columns = pyvips.Image.xyz(256, 256)[0].cast("uchar")
    left = separate(luma(cut(columns.copy_memory())))[:, 0, 0]
    assert left.min() < 30
    assert left.max() > 256 - SIDE - 40
    assert len(set(left)) == ACROSS * DOWN


def test_channels_become_three_and_what_is_transparent_grey():
    grey = pyvips.Image.black(100, 100) + 7
    for made in (grey, grey.bandjoin([grey, grey]), grey.bandjoin(pyvips.Image.black(100, 100) + 255)):
        image = made.cast("uchar").copy(interpretation="b-w" if made.bands < 3 else "srgb")
        assert set(pixels_of(image).ravel()) == {7}
    hidden = grey.bandjoin([grey, grey, grey * 0]).cast("uchar").copy(interpretation="srgb")
    assert set(pixels_of(hidden).ravel()) == {128}
