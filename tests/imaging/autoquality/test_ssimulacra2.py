"""SSIMULACRA2: its values beside those of another implementation, its ends, and its scales."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.autoquality.ssimulacra2 import SCALES, SMALLEST, ScoreReference
from tests.support.photographs import photograph


def lossy(image, quality):
    return pyvips.Image.jpegload_buffer(image.jpegsave_buffer(Q=quality)).numpy()


# The PyPI package ssimulacra2 0.3.0, which scales XYB in place of linear light.
@pytest.mark.parametrize(("quality", "score"), [(30, 57.4), (60, 70.9), (90, 89.1)])
def test_scores_are_near_those_of_another_implementation(quality, score):
    image = photograph(300)
    assert ScoreReference(image.numpy()).score(lossy(image, quality)) == pytest.approx(score, abs=3)


def test_equal_pictures_score_100_and_noise_hardly_anything():
    pixels = photograph(300).numpy()
    reference = ScoreReference(pixels)
    assert reference.score(pixels) == 100
    assert reference.score(np.random.default_rng(1).integers(0, 256, pixels.shape, np.uint8)) < 0


@pytest.mark.parametrize(("side", "scales"), [(SMALLEST, 1), (2 * SMALLEST + 1, 2), (SMALLEST << (SCALES - 1), SCALES)])
def test_scales_that_are_too_small_are_left_out(side, scales):
    image = photograph(side)
    reference = ScoreReference(image.numpy())
    assert len(reference._scales) == scales
    assert reference.score(lossy(image, 20)) < reference.score(lossy(image, 90)) < 100


def test_losses_in_colour_alone_are_seen():
    pixels = photograph(96).numpy()
    other = pixels.copy()
    other[:, :, 2] = np.roll(other[:, :, 2], 5, axis=1)
    assert ScoreReference(pixels).score(other) < 80
