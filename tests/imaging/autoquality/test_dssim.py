"""DSSIM: its ends, and that flat parts do not hide what is done to others."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.autoquality.dssim import dssim
from mememime_proxy.imaging.autoquality.tiles import cut
from tests.support.photographs import photograph


def test_equal_pictures_have_none_and_it_grows_with_the_loss():
    image = photograph(400)
    sample = cut(image)
    found = [
        dssim(sample, cut(pyvips.Image.jpegload_buffer(image.jpegsave_buffer(Q=quality)))) for quality in (90, 60, 20)
    ]
    assert dssim(sample, sample) == pytest.approx(0, abs=1e-6)
    assert found == sorted(found)
    assert 0.001 < found[0] < found[-1] < 0.3


def test_a_block_counts_by_its_deviation():
    busy = np.random.default_rng(1).integers(0, 256, (8, 64, 3), np.uint8)
    flat = np.full((8, 640, 3), 90, np.uint8)
    half = np.hstack((busy[:, ::-1], flat))
    assert dssim(np.hstack((busy, flat)), half) > 0.5 * dssim(busy, busy[:, ::-1])
