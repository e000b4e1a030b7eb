"""BMP: I8 (alpha of 32 bits, palettes, grey), masks of every kind."""

import io
import struct

import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Padding, Plan, RenderConfig
from tests.support.malformed_images import photo, saved
from tests.support.pixels import all_near, image_of, rows_of

RED, GREEN = (200, 30, 10), (10, 220, 40)
ROWS = [[(*RED, 128), (*GREEN, 255), (*GREEN, 0)], [(*GREEN, 64), (*RED, 255), (*RED, 3)]]
BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(rows, masks=BGRA, *, bits=32, length=124, compression=3, told=None, top_down=False, gap=0) -> bytes:
    """A file whose pixels have their channels at ``masks``; ``told``: those that it tells instead."""
    height, width = len(rows), len(rows[0])
    told = masks if told is None else told
    head = struct.pack(
        "<IiiHHIIiiII", length, width, -height if top_down else height, 1, bits, compression, 0, 2835, 2835, 0, 0
    )
    head = (head + struct.pack("<IIII", *told) + b"BGRs").ljust(max(length, 40), b"\0")
    head = head[:length] if length > 40 else head[: 40 + gap]
    lines = []
    for row in rows if top_down else rows[::-1]:
        line = b"".join(_number(pixel, masks).to_bytes(bits // 8, "little") for pixel in row)
        lines.append(line + bytes(-len(line) % 4))
    pixels = b"".join(lines)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels


def _number(pixel, masks) -> int:
    number = 0
    for value, mask in zip(pixel, masks, strict=False):
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        number |= round(value * (mask >> shift) / 255) << shift
    return number


def loaded(data: bytes) -> pyvips.Image:
    return open_original(data, ImageLimits(), RenderConfig()).load()


def rgb(rows):
    return [[pixel[:3] for pixel in row] for row in rows]


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"length": 124},
        {"length": 108},
        {"length": 56},
        {"length": 124, "compression": 0},
        {"length": 108, "compression": 0},
        {"length": 40, "compression": 0},
        {"length": 40, "compression": 6, "gap": 16},
        {"length": 40, "compression": 3, "gap": 16},
    ],
    ids=str,
)
def test_i8_alpha_of_32_bits_is_read(options, top_down):
    assert rows_of(loaded(bmp(ROWS, top_down=top_down, **options))) == ROWS


@pytest.mark.parametrize(
    "options",
    [
        {"length": 124, "told": (*BGRA[:3], 0)},
        {"length": 108, "told": (*BGRA[:3], 0), "compression": 0},
        {"length": 52},
        {"length": 40, "compression": 3, "gap": 12},
    ],
    ids=str,
)
def test_i8_fourth_byte_without_a_mask_is_no_alpha(options):
    assert rows_of(loaded(bmp(ROWS, **options))) == rgb(ROWS)


@pytest.mark.parametrize(
    "options", [{"length": 124}, {"length": 124, "compression": 0}, {"length": 40, "compression": 0}]
)
def test_i8_alpha_of_zero_throughout_is_opaque(options):
    rows = [[(*pixel[:3], 0) for pixel in row] for row in ROWS]
    assert rows_of(loaded(bmp(rows, **options))) == rgb(ROWS)


