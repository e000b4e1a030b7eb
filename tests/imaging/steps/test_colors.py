"""Colour management. Expected colours come from the definitions of the spaces, not from our own output."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.color.icc import is_srgb
from mememime_proxy.imaging.color.working_space import ICC_FIELD, profile
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.steps.colors import to_processing, to_result, to_srgb
from mememime_proxy.plan import ImageLimits, Padding, Plan, RenderConfig, Trim
from tests.support import color_files
from tests.support.colorimetry import SPACES, delta_e, icc_profile
from tests.support.pixels import all_near, flat, image_of, near, picture_of, rows_of

P3_RED = (234, 51, 35)
KEEP = Plan(strip_color_profile=False)


def built_in(name):
    """A profile that libvips carries."""
    bands = {"cmyk": 4, "sgrey": 1}.get(name, 3)
    source = "cmyk" if bands == 4 else "srgb"
    image = image_of(flat(1, 1, (0,) * (4 if bands == 4 else 3)), source)
    return image.icc_transform(name, input_profile=source).get(ICC_FIELD)


def with_profile(rows, name, space="srgb", kind="uchar"):
    image = image_of(rows, space, kind)
    image.set_type(pyvips.GValue.blob_type, ICC_FIELD, built_in(name))
    return image


def finished(picture):
    return to_result(to_srgb(to_processing(picture))).image


def p3_to_srgb(color):
    """Display P3 to sRGB by their primaries (SMPTE EG 432-1, IEC 61966-2-1); both have sRGB's curve."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
    matrix = ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979))
    out = []
    for row in matrix:
        c = max(0.0, min(1.0, sum(a * b for a, b in zip(row, linear, strict=True))))
        out.append(round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)))
    return tuple(out)


@pytest.mark.parametrize("color", [(200, 100, 50), (10, 200, 40), (128, 128, 128), (90, 60, 220)])
def test_colors_wide_gamut_picture_becomes_srgb(color):
    image = finished(picture_of(with_profile(flat(4, 4, color), "p3"), format_="jpeg"))
    assert all_near(rows_of(image), flat(4, 4, p3_to_srgb(color)), 2)
    assert profile(image) is None


def test_colors_kept_profile_does_not_change_pixels():
    source = with_profile(flat(4, 4, (200, 100, 50)), "p3")
    image = finished(picture_of(source, KEEP, format_="jpeg"))
    assert rows_of(image) == flat(4, 4, (200, 100, 50))
    assert profile(image) == profile(source)


@pytest.mark.parametrize("format_", ["gif", "bmp", "ico"])
def test_colors_format_without_profiles_gets_srgb_all_the_same(format_):
    image = finished(picture_of(with_profile(flat(4, 4, (200, 100, 50)), "p3"), KEEP, format_=format_))
    assert near(rows_of(image)[0][0], p3_to_srgb((200, 100, 50)), 2)
    assert profile(image) is None


def test_colors_alpha_is_kept():
    image = finished(picture_of(with_profile(flat(4, 4, (200, 100, 50, 77)), "p3")))
    assert near(rows_of(image)[0][0], (*p3_to_srgb((200, 100, 50)), 77), 2)


def test_colors_cmyk_is_converted_by_its_profile():
    source = with_profile(flat(4, 4, (0, 0, 0, 0)), "cmyk", "cmyk")
    image = finished(picture_of(source, format_="png"))
    assert (image.interpretation, image.bands) == ("srgb", 3)
    assert near(rows_of(image)[0][0], (255, 255, 255), 3)
    assert profile(image) is None


def test_colors_cmyk_without_a_profile_becomes_rgb():
    image = finished(picture_of(image_of(flat(4, 4, (0, 255, 255, 0)), "cmyk"), format_="jpeg"))
    red, green, blue = rows_of(image)[0][0]
    assert red > 180
    assert green < 80
    assert blue < 80


def test_colors_kept_cmyk_profile_gives_cmyk_by_format():
    source = with_profile(flat(4, 4, (30, 60, 90, 10)), "cmyk", "cmyk")
    image = finished(picture_of(source, KEEP, format_="jpeg"))
    assert image.interpretation == "cmyk"
    assert profile(image) == profile(source)
    image = finished(picture_of(source, KEEP, format_="png"))
    assert image.interpretation == "srgb"
    assert profile(image) is None


