"""Features: one for each name, finite, and what they grow with."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.autoquality.features import NAMES, features
from mememime_proxy.imaging.autoquality.tiles import cut
from tests.support.photographs import photograph


def of(image):
    return dict(zip(NAMES, features(cut(image.copy_memory()), image.width * image.height), strict=True))


def test_features_of_a_photograph_and_of_its_blurred_copy():
    image = photograph(512)
    sharp, soft = of(image), of(image.gaussblur(3).cast("uchar"))
    for name in ("gradient", "laplacian", "sharpness", "deviation", "chroma gradient", "gradient of a half"):
        assert soft[name] < sharp[name], name
    assert soft["flat share"] > sharp["flat share"]
    assert soft["luma"] == pytest.approx(sharp["luma"], abs=0.02)
    assert sharp["pixels"] == 18


def test_features_of_a_picture_of_one_colour_are_finite():
    found = of(pyvips.Image.black(64, 64).linear(1, [9, 200, 30]).cast("uchar").copy(interpretation="srgb"))
    assert np.isfinite(list(found.values())).all()
    assert found["flat share"] == 1
