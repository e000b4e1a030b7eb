import pytest

from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.imaging.steps.scaling import GIF_MAX_PIXELS, fit_format, scale
from mememime_proxy.plan import Plan, RenderConfig, ResizingType
from tests.support.pixels import all_near, flat, image_of, near, picture_of, rows_of


def halves(left, right, width=64, height=32):
    return [[left] * (width // 2) + [right] * (width // 2) for _ in range(height)]


def test_scaling_result_has_the_size_of_the_geometry_and_the_colours_of_the_picture():
    rows = halves((200, 10, 50), (20, 120, 250))
    result = rows_of(scale(picture_of(image_of(rows), Plan(width=16))).image)
    assert (len(result[0]), len(result)) == (16, 8)
    assert all_near([row[:4] for row in result], flat(4, 8, (200, 10, 50)))
    assert all_near([row[-4:] for row in result], flat(4, 8, (20, 120, 250)))


def test_scaling_both_sides_have_their_own_scale():
    plan = Plan(width=16, height=32, resizing_type=ResizingType.FORCE)
    image = scale(picture_of(image_of(halves((0, 0, 0), (255, 255, 255))), plan)).image
    assert (image.width, image.height) == (16, 32)


def test_scaling_rotated_picture_exchanges_the_scales():
    plan = Plan(width=8, rotate=90)
    image = scale(picture_of(image_of(halves((0, 0, 0), (255, 255, 255))), plan)).image
    assert (image.width, image.height) == (16, 8)


def test_scaling_nothing_to_scale_is_no_operation():
    picture = picture_of(image_of(flat(8, 8, (1, 2, 3))), Plan(width=8))
    assert scale(picture) is picture


def test_scaling_colour_of_transparent_pixels_does_not_bleed():
    rows = [[(255, 0, 0, 0) if (x // 2 + y // 2) % 2 else (0, 0, 255, 255) for x in range(32)] for y in range(32)]
    result = rows_of(scale(picture_of(image_of(rows), Plan(width=8))).image)
    visible = [pixel for row in result for pixel in row if pixel[3] > 60]
    assert visible
    assert all(near(pixel[:3], (0, 0, 255), 6) for pixel in visible)


@pytest.mark.parametrize(("linear", "grey"), [(False, 128), (True, 188)])
def test_scaling_linear_light_keeps_the_brightness_of_fine_patterns(linear, grey):
    """Half the light of white is 0.5 in linear light: 188 in sRGB (IEC 61966-2-1)."""
    rows = [[(255,) * 3 if (x + y) % 2 else (0,) * 3 for x in range(64)] for y in range(64)]
    config = RenderConfig(use_linear_colorspace=linear)
    image = scale(picture_of(image_of(rows), Plan(width=16), config=config)).image
    assert (image.interpretation, image.format) == ("srgb", "uchar")
    assert all_near(rows_of(image), flat(16, 16, (grey,) * 3), 2)


@pytest.mark.parametrize(
    ("format_", "width", "height", "result"),
    [
        ("webp", 20000, 10, (16383, 8)),
        ("avif", 20000, 100, (16384, 82)),
        ("gif", 70000, 10, (65535, 9)),
        ("ico", 512, 300, (256, 150)),
        ("png", 70000, 2, (70000, 2)),
        ("webp", 16383, 3, (16383, 3)),
    ],
)
def test_scaling_formats_have_a_longest_side(format_, width, height, result):
    image = image_of(flat(1, 1, (9, 9, 9))).embed(0, 0, width, height, extend="copy")
    image = fit_format(picture_of(image, format_=format_)).image
    assert (image.width, image.height) == result


def test_scaling_gifs_also_have_a_largest_area():
    image = image_of(flat(1, 1, (9,)), "b-w").embed(0, 0, 40000, 30000, extend="copy")
    image = fit_format(picture_of(image, format_="gif")).image
    assert image.width * image.height == pytest.approx(GIF_MAX_PIXELS, rel=0.001)
    assert image.width / image.height == pytest.approx(4 / 3, rel=0.001)


@pytest.mark.parametrize("bands", [3, 4])
def test_scaling_takes_the_kernel_of_the_plan(bands):
    rows = [[((x * 37 + y * 91) % 256,) * 3 + (200,) * (bands == 4) for x in range(64)] for y in range(48)]
    found = {
        kind: rows_of(scale(picture_of(image_of(rows), Plan(width=23, resizing_algorithm=kind))).image)
        for kind in ResizingAlgorithm
    }
    assert len({str(each) for each in found.values()}) == len(ResizingAlgorithm)
    assert {pixel for row in found[ResizingAlgorithm.NEAREST] for pixel in row} <= {
        pixel for row in rows for pixel in row
    }