@pytest.mark.parametrize(
    ("space", "pixel", "plan", "format_", "result", "kind"),
    [
        ("rgb16", (0, 32896, 65535), Plan(), "png", (0, 128, 255), "uchar"),
        ("rgb16", (0, 32896, 65535), Plan(preserve_hdr=True), "png", (0, 32896, 65535), "ushort"),
        ("rgb16", (0, 32896, 65535), Plan(preserve_hdr=True), "jpeg", (0, 128, 255), "uchar"),
        ("rgb16", (0, 0, 65535, 32896), Plan(), "webp", (0, 0, 255, 128), "uchar"),
        ("grey16", (32896,), Plan(), "png", (128,), "uchar"),
        ("grey16", (32896,), Plan(preserve_hdr=True), "tiff", (32896,), "ushort"),
    ],
)
def test_colors_16_bits_are_kept_only_for_hdr(space, pixel, plan, format_, result, kind):
    image = finished(picture_of(image_of(flat(2, 2, pixel), space, "ushort"), plan, format_=format_))
    assert image.format == kind
    assert near(rows_of(image)[0][0], result)


def test_colors_linear_light_gets_the_curve_of_srgb():
    linear = pyvips.Image.black(2, 2, bands=3).linear([1, 1, 1], [0.5, 0.5, 0.5]).copy(interpretation="scrgb")
    image = finished(picture_of(linear, format_="jpeg"))
    assert all_near(rows_of(image), flat(2, 2, (188, 188, 188)))


def test_colors_lab_becomes_srgb():
    lab = pyvips.Image.black(2, 2, bands=3).linear([1, 1, 1], [100, 0, 0]).copy(interpretation="lab")
    assert all_near(rows_of(finished(picture_of(lab, format_="jpeg"))), flat(2, 2, (255, 255, 255)))


def test_colors_grey_profile_keeps_grey():
    image = finished(picture_of(with_profile(flat(2, 2, (100,)), "sgrey", "b-w"), format_="jpeg"))
    assert image.interpretation == "b-w"
    assert all_near(rows_of(image), flat(2, 2, (100,)))


@pytest.mark.parametrize("data", [b"x", b"\0" * 500, b"junk" * 100])
def test_colors_broken_profile_is_dropped(data):
    source = image_of(flat(2, 2, (9, 8, 7)))
    source.set_type(pyvips.GValue.blob_type, ICC_FIELD, data)
    image = finished(picture_of(source, format_="jpeg"))
    assert rows_of(image) == flat(2, 2, (9, 8, 7))
    assert profile(image) is None


def header_of_srgb():
    data = bytearray(128)
    for offset, value in ((8, b"\2\x10\0\0"), (16, b"RGB "), (24, b"\7\xce\0\2\0\t"), (48, b"IEC "), (52, b"sRGB")):
        data[offset : offset + len(value)] = value
    data[80:84] = b"HP  "
    return bytes(data)


def test_colors_common_srgb_profile_is_recognised_by_its_header():
    data = header_of_srgb()
    assert is_srgb(data)
    assert not is_srgb(data[:127])
    for offset in (8, 16, 24, 48, 52, 80):
        changed = bytearray(data)
        changed[offset] ^= 1
        assert not is_srgb(bytes(changed))


def test_colors_from_srgb_nothing_is_converted():
    source = image_of(flat(2, 2, (200, 100, 50)))
    source.set_type(pyvips.GValue.blob_type, ICC_FIELD, header_of_srgb())
    image = finished(picture_of(source, format_="jpeg"))
    assert rows_of(image) == flat(2, 2, (200, 100, 50))
    assert profile(image) is None


def test_colors_picture_in_srgb_without_a_profile_costs_no_operation():
    picture = picture_of(image_of(flat(2, 2, (1, 2, 3))), format_="jpeg")
    assert finished(picture) is picture.image


# P2, P3: colours of the whole pipeline