MASKS = {
    "argb": (32, (0xFF00, 0xFF0000, 0xFF000000, 0xFF)),
    "rgba": (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    "10-bit": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)),
    "565": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "555": (16, (0x7C00, 0x3E0, 0x1F, 0)),
    "1555": (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "4444": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "green": (16, (0, 0xFF00, 0, 0)),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("length", [124, 108, 56])
def test_i8_masks_of_every_kind(name, length):
    bits, masks = MASKS[name]
    tops = [mask >> (mask & -mask).bit_length() - 1 if mask else 0 for mask in masks]
    expected = [
        [tuple(round(round(v * t / 255) * 255 / t) if t else 0 for v, t in zip(p, tops, strict=True)) for p in row]
        for row in ROWS
    ]
    found = rows_of(loaded(bmp(ROWS, masks, bits=bits, length=length)))
    assert all_near(found, expected if masks[3] else rgb(expected))


def test_i8_sixteen_bits_without_bit_fields_are_five_each():
    rows = [[(255, 0, 0), (0, 255, 0), (0, 0, 255)]]
    assert rows_of(loaded(bmp(rows, MASKS["555"][1], bits=16, length=40, compression=0))) == rows


@pytest.mark.parametrize("masks", [(0xFF0000, 0xFF00, 0x55, 0), (0xF0F000, 0xF00, 0xFF, 0)])
def test_i8_masks_with_holes_are_refused(masks):
    with pytest.raises(BrokenImageError, match="mask"):
        loaded(bmp(ROWS, told=masks))


@pytest.mark.parametrize("bits", [16, 32])
def test_i8_pixels_that_end_too_soon_are_refused(bits):
    with pytest.raises(BrokenImageError, match="pixels"):
        loaded(bmp(ROWS, MASKS["4444"][1] if bits == 16 else BGRA, bits=bits)[:-1])


@pytest.mark.parametrize(("compression", "bits"), [(1, 32), (2, 16), (1, 4), (2, 8)])
def test_i8_run_lengths_of_other_depths_are_refused(compression, bits):
    with pytest.raises(BrokenImageError):
        loaded(
            bmp(ROWS, bits=32, compression=compression, length=40)[:28]
            + struct.pack("<HI", bits, compression)
            + bytes(99)
        )


def imgproxy_file(rows) -> bytes:
    """A file as imgproxy 4 writes it: BITMAPV5HEADER, masks, no bit fields, from the top down."""
    bands = len(rows[0][0])
    return bmp(rows, bits=8 * bands, compression=0, told=BGRA, masks=BGRA if bands == 4 else BGRA[:3], top_down=True)


def test_i8_files_of_imgproxy_come_back():
    assert rows_of(loaded(imgproxy_file(ROWS))) == ROWS
    assert rows_of(loaded(imgproxy_file(rgb(ROWS)))) == rgb(ROWS)


@pytest.mark.parametrize("width", range(1, 6))
def test_i8_own_files_come_back(width):
    for bands in (1, 3, 4):
        rows = [[(10 * x, 20 * y, 7, 100)[:bands] for x in range(width)] for y in range(5)]
        body = save(
            image_of(rows, "srgb" if bands > 1 else "b-w"), "bmp", quality=80, plan=Plan(), config=RenderConfig()
        )
        (bits,) = struct.unpack_from("<H", body, 28)
        assert bits == 8 * bands
        assert struct.unpack_from("<I", body, 2)[0] == len(body)
        assert rows_of(loaded(body)) == rows
        assert Image.open(io.BytesIO(body)).size == (width, 5)


def test_i8_grey_with_alpha_is_written_with_alpha():
    body = save(image_of([[(90, 30)]], "b-w"), "bmp", quality=80, plan=Plan(), config=RenderConfig())
    assert rows_of(loaded(body)) == [[(90, 90, 90, 30)]]


@pytest.mark.parametrize(("colors", "depth"), [(2, 1), (4, 2), (16, 4), (17, 8), (256, 8)])
def test_i8_palette_of_a_bmp_is_kept_for_png(colors, depth):
    data = saved("BMP", photo().quantize(colors))
    body = bytes(Renderer(RenderConfig()).render(data, Plan(format="png")).body)
    assert struct.unpack_from(">BB", body, 24) == (depth, 3)
    padded = bytes(
        Renderer(RenderConfig())
        .render(data, Plan(format="png", padding=Padding(3, 3, 3, 3), background=(1, 250, 3)))
        .body
    )
    assert Image.open(io.BytesIO(padded)).convert("RGB").getpixel((1, 1)) == (1, 250, 3)
