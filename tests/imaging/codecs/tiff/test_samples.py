"""P10: extra channels of TIFF; P19: samples of any kind. Values are those that ImageMagick shows, where it agrees."""

import io
import itertools

import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Padding, Plan, RenderConfig, ResizingType, Trim
from tests.support.pixels import near
from tests.support.tiff_writer import (
    ASSOCIATED,
    BLACK_IS_ZERO,
    CMYK,
    FLOAT,
    LAB,
    PALETTE,
    RGB,
    SIGNED,
    UNASSOCIATED,
    UNSIGNED,
    UNSPECIFIED,
    WHITE_IS_ZERO,
    tiff,
)  # fmt: skip

GREYS = (200, 50, 10, 128, 0, 255)
COLORS = ((200, 50, 10), (10, 50, 200), (0, 255, 128), (255, 0, 0))
WRITABLE = [name for name, format_ in FORMATS.items() if format_.writable and not format_.document]


def rendered(data: bytes, format_: str = "png", **options: object) -> bytes:
    return bytes(Renderer(RenderConfig()).render(data, Plan(format=format_, **options)).body)


def seen(data: bytes, format_: str = "png", mode: str = "RGBA", **options: object) -> list[tuple[int, ...]]:
    """The pixels of the first line."""
    image = Image.open(io.BytesIO(rendered(data, format_, **options))).convert(mode)
    return [image.getpixel((x, 0)) for x in range(image.width)]


def greys(scale, *more, lines=2):
    return [[(scale(value), *more) for value in GREYS]] * lines


def colors(scale, *more, lines=2):
    return [[(*map(scale, color), *more) for color in COLORS]] * lines


