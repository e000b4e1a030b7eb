"""BMP stored as it is: every depth of palettes, files without a position of their pixels, rows that are missing."""

import struct

import pytest

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.bitmap import read_bmp
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.pixels import rows_of

COLORS = [(255 - n, n, 7 * n % 256) for n in range(256)]
WIDTH, HEIGHT = 11, 3
INDICES = [[(5 * x + 7 * y) % 256 for x in range(WIDTH)] for y in range(HEIGHT)]


def bitmap(bits, *, length=40, pixels_at=True, top_down=False, colors=COLORS):
    entry = 3 if length == 12 else 4
    palette = b"".join(bytes((blue, green, red, 0)[:entry]) for red, green, blue in colors[: 1 << bits])
    height = -HEIGHT if top_down else HEIGHT
    if length == 12:
        head = struct.pack("<IHHHH", length, WIDTH, HEIGHT, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", length, WIDTH, height, 1, bits, 0, 0, 0, 0, 0, 0)[:length].ljust(
            length, b"\0"
        )
    lines = []
    for row in INDICES if top_down else INDICES[::-1]:
        digits = "".join(format(index % (1 << bits), f"0{bits}b") for index in row)
        line = int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")
        lines.append(line + bytes(-len(line) % 4))
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, start if pixels_at else 0) + head + palette + b"".join(lines)


def opened(data):
    return open_original(data, ImageLimits(), RenderConfig()).load()


def expected(bits):
    return [[COLORS[index % (1 << bits)] for index in row] for row in INDICES]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "options", [{}, {"top_down": True}, {"pixels_at": False}, {"length": 12}, {"length": 16}, {"length": 108}], ids=str
)
def test_bmp_indices_of_every_depth(bits, options):
    image = opened(bitmap(bits, **options))
    assert rows_of(image) == expected(bits)
    assert image.get("palette") == 1


def test_bmp_palette_of_grey_is_grey():
    grey = [(n, n, n) for n in range(256)]
    assert rows_of(opened(bitmap(8, colors=grey))) == [[(index,) for index in row] for row in INDICES]
    black_and_white = [(0, 0, 0), (255, 255, 255)]
    found = rows_of(opened(bitmap(1, colors=black_and_white)))
    assert found == [[(255 * (index & 1),) for index in row] for row in INDICES]


@pytest.mark.parametrize("bits", [1, 8])
@pytest.mark.parametrize("missing", [1, 4, 7])
def test_bmp_rows_that_are_missing_have_index_zero(bits, missing):
    data = bitmap(bits, top_down=True)
    cut = data[:-missing]
    with pytest.raises(BrokenImageError, match="pixels"):
        opened(cut)
    header, _ = inspect(cut, ImageLimits(), RenderConfig())
    found = rows_of(read_bmp(cut, header, partial=True))
    whole = rows_of(opened(data[:-missing] + bytes(missing)))
    assert found == whole


def test_bmp_of_which_no_row_is_there_is_black():
    data = bitmap(8, top_down=True)
    header, _ = inspect(data, ImageLimits(), RenderConfig())
    start = struct.unpack_from("<I", data, 10)[0]
    assert rows_of(read_bmp(data[:start], header, partial=True)) == [[COLORS[0]] * WIDTH] * HEIGHT
