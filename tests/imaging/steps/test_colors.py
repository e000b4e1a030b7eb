"""Colour management. Expected colours come from the definitions of the spaces, not from our own output."""

import pytest
import pyvips

from mememime_proxy.imaging.picture import ICC_FIELD, profile
from mememime_proxy.imaging.steps.colors import is_srgb, to_processing, to_result
from mememime_proxy.plan import Plan
from tests.support.pixels import all_near, flat, image_of, near, picture_of, rows_of

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
    return to_result(to_processing(picture)).image


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
