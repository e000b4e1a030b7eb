"""libjxl through cffi."""

import pytest

pytest.importorskip("imagecodecs")

from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.codecs.libjxl import LibjxlError, ToEncode, decode, encode

NOISE = bytes((31 * x * x + 7 * y * x + 13 * y) % 251 for y in range(32) for x in range(32 * 8))


def picture(bands=3, *, sixteen=False, distance=0.0, **more):
    pixels = NOISE[: 32 * 32 * bands * (1 + sixteen)]
    return ToEncode(
        pixels=pixels, width=32, height=32, bands=bands, sixteen=sixteen, distance=distance, effort=1, **more
    )


@pytest.mark.parametrize("sixteen", [True, False])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_libjxl_lossless_is_lossless(bands, sixteen):
    wanted = picture(bands, sixteen=sixteen)
    found = decode(encode(wanted), max_pixels=1024, deep=True)
    assert (found.width, found.height, found.bands, found.sixteen) == (32, 32, bands, sixteen)
    assert found.pixels == wanted.pixels
    assert found.color.srgb


def test_libjxl_more_than_eight_bits_only_where_they_are_wanted():
    assert not decode(encode(picture(sixteen=True)), max_pixels=1024, deep=False).sixteen
    assert decode(encode(picture(sixteen=True, hdr=(9, 16))), max_pixels=1024, deep=False).sixteen


@pytest.mark.parametrize("code_points", [(12, 13), (9, 16), (9, 18), (1, 8)])
@pytest.mark.parametrize("distance", [0.0, 1.0])
def test_libjxl_encoding_is_written_and_read(code_points, distance):
    found = decode(encode(picture(hdr=code_points, distance=distance)), max_pixels=1024, deep=False)
    assert found.color.code_points == code_points
    assert found.icc is None


def test_libjxl_metadata_is_written_and_read():
    found = decode(encode(picture(exif=b"II*\0exif", xmp=b"<x/>")), max_pixels=1024, deep=False)
    assert (found.exif, found.xmp) == (b"II*\0exif", b"<x/>")
    found = decode(encode(picture()), max_pixels=1024, deep=False)
    assert (found.exif, found.xmp) == (None, None)


def test_libjxl_metadata_that_is_too_long_is_left_out():
    long = b"II*\0" + bytes(libjxl.MAX_METADATA)
    found = decode(encode(picture(exif=long, xmp=b"<x/>")), max_pixels=1024, deep=False)
    assert (found.exif, found.xmp) == (None, b"<x/>")


def test_libjxl_more_pixels_than_allowed_are_refused_before_they_are_decoded():
    with pytest.raises(LibjxlError, match="pixels"):
        decode(encode(picture()), max_pixels=1023, deep=False)


def test_libjxl_file_that_is_cut_is_refused():
    data = encode(picture(distance=1.0))
    for length in range(0, len(data) - 1, 9):
        with pytest.raises(LibjxlError):
            decode(data[:length], max_pixels=1024, deep=False)


def test_libjxl_damaged_file_is_refused_or_has_its_size():
    data = encode(picture(distance=1.0, exif=b"II*\0exif"))
    for at in range(0, len(data), 5):
        try:
            found = decode(data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :], max_pixels=1024, deep=False)
        except LibjxlError:
            continue
        assert len(found.pixels) == found.width * found.height * found.bands


def test_libjxl_says_its_version():
    assert libjxl.version().count(".") == 2
