"""BMP in runs, beside the codes written out in plain Python."""

import struct
import sys

import pytest

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.bmp.runs import indices_of
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.pixels import rows_of

COLORS = [(n, 255 - n, 7 * n % 256) for n in range(256)]
GREY = [(n, n, n) for n in range(256)]


def bitmap(width, height, codes, colors=COLORS, bits=8):
    colors = colors[: 1 << bits]
    palette = b"".join(bytes((blue, green, red, 0)) for red, green, blue in colors)
    start = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, {8: 1, 4: 2}[bits], len(codes), 0, 0, len(colors), 0)
    return struct.pack("<2sIHHI", b"BM", start + len(codes), 0, 0, start) + info + palette + codes


def rows(codes, width, height, *, four=False):
    """Rows from the top."""
    indices = indices_of(memoryview(codes), width, height, four=four)
    return [list(indices[y * width : (y + 1) * width]) for y in reversed(range(height))]


def opened(data):
    return open_original(data, ImageLimits(), RenderConfig()).load()


CASES = {
    "runs": (b"\x03\x09\x01\x02\0\0\x04\x05\0\1", [[5, 5, 5, 5], [9, 9, 9, 2]]),
    "what a row has too much is dropped": (b"\x09\x07\x09\x06\0\0\x02\x01\xff\x02\0\1", [[1, 1, 2, 2], [7, 7, 7, 7]]),
    "pixels as they are, filled up": (b"\0\x03\x01\x02\x03\xee\x01\x04\0\0\x04\x08\0\1", [[8] * 4, [1, 2, 3, 4]]),
    "too many pixels as they are": (b"\0\x05\x01\x02\x03\x04\x05\xee\0\0\x04\x08\0\1", [[8] * 4, [1, 2, 3, 4]]),
    "delta": (b"\x01\x05\0\x02\x01\x01\x02\x06\0\1", [[0, 0, 6, 6], [5, 0, 0, 0]]),
    "an empty line": (b"\0\0\x04\x03\0\1", [[3] * 4, [0] * 4]),
    "an early end": (b"\x02\x03\0\1", [[0] * 4, [3, 3, 0, 0]]),
    "no end behind the last pixel": (b"\x04\x03\0\0\x04\x02", [[2] * 4, [3] * 4]),
    "delta beyond the bitmap": (b"\0\x02\x00\xff\x04\x04", [[0] * 4, [0] * 4]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_codes_of_8_bits(name):
    codes, expected = CASES[name]
    assert rows(codes, 4, 2) == expected


def test_codes_of_4_bits():
    codes = b"\x03\x12\x01\x34\0\0\0\x03\x56\x70\0\0\0\1"
    assert rows(codes, 4, 2, four=True) == [[5, 6, 7, 0], [1, 2, 1, 3]]


@pytest.mark.parametrize("codes", [b"", b"\x04", b"\x04\x01", b"\x02\x01\0\x02\x01", b"\0\x04\x01\x02"])
def test_codes_that_end_too_soon_are_an_error(codes):
    with pytest.raises(BrokenImageError):
        rows(codes, 4, 2)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize(("colors", "bands"), [(COLORS, 3), (GREY, 1)])
def test_a_file_has_the_colours_of_its_palette(bits, colors, bands):
    image = opened(bitmap(2, 2, b"\x02\x33\0\0\x02\x22\0\1", colors, bits))
    expected = [[colors[index][:bands]] * 2 for index in ((0x22, 0x33) if bits == 8 else (2, 3))]
    assert rows_of(image) == expected
    assert image.get("palette") == 1


def test_long_rows_are_written_in_blocks():
    width = 300_000
    codes = b"\xff\x01" * 600 + b"\x01\x02" * (width - 600 * 255) + b"\0\1"
    assert rows(codes, width, 1) == [[1] * (600 * 255) + [2] * (width - 600 * 255)]


@pytest.mark.parametrize(
    "code", [b"\x01\x05", b"\xff\x05", b"\0\x03\x01\x02\x03\x04", b"\0\x02\0\0", b"\0\0"], ids=bytes.hex
)
def test_h11_work_grows_no_faster_than_the_codes(code):
    """Counted in lines of Python."""

    def steps_of(number):
        codes = memoryview(code * number + b"\0\1")
        steps = 0

        def count(_frame, event, _argument):
            nonlocal steps
            steps += event in ("line", "call")
            return count

        sys.settrace(count)
        try:
            indices_of(codes, 1000, 1000, four=False)
        finally:
            sys.settrace(None)
        return steps

    assert steps_of(4000) <= 2.2 * steps_of(2000) + 100