@pytest.mark.parametrize("color", [(150, 140, 130), (94, 60, 108), (245, 245, 245)])
def test_colors_p2_background_and_padding_of_cmyk_whose_profile_is_kept(color):
    source = with_profile(flat(32, 32, (30, 60, 90, 10)), "cmyk", "cmyk")
    plan = Plan(format="tiff", strip_color_profile=False, padding=Padding(9, 9, 9, 9), background=color)
    body = Renderer(RenderConfig()).render(source.tiffsave_buffer(), plan).body
    image = open_original(body, ImageLimits(), RenderConfig()).load()
    assert image.interpretation == "cmyk"
    printed = image_of(flat(2, 2, color)).icc_transform("cmyk", input_profile="srgb")
    assert near(image.getpoint(2, 2), printed.getpoint(0, 0), 6)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("name", ["Display P3", "linear", "PQ"])
def test_colors_p2_trim_by_a_color_of_the_url(name, keep):
    border = [round(float(v) * 255) for v in SPACES[name].from_srgb(np.array((32, 192, 64)) / 255)]
    rows = [[tuple(border)] * 40 for _ in range(40)]
    for y in range(12, 28):
        rows[y][10:30] = [(200, 20, 20)] * 20
    image = image_of(rows)
    image.set_type(pyvips.GValue.blob_type, ICC_FIELD, icc_profile(name))
    plan = Plan(format="png", trim=Trim(10.0, (32, 192, 64)), strip_color_profile=not keep)
    result = Renderer(RenderConfig()).render(image.pngsave_buffer(), plan)
    assert (result.width, result.height) == (20, 16)


@pytest.mark.parametrize("name", ["linear", "gamma 1.8"])
def test_colors_p3_filters_on_grey_with_a_profile(name):
    sample = 90
    image = image_of(flat(32, 32, (sample,)), "b-w")
    image.set_type(pyvips.GValue.blob_type, ICC_FIELD, icc_profile(name, grey=True))
    expected = float(SPACES[name].to_srgb(np.full(3, sample / 255))[0]) * 255
    body = Renderer(RenderConfig()).render(image.pngsave_buffer(), Plan(format="png", blur=2.0)).body
    assert near(open_original(body, ImageLimits(), RenderConfig()).load().getpoint(16, 16), (expected,) * 3, 2)


@pytest.mark.parametrize("name", ["Display P3", "linear", "PQ", "HLG"])
def test_colors_p3_resizing_in_linear_light(name):
    file = color_files.with_profile(name, "tiff", 16)
    body = Renderer(RenderConfig(use_linear_colorspace=True)).render(file.data, Plan(format="png", width=48)).body
    assert delta_e(file.shown(body), file.expected).max() < 4


def test_colors_p3_animation_is_converted_frame_by_frame():
    frames = image_of([*flat(32, 32, P3_RED), *flat(32, 31, P3_RED), *flat(32, 1, (90, 90, 90))])
    frames.set_type(pyvips.GValue.blob_type, ICC_FIELD, icc_profile("Display P3"))
    frames = with_metadata(frames, {"page-height": 32, "delay": [50, 50], "loop": 0})
    webp = frames.webpsave_buffer(lossless=True)
    limits = ImageLimits(max_animation_frames=9)
    plan = Plan(format="webp", limits=limits, background=(32, 192, 64), padding=Padding(8, 8, 8, 8), quality=100)
    result = Renderer(RenderConfig()).render(webp, plan)
    assert result.pages == 2
    image = open_original(result.body, limits, RenderConfig()).load(pages=2)
    for frame in (0, 48):
        assert near(image.getpoint(3, frame + 3)[:3], (32, 192, 64), 6)
        assert near(image.getpoint(24, frame + 24)[:3], (255, 0, 0), 6)


def test_colors_p3_fallbacks_of_thumbnails_and_shrinking_have_the_profile_too():
    file = color_files.with_profile("Display P3", "jpeg")
    body = Renderer(RenderConfig()).render(file.data, Plan(format="png", width=12)).body
    shown = open_original(body, ImageLimits(), RenderConfig()).load()
    assert near(shown.getpoint(1, 1), file.expected[0][0] * 255, 12)
