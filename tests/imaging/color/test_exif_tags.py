"""P3, P20: the colour space in EXIF."""

import struct

import pytest

from mememime_proxy.imaging.color.exif_tags import ADOBE_RGB_ENCODING, color_encoding
from tests.support.color_files import exif_of_adobe_rgb


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("head", [b"", b"Exif\0\0"])
def test_exif_tags_interoperability_index_names_adobe_rgb(order, head):
    assert color_encoding(head + exif_of_adobe_rgb(order)) == ADOBE_RGB_ENCODING


def test_exif_tags_index_of_srgb_names_nothing():
    assert color_encoding(exif_of_adobe_rgb().replace(b"R03", b"R98")) is None


def test_exif_tags_color_space_srgb_counts_more_than_the_index():
    block = exif_of_adobe_rgb().replace(
        struct.pack("<HHI", 0xA001, 3, 1) + b"\xff\xff", struct.pack("<HHIH", 0xA001, 3, 1, 1)
    )
    assert color_encoding(block) is None


def test_exif_tags_color_space_2_of_some_cameras_is_adobe_rgb():
    block = exif_of_adobe_rgb().replace(
        struct.pack("<HHI", 0xA001, 3, 1) + b"\xff\xff", struct.pack("<HHIH", 0xA001, 3, 1, 2)
    )
    assert color_encoding(block.replace(b"R03", b"R98")) == ADOBE_RGB_ENCODING


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_tags_broken_block_names_nothing_and_raises_nothing(order):
    block = exif_of_adobe_rgb(order)
    for length in range(len(block) - 5):
        assert color_encoding(block[:length]) is None
    for at in range(8, len(block)):
        color_encoding(block[:at] + b"\xff" + block[at + 1 :])
