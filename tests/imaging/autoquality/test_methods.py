"""Methods of the search: how near they come, with how many files, and that equal pictures give equal files."""

import pytest

from mememime_proxy.imaging.autoquality import models, tiles
from mememime_proxy.imaging.autoquality.dssim import dssim
from mememime_proxy.imaging.autoquality.methods import find, prepare
from mememime_proxy.imaging.autoquality.ssimulacra2 import ScoreReference
from mememime_proxy.imaging.autoquality.target import FORMATS, QualityTarget
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.photographs import photograph

CONFIG = RenderConfig()
SCORE = QualityTarget("ssim2", 70, 30, 95, 2)


def search(target, image, name="jpeg"):
    """Return the quality, the file and the qualities that were tried."""
    tried = []

    def encode(quality):
        tried.append(quality)
        return save(image, name, quality=quality, plan=Plan(), config=CONFIG)

    quality, encoded = find(target, image, name, encode, CONFIG)
    assert quality in tried
    assert all(target.low <= each <= target.high for each in tried)
    assert len(tried) == len(set(tried)) <= target.max_encodes
    return quality, encoded, tried


def decoded(encoded):
    return open_original(encoded, ImageLimits(), CONFIG).load().copy_memory()


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("side", [300, 512])
def test_score_of_the_result_is_near_the_target(name, side):
    image = photograph(side)
    quality, encoded, tried = search(SCORE, image, name)
    score = ScoreReference(image.numpy()).score(tiles.pixels_of(decoded(encoded)))
    assert score == pytest.approx(70, abs=2.5 if side == 300 else 5), (quality, tried)
    assert search(SCORE, image, name) == (quality, encoded, tried)


@pytest.mark.parametrize("value", [0.01, 0.03])
def test_dssim_of_the_result_is_near_the_target(value):
    image = photograph(512)
    _, encoded, _ = search(QualityTarget("dssim", value, 1, 100, value / 10), image, "webp")
    assert dssim(tiles.cut(image), tiles.cut(decoded(encoded))) == pytest.approx(value, rel=0.2)


def test_prediction_is_one_file_and_a_larger_target_of_it_a_better_one():
    image = photograph(512)
    found = [search(QualityTarget("ml", value, 30, 95, 1), image) for value in (0.03, 0.01, 60, 85)]
    assert all(len(tried) == 1 for _, _, tried in found)
    assert found[0][0] < found[1][0]
    assert found[2][0] < found[3][0]


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("limit", [12_000, 20_000])
def test_size_is_the_largest_quality_that_fits(name, limit):
    image = photograph(300)
    quality, encoded, _ = search(QualityTarget("size", limit, 1, 100, 0), image, name)
    assert len(encoded) <= limit
    assert quality == 100 or len(save(image, name, quality=quality + 1, plan=Plan(), config=CONFIG)) > limit


def test_size_that_no_quality_has_is_the_lowest_one():
    quality, _, _ = search(QualityTarget("size", 10, 20, 90, 0), photograph(100))
    assert quality == 20
    assert search(QualityTarget("size", 1e9, 20, 90, 0), photograph(100))[0] == 90


@pytest.mark.parametrize("bands", [1, 2, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (60, 90)])
def test_pictures_of_any_size_and_channels_have_a_quality(bands, size):
    image = photograph(300)[1]
    for _ in range(bands - 1):
        image = image.bandjoin(photograph(300)[2])
    image = image.copy(interpretation="b-w" if bands < 3 else "srgb")
    image = image.resize(size[0] / 300, vscale=size[1] / 300).copy_memory()
    for target in (SCORE, QualityTarget("dssim", 0.02, 70, 80, 0.002), QualityTarget("size", 500, 10, 90, 0)):
        assert search(target, image, "webp")[1]


def test_prepare_reads_the_models():
    prepare()
    assert models.load.cache_info().currsize == 1
