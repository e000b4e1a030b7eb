import struct

import pytest

from mememime_proxy.errors import BrokenImageError, LimitError
from tests.support.malformed_images import HEIGHT, WIDTH, header_of, photo, saved


def bmp(header: bytes, *, pixels_at: int = 0, pixels: bytes = bytes(64)) -> bytes:
    start = pixels_at or 14 + len(header)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(pixels), 0, 0, start) + header + pixels


def info(
    width: int, height: int, *, bits: int = 24, length: int = 40, compression: int = 0, alpha_mask: int = 0
) -> bytes:
    head = struct.pack("<IiiHHIIiiII", length, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    return (head + masks + bytes(84))[:length]


@pytest.mark.parametrize(("mode", "bits"), [("1", 1), ("L", 8), ("P", 8), ("RGB", 8)])
def test_bmp_files_of_pillow_are_read(mode, bits):
    header = header_of(saved("BMP", photo(mode)))
    assert (header.width, header.height, header.bit_depth) == (WIDTH, HEIGHT, bits)
    assert not header.coding
    assert header.palette == (mode != "RGB")


def test_bmp_rows_from_the_top_have_a_height_too():
    assert header_of(bmp(info(4, -3))).height == 3


def test_bmp_old_headers():
    assert header_of(bmp(struct.pack("<IHHHH", 12, 4, 3, 1, 24))).width == 4
    assert header_of(bmp(struct.pack("<IiiHH", 16, 4, 3, 1, 24))).width == 4


@pytest.mark.parametrize(
    ("header", "alpha"),
    [
        (info(4, 3), False),
        (info(4, 3, bits=32), None),
        (info(4, 3, bits=32, length=124, compression=3, alpha_mask=0xFF000000), True),
        (info(4, 3, bits=32, length=124, compression=3), False),
    ],
)
def test_bmp_alpha(header, alpha):
    assert header_of(bmp(header)).alpha is alpha


@pytest.mark.parametrize(
    "data",
    [
        bmp(info(0, 5)),
        bmp(info(5, 0)),
        bmp(info(-5, 5)),
        bmp(info(5, 5, bits=7)),
        bmp(info(5, 5, compression=4)),
        bmp(info(5, 5), pixels=b""),
        bmp(info(5, 5), pixels_at=10_000),
        bmp(info(5, 5))[:20],
    ],
    ids=range(8),
)
def test_bmp_broken(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_bmp_smallest_height_of_all():
    with pytest.raises(LimitError):
        header_of(bmp(info(5, -(1 << 31))))


@pytest.mark.parametrize(("bits", "compression"), [(8, 1), (4, 2)])
def test_bmp_tells_of_runs(bits, compression):
    assert header_of(bmp(info(8, 8, bits=bits, compression=compression))).coding == "rle"