KINDS = {
    "uint8": (8, UNSIGNED, lambda v: v),
    "uint16": (16, UNSIGNED, lambda v: v * 257),
    "uint32": (32, UNSIGNED, lambda v: v * 0x01010101),
    "int8": (8, SIGNED, lambda v: v - 128),
    "int16": (16, SIGNED, lambda v: v * 257 - 32768),
    "int32": (32, SIGNED, lambda v: v * 0x01010101 - (1 << 31)),
    "int8-from-0": (8, SIGNED, lambda v: v // 2),
    "int16-from-0": (16, SIGNED, lambda v: v * 32767 // 255),
    "int32-from-0": (32, SIGNED, lambda v: v * 0x7FFFFFFF // 255),
    "half": (16, FLOAT, lambda v: v / 255),
    "float": (32, FLOAT, lambda v: v / 255),
    "double": (64, FLOAT, lambda v: v / 255),
    "float-255": (32, FLOAT, lambda v: v),
    **{
        f"{bits}-bit": (bits, UNSIGNED, lambda v, bits=bits: round(v * ((1 << bits) - 1) / 255))
        for bits in (6, 10, 12, 14)
    },
}
INTEGERS = [name for name, (_, sample_format, _) in KINDS.items() if sample_format != FLOAT]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflated", [False, True])
def test_p19_grey_of_every_kind_has_its_value(kind, order, deflated):
    bits, sample_format, scale = KINDS[kind]
    data = tiff(greys(scale), BLACK_IS_ZERO, bits, sample_format, order=order, deflated=deflated)
    tolerance = 2 if bits <= 8 else 1
    assert all(abs(a - b) <= tolerance for a, b in zip(seen(data, mode="L"), GREYS, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_p19_white_is_zero_in_every_kind(kind):
    bits, sample_format, scale = KINDS[kind]
    data = tiff(greys(scale), WHITE_IS_ZERO, bits, sample_format)
    assert all(abs(a - (255 - b)) <= 2 for a, b in zip(seen(data, mode="L"), GREYS, strict=True))


@pytest.mark.parametrize("kind", INTEGERS)
@pytest.mark.parametrize("planar", [False, True])
def test_p19_rgb_of_every_whole_number_has_its_value(kind, planar):
    bits, sample_format, scale = KINDS[kind]
    data = tiff(colors(scale), RGB, bits, sample_format, planar=planar)
    if planar and bits not in (8, 16, 32):
        with pytest.raises(UnsupportedFormatError, match="planes"):
            seen(data)
        return
    assert all(near(a[:3], b, 2) for a, b in zip(seen(data), COLORS, strict=True))


@pytest.mark.parametrize("kind", ["half", "float", "double"])
def test_p19_rgb_in_float_is_linear_light_as_in_libvips(kind):
    bits, sample_format, scale = KINDS[kind]
    found = seen(tiff(colors(scale), RGB, bits, sample_format))
    assert near(found[0][:3], (229, 122, 56), 1)
    assert found[2][:2] == (0, 255)


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB])
@pytest.mark.parametrize("width", [1, 3, 8, 13])
def test_p19_few_bits(bits, photometric, width):
    top = (1 << bits) - 1
    values = [(x * 5 + 1) % (top + 1) for x in range(width)]
    rows = [[(v, top - v, v // 2) if photometric == RGB else (v,) for v in values]] * 2
    expected = [tuple(round(v * 255 / top) for v in pixel) for pixel in rows[0]]
    if photometric == WHITE_IS_ZERO:
        expected = [(255 - v,) for (v,) in expected]
    found = seen(tiff(rows, photometric, bits))
    assert all(near(a[: len(b)], b, 1) for a, b in zip(found, expected, strict=True))


WIDE = [
    ("uint32", RGB),
    ("int16", BLACK_IS_ZERO),
    ("half", BLACK_IS_ZERO),
    ("double", RGB),
    ("12-bit", RGB),
    ("float", RGB),
]


@pytest.mark.parametrize("format_", WRITABLE)
@pytest.mark.parametrize(("kind", "photometric"), WIDE)
@pytest.mark.parametrize("hdr", [False, True])
def test_p19_wide_samples_are_written_in_every_format(format_, kind, photometric, hdr):
    bits, sample_format, scale = KINDS[kind]
    rows = (colors if photometric == RGB else greys)(scale, lines=20)
    data = tiff([[pixel for pixel in row for _ in range(5)] for row in rows], photometric, bits, sample_format)
    body = rendered(data, format_, preserve_hdr=hdr, quality=95)
    again = open_original(body, ImageLimits(), RenderConfig()).load().colourspace("srgb")
    reference = Image.open(io.BytesIO(rendered(data))).convert("RGB")
    for x in range(2, reference.width, 5):
        assert near(
            again.getpoint(x, 10)[:3],
            reference.getpixel((x, 10)),
            6 if format_ not in ("jpeg", "gif", "webp", "avif", "jxl") else 40,
        )


def test_p19_asset_facts_keep_the_depth_of_the_samples():
    for kind, depth in {"uint32": 32, "int16": 16, "half": 16, "double": 64, "12-bit": 12, "uint8": 8}.items():
        bits, sample_format, scale = KINDS[kind]
        assert inspect(tiff(greys(scale), BLACK_IS_ZERO, bits, sample_format), ImageLimits(), RenderConfig()).depth in (
            depth,
            16,
        )


EXTRAS = [
    ((), (128,), 128),
    ((UNASSOCIATED,), (128,), 128),
    ((UNSPECIFIED,), (128,), 255),
    ((UNASSOCIATED, UNSPECIFIED), (128, 77), 128),
    ((UNSPECIFIED, UNASSOCIATED), (77, 128), 128),
    ((UNSPECIFIED, UNSPECIFIED), (77, 99), 255),
]
"""Kinds of extra channels, their values, and the alpha."""
OPTIONS = [
    {}, {"background": (1, 2, 3)}, {"trim": Trim(10)}, {"width": 2, "resizing_type": ResizingType.FORCE}, {"blur": 1.0},
    {"padding": Padding(20, 20, 20, 20)}, {"strip_color_profile": False, "strip_metadata": False},
]  # fmt: skip


@pytest.mark.parametrize(("extra", "values", "alpha"), EXTRAS)
@pytest.mark.parametrize("kind", INTEGERS)
def test_p10_tag_decides_which_channel_is_alpha(extra, values, alpha, kind):
    bits, sample_format, scale = KINDS[kind]
    if len(extra) > 1 and bits not in (8, 16, 32):
        return
    more = [scale(value) for value in values]
    data = tiff(colors(scale, *more), RGB, bits, sample_format, extra=extra)
    assert all(near(a, (*b, alpha), 2) for a, b in zip(seen(data), COLORS, strict=True))
    data = tiff(greys(scale, *more), BLACK_IS_ZERO, bits, sample_format, extra=extra)
    assert all(near(a, (b, b, b, alpha), 2) for a, b in zip(seen(data), GREYS, strict=True))


@pytest.mark.parametrize("extra", [(ASSOCIATED,), (ASSOCIATED, UNSPECIFIED), (UNSPECIFIED, ASSOCIATED)])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "int16", "float", "half", "double"])
@pytest.mark.parametrize("photometric", [BLACK_IS_ZERO, RGB])
def test_p10_associated_alpha_is_divided_out(extra, kind, photometric):
    bits, sample_format, scale = KINDS[kind]
    more = [scale(128 if kind_ == ASSOCIATED else 250) for kind_ in extra]
    pixels = [tuple(scale(v) for v in color) for color in ((100, 25, 5), (0, 64, 128))]
    if photometric == BLACK_IS_ZERO:
        pixels = [pixel[1:2] for pixel in pixels]
    found = seen(tiff([[(*pixel, *more) for pixel in pixels]] * 2, photometric, bits, sample_format, extra=extra))
    plain = [[*[min(65535, round(v * 255 / 128)) for v in color]] for color in ((100, 25, 5), (0, 64, 128))]
    if sample_format == FLOAT and photometric == RGB:
        plain = [[round(255 * _srgb(v / 255)) for v in color] for color in plain]
    if photometric == BLACK_IS_ZERO:
        plain = [[color[1]] * 3 for color in plain]
    assert all(near(a, (*b, 128), 2) for a, b in zip(found, plain, strict=True)), (found, plain)


def _srgb(light: float) -> float:
    return 1.055 * light ** (1 / 2.4) - 0.055 if light > 0.0031308 else 12.92 * light


@pytest.mark.parametrize(("extra", "values", "alpha"), EXTRAS[:3])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planar", [False, True])
def test_p10_cmyk_with_an_extra_channel(extra, values, alpha, bits, planar):
    scale = 257 if bits == 16 else 1
    pixel = [v * scale for v in (0, 255, 255, 0, *values)]
    data = tiff([[tuple(pixel)] * 3] * 2, CMYK, bits, extra=extra, planar=planar)
    without = tiff([[tuple(pixel[:4])] * 3] * 2, CMYK, bits)
    assert all(near(a, (*b[:3], alpha), 2) for a, b in zip(seen(data), seen(without), strict=True))
    assert seen(data, "jpeg", quality=95) == seen(data, "jpeg", quality=95, background=(255, 255, 255))


@pytest.mark.parametrize(("extra", "alpha"), [((UNASSOCIATED,), 128), ((UNSPECIFIED,), 255)])
def test_p10_palette_and_lab_with_an_extra_channel(extra, alpha):
    table = [*(v * 257 for v in range(256)), *[0] * 256, *(65535 - v * 257 for v in range(256))]
    data = tiff([[(200, 128), (50, 128)]] * 2, PALETTE, extra=extra, tags=[(320, 3, table)])
    assert seen(data) == [(200, 0, 55, alpha), (50, 0, 205, alpha)]
    for bits in (8, 16):
        unit = 1 << bits - 8
        data = tiff([[(128 * unit, 0, 0, 128 * unit)] * 2] * 2, LAB, bits, extra=extra)
        assert near(seen(data)[0], (119, 119, 119, alpha), 2)


@pytest.mark.parametrize("format_", WRITABLE)
@pytest.mark.parametrize(
    ("photometric", "extra"), list(itertools.product((BLACK_IS_ZERO, RGB, CMYK), [(2,), (2, 0), (0, 2), (0, 0)]))
)
def test_p10_extra_channels_pass_every_step_and_encoder(format_, photometric, extra):
    count = {BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}[photometric]
    if count + len(extra) > 5:
        return
    rows = [
        [(*((40 * x + 9 * y) % 256 for _ in range(count)), 128, 60)[: count + len(extra)] for x in range(24)]
        for y in range(20)
    ]
    for planar in (False, True):
        data = tiff(rows, photometric, extra=extra, planar=planar)
        for options in OPTIONS:
            assert rendered(data, format_, **options)


def test_p10_ordinary_files_are_handed_on_as_they_are():
    for mode in ("L", "RGB", "RGBA", "CMYK", "LA"):
        out = io.BytesIO()
        Image.new(mode, (9, 7), 77).save(out, "TIFF")
        image = open_original(out.getvalue(), ImageLimits(), RenderConfig()).load()
        assert image.bands == len(mode)
        assert image.format == "uchar"


def test_p10_inks_without_a_name_are_a_picture():
    data = tiff([[(128, 10)] * 4] * 4, CMYK, tags=[(332, 3, [2]), (334, 3, [2])])
    for format_ in WRITABLE:
        assert rendered(data, format_)
    assert pyvips.Image.new_from_buffer(rendered(data), "").bands == 1
