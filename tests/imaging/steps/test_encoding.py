"""The last steps: the gain map joins the image, and the file is written in a format and quality that fit."""

import pytest
import pyvips

from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging.codecs.jpeg.gain_map import GainMap
from mememime_proxy.imaging.codecs.selection import AVIF_MIN_SIDE
from mememime_proxy.imaging.steps.encoding import attach_gain_map, encode
from mememime_proxy.plan import Plan, RenderConfig
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
