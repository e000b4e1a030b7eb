import struct

import numpy as np
import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH
from mememime_proxy.plan import ImageLimits
from tests.support.malformed_images import HEIGHT, WIDTH, exif, header_of, photo, real_files, saved


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def sof(width: int, height: int, *, bands: int = 1, marker: int = 0xC0) -> bytes:
    bodies = b"".join(bytes([number + 1, 0x11, 0]) for number in range(bands))
    return segment(marker, struct.pack(">BHHB", 8, height, width, bands) + bodies)


def sos(*bands: int) -> bytes:
    return segment(0xDA, bytes([len(bands)]) + b"".join(bytes([band, 0]) for band in bands) + b"\0\x3f\0")


@pytest.mark.parametrize("turn", range(1, 9))
def test_jpeg_orientation_is_that_of_libvips(turn):
    data = saved("JPEG", exif=exif(turn))
    header = header_of(data)
    image = pyvips.Image.jpegload_buffer(data)
    assert header.exif
    assert header.orientation == image.get("orientation") == turn
    assert (header.width, header.height) == (image.width, image.height)


@pytest.mark.parametrize(
    "block", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", exif(9)[6:], b"XX*\0\x08\0\0\0"]
)
def test_jpeg_broken_exif_is_upright(block):
    header = header_of(with_segments(real_files()["jpeg"], segment(0xE1, b"Exif\0\0" + block)))
    assert header.orientation == 1
    assert (header.width, header.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(("name", "bands"), [("jpeg", 3), ("jpeg-grey", 1), ("jpeg-cmyk", 4)])
def test_jpeg_bands(name, bands):
    assert header_of(real_files()[name]).bands == bands


def test_jpeg_colour_profile_is_seen_and_bounded():
    assert not header_of(real_files()["jpeg"]).icc
    assert header_of(saved("JPEG", icc_profile=bytes(200_000))).icc
    pieces = [segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000)) for _ in range(MAX_ICC_LENGTH // 65_000 + 1)]
    assert header_of(with_segments(real_files()["jpeg"], *pieces[:-1])).icc
    with pytest.raises(LimitError, match="profile"):
        header_of(with_segments(real_files()["jpeg"], *pieces))


def test_jpeg_ultra_hdr_is_seen_and_nothing_else_taken_for_it():
    image = (
        pyvips.Image.new_from_array(np.asarray(photo(width=64, height=64))).cast("uchar").copy(interpretation="srgb")
    )
    linear = image.colourspace("scrgb").linear(4, 0)
    data = linear.uhdrsave_buffer()
    header = header_of(data)
    assert header.gain_map
    assert (header.width, header.height) == (64, 64)
    assert not header_of(real_files()["jpeg"]).gain_map
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/'/>")
    assert not header_of(with_segments(real_files()["jpeg"], xmp)).gain_map
    assert header_of(with_segments(real_files()["jpeg"], xmp, segment(0xE2, b"MPF\0" + bytes(8)))).gain_map


def test_jpeg_progressive_scans_are_counted():
    header = header_of(real_files()["jpeg-progressive"])
    assert header.progressive
    assert header.scans == 10  # what libjpeg's own script has for three channels
    baseline = header_of(real_files()["jpeg"])
    assert not baseline.progressive
    assert baseline.scans == 1


SCAN = sos(1) + bytes(60)
PROGRESSIVE = b"\xff\xd8" + sof(7000, 7000, marker=0xC2)


@pytest.mark.parametrize("scans", [1, 2, 100])
def test_jpeg_up_to_a_hundred_scans_pass(scans):
    assert header_of(PROGRESSIVE + SCAN * scans + b"\xff\xd9").scans == scans


@pytest.mark.parametrize("scans", [101, 1_000, 50_000])
def test_jpeg_more_scans_are_refused(scans):
    with pytest.raises(LimitError, match="scans"):
        header_of(PROGRESSIVE + SCAN * scans + b"\xff\xd9")


def test_jpeg_baseline_picture_with_a_scan_a_band_is_counted_too():
    head = b"\xff\xd8" + sof(7000, 7000, bands=3)
    header = header_of(head + sos(1) + sos(2) + sos(3) + b"\xff\xd9")
    assert header.progressive
    assert header.scans == 3
    with pytest.raises(LimitError, match="scans"):
        header_of(head + SCAN * 200)


def test_jpeg_end_inside_a_comment_does_not_hide_scans():
    comment = segment(0xFE, b"\xff\xd9" * 4)
    with pytest.raises(LimitError, match="scans"):
        header_of(PROGRESSIVE + SCAN + comment + SCAN * 200)


def test_jpeg_scans_inside_a_comment_or_behind_the_end_are_none():
    comment = segment(0xFE, b"\xff\xda" * 1000)
    assert header_of(PROGRESSIVE + SCAN + comment + SCAN + b"\xff\xd9" + SCAN * 1000).scans == 2


def test_jpeg_stuffed_zeros_and_restarts_are_pixels():
    assert header_of(PROGRESSIVE + sos(1) + b"\xff\x00\xda\xff\xd0\xff\xd7\xff\x00" + SCAN + b"\xff\xd9").scans == 2


def test_jpeg_size_is_bounded_without_a_decoder():
    with pytest.raises(LimitError):
        header_of(b"\xff\xd8" + sof(65_535, 65_535) + SCAN)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + sof(8, 8),
        b"\xff\xd8" + sof(8, 8) + b"\xff\xd9",
        b"\xff\xd8\xff\xe0\0\1" + sof(8, 8) + SCAN,
        b"\xff\xd8" + sof(0, 8) + SCAN,
        b"\xff\xd8" + sof(8, 0) + SCAN,
        b"\xff\xd8" + sof(8, 8) * 2 + SCAN,
        b"\xff\xd8" + sos(1),
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8\xff" + bytes(100_000),
    ],
    ids=range(10),
)
def test_jpeg_without_a_picture_is_broken(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_jpeg_markers_without_end_are_refused():
    with pytest.raises(LimitError, match="markers"):
        header_of(b"\xff\xd8" + segment(0xFE, b"") * 10_000)
    with pytest.raises(LimitError, match="markers"):
        header_of(PROGRESSIVE + SCAN + b"\xff\x01" * 10_000)


def test_jpeg_rubbish_between_segments_is_passed_over():
    data = real_files()["jpeg"]
    header = header_of(data[:2] + segment(0xFE, b"x") + bytes(50) + b"\xff\xff\xff" + data[3:], ImageLimits())
    assert (header.width, header.height) == (WIDTH, HEIGHT)
