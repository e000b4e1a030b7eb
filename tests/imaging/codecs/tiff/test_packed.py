"""P19: depths that libvips does not unpack, in every layout whose bytes have fixed places."""

import struct

import pytest
import pyvips

from mememime_proxy.errors import ImageError, UnsupportedFormatError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.tiff.packed import is_packed
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import header_of
from tests.support.pixels import near, rows_of
from tests.support.tiff_writer import BLACK_IS_ZERO, CMYK, FLOAT, PALETTE, RGB, SIGNED, tiff


def loaded(data: bytes):
    return open_original(data, ImageLimits(), RenderConfig()).load()


@pytest.mark.parametrize("bits", [3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("width", [1, 2, 5, 16, 17])
def test_p19_every_depth_and_width(bits, width):
    top = (1 << bits) - 1
    rows = [[((x * 977 + y * 331) % (top + 1),) for x in range(width)] for y in range(3)]
    full = 255 if bits < 8 else 65535
    expected = [[(round(v * full / top),) for (v,) in row] for row in rows]
    found = rows_of(loaded(tiff(rows, BLACK_IS_ZERO, bits)))
    assert all(near(a, b) for line, row in zip(found, expected, strict=True) for a, b in zip(line, row, strict=True))


def tiled(bits: int, tile: int, width: int = 40) -> bytes:
    """Two tiles side by side, 16 lines, in which every sample is its column."""
    lines = [[(x if x < width else 0) for x in range(2 * tile)] for _ in range(16)]
    strips = [tiff([[(v,) for v in line[at : at + tile]] for line in lines], BLACK_IS_ZERO, bits) for at in (0, tile)]
    length = 16 * tile * bits // 8
    pixels = b"".join(strip[8 : 8 + length] for strip in strips)
    entries = [
        (256, 4, 1, width), (257, 4, 1, 16), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1),
        (322, 4, 1, tile), (323, 4, 1, 16), (324, 4, 2, 8 + len(pixels)), (325, 4, 2, 16 + len(pixels)),
    ]  # fmt: skip
    values = struct.pack("<IIII", 8, 8 + length, length, length)
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    start = struct.pack("<2sHI", b"II", 42, 24 + len(pixels))
    return start + pixels + values + struct.pack("<H", len(entries)) + directory + bytes(4)


def test_p19_tiles_of_twelve_bits():
    image = loaded(tiled(12, 32))
    assert [round(v * 4095 / 65535) for (v,) in rows_of(image)[3]] == list(range(40))


def test_p19_tiles_that_are_no_multiple_of_sixteen_bytes_are_refused():
    with pytest.raises(UnsupportedFormatError, match="tiles"):
        loaded(tiled(12, 16, 20))


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize(("bits", "sample_format"), [(12, 1), (64, FLOAT)])
def test_p19_planes_and_predictors_are_refused(planar, bits, sample_format):
    tags = [] if planar else [(317, 3, [2])]
    data = tiff([[(0, 1, 0)] * 4] * 4, RGB, bits, sample_format, planar=planar, tags=tags)
    with pytest.raises(UnsupportedFormatError, match="predictor"):
        loaded(data)


@pytest.mark.parametrize(
    ("photometric", "bits", "sample_format"),
    [(PALETTE, 12, 1), (CMYK, 12, 1), (BLACK_IS_ZERO, 12, SIGNED), (RGB, 24, 1)],
)
def test_p19_other_kinds_are_refused_by_the_decoder(photometric, bits, sample_format):
    samples = {PALETTE: 1, CMYK: 4, RGB: 3}.get(photometric, 1)
    data = tiff([[(1,) * samples] * 4] * 4, photometric, bits, sample_format)
    assert not is_packed(header_of(data))
    with pytest.raises(pyvips.Error, match="tiff"):
        loaded(data).write_to_memory()


def test_p19_file_that_ends_too_soon_is_broken():
    data = tiff([[(9,)] * 64] * 64, BLACK_IS_ZERO, 12)
    with pytest.raises((ImageError, pyvips.Error)):
        loaded(data[:200] + data[2000:]).write_to_memory()
