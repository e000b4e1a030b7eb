"""The first directory of a TIFF, written again."""

import struct

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.tiff.directory import Directory
from tests.support.malformed_images import photo, saved
from tests.support.tiff_writer import BLACK_IS_ZERO, RGB, tiff


@pytest.mark.parametrize("order", ["<", ">"])
def test_directory_has_the_values_of_its_tags(order):
    directory = Directory(tiff([[(1, 2, 3)] * 70_000], RGB, order=order))
    assert (directory.value(256, 0), directory.value(258, 0), directory.value(277, 0)) == (70_000, 8, 3)
    assert directory.value(9999, 5) == 5
    assert directory.big_endian is (order == ">")


@pytest.mark.parametrize("order", ["<", ">"])
def test_directory_changes_are_read_by_libvips(order):
    data = tiff([[(v,) for v in range(12)]], BLACK_IS_ZERO, order=order)
    body = Directory(data).rewritten({256: [4], 277: [3], 258: [8, 8, 8], 262: [2]}, frozenset({339}))
    image = pyvips.Image.tiffload_buffer(body)
    assert (image.width, image.bands, image.interpretation) == (4, 3, "srgb")
    assert image.write_to_memory() == bytes(range(12))


def test_directory_of_a_big_tiff():
    image = pyvips.Image.new_from_memory(bytes(range(48)), 12, 4, 1, "uchar")
    body = Directory(image.tiffsave_buffer(bigtiff=True)).rewritten({262: [0]})
    assert body[2] == 43
    assert pyvips.Image.tiffload_buffer(body).write_to_memory() == bytes(255 - v for v in range(48))


def test_directory_without_changes_is_the_same_picture():
    data = saved("TIFF", photo())
    again = Directory(data).rewritten({})
    assert pyvips.Image.tiffload_buffer(again).write_to_memory() == photo().tobytes()


@pytest.mark.parametrize("data", [b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\x09\0", b"MM\0*"])
def test_directory_that_ends_too_soon(data):
    with pytest.raises(BrokenImageError):
        Directory(data)


def test_directory_value_beyond_the_end():
    entry = struct.pack("<HHII", 258, 3, 3, 0xFFFF)
    data = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    with pytest.raises(BrokenImageError):
        Directory(data).value(258, 0)
