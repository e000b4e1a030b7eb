"""The last steps: the gain map joins the image, and the file is written in a format and quality that fit."""

from dataclasses import replace

import pytest
import pyvips

from mememime_proxy.errors import MissingMetricError
from mememime_proxy.formats.output_plan import Autoquality
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging.autoquality import search
from mememime_proxy.imaging.codecs.jpeg.gain_map import GainMap
from mememime_proxy.imaging.codecs.selection import AVIF_MIN_SIDE
from mememime_proxy.imaging.steps.encoding import attach_gain_map, encode
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.photographs import photograph
from tests.support.pixels import flat, image_of, picture_of, places, rows_of

NOISE = pyvips.Image.gaussnoise(64, 64, sigma=60, mean=128, seed=3).cast("uchar").bandjoin(
    [pyvips.Image.gaussnoise(64, 64, sigma=60, mean=128, seed=seed).cast("uchar") for seed in (4, 5)]
).copy(interpretation="srgb")  # fmt: skip


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "avif", "tiff", "bmp"])
def test_encoding_encode_format_writes_file_of_that_format(name):
    picture = encode(picture_of(image_of(places(32, 24)), format_=name))
    assert sniff(picture.encoded) == name
    assert (picture.format, picture.image.width, picture.image.height) == (name, 32, 24)


@pytest.mark.parametrize(("pixel", "name"), [((1, 2, 3), "jpeg"), ((1, 2, 3, 4), "png")])
def test_encoding_encode_side_too_small_for_avif_writes_another_format(pixel, name):
    picture = encode(picture_of(image_of(flat(40, AVIF_MIN_SIDE - 1, pixel)), format_="avif"))
    assert (picture.format, sniff(picture.encoded)) == (name, name)


def test_encoding_encode_max_bytes_lowers_quality_until_the_file_fits():
    full = encode(picture_of(NOISE, format_="jpeg"))
    limit = len(full.encoded) // 2
    limited = encode(picture_of(NOISE, Plan(max_bytes=limit), format_="jpeg"))
    assert 0 < len(limited.encoded) <= limit
    lowest = encode(picture_of(NOISE, Plan(max_bytes=1), format_="jpeg"))
    assert len(lowest.encoded) <= len(limited.encoded)


def test_encoding_encode_max_bytes_of_lossless_format_changes_nothing():
    full = encode(picture_of(NOISE, format_="png"))
    assert encode(picture_of(NOISE, Plan(max_bytes=1), format_="png")).encoded == full.encoded


SCORE = Plan(autoquality=Autoquality("ssim2", 70))


def test_encoding_encode_autoquality_then_max_bytes():
    image = photograph(300)
    good = encode(picture_of(image, SCORE, format_="webp"))
    better = encode(picture_of(image, replace(SCORE, autoquality=Autoquality("ssim2", 85)), format_="webp"))
    assert len(good.encoded) < len(better.encoded)
    limit = len(good.encoded) * 3 // 4
    small = encode(picture_of(image, replace(SCORE, max_bytes=limit), format_="webp"))
    assert len(small.encoded) <= limit


def test_encoding_encode_autoquality_writes_jpeg_by_jpegli_for_a_score():
    image = photograph(300)
    plan = Plan(autoquality=Autoquality("ssim2", 70, 80, 80))
    config = RenderConfig(jpeg_encoder="jpegli")
    searched = encode(picture_of(image, plan, format_="jpeg")).encoded
    assert searched == encode(picture_of(image, Plan(quality=80), format_="jpeg", config=config)).encoded


@pytest.mark.parametrize("kind", ["deep", "cmyk", "frames", "lossless", "png"])
def test_encoding_encode_autoquality_leaves_alone_what_it_cannot_measure(kind):
    image, more = photograph(64), {}
    if kind == "deep":
        image = image.cast("ushort").linear(256, 0).cast("ushort").copy(interpretation="rgb16")
    elif kind == "cmyk":
        image = image.bandjoin(0).copy(interpretation="cmyk")
    elif kind == "frames":
        more = {"frames": 2}
    elif kind == "lossless":
        more = {"config": RenderConfig(webp_compression="lossless")}
    name = {"png": "png", "lossless": "webp"}.get(kind, "jpeg")
    pictures = [picture_of(image, plan, format_=name, **more) for plan in (SCORE, Plan())]
    assert encode(pictures[0]).encoded == encode(pictures[1]).encoded


def test_encoding_encode_autoquality_without_the_extra_is_an_error(monkeypatch):
    monkeypatch.setattr("mememime_proxy.imaging.autoquality.search.has_metrics", lambda: False)
    with pytest.raises(MissingMetricError, match="needs the extra 'autoquality'") as caught:
        encode(picture_of(photograph(64), SCORE, format_="jpeg"))
    assert caught.value.status == 422
    search.preload()


def test_encoding_encode_quality_of_plan_wins_over_configuration():
    config = RenderConfig(quality=90)
    high = encode(picture_of(NOISE, format_="jpeg", config=config))
    low = encode(picture_of(NOISE, Plan(quality=10), format_="jpeg", config=config))
    assert len(low.encoded) < len(high.encoded)


def test_encoding_attach_gain_map_picture_without_map_is_unchanged():
    picture = picture_of(image_of(places(4, 4)))
    assert attach_gain_map(picture) is picture


def test_encoding_attach_gain_map_map_becomes_metadata_at_its_own_size():
    gain = GainMap(image_of(flat(8, 8, (9,)), "b-w"), 2.0, (0.0,))
    picture = attach_gain_map(picture_of(image_of(places(8, 8))).with_changes(gain=gain))
    stored = picture.image.get("gainmap")
    assert (stored.width, stored.height) == (4, 4)
    assert rows_of(stored)[0][0] == (9,)
