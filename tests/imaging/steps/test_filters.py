from itertools import pairwise

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats.effects_plan import Colorize, Duotone, Effects, Gradient, Monochrome, ProgressiveBlur, Shape
from mememime_proxy.geometry.geometry import turned_size
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.steps.filters import EXACT_BLUR, apply_filters, blurred, shape
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.pixels import all_near, flat, image_of, near, picture_of, rows_of


def filtered(rows, plan, space="srgb", kind="uchar"):
    return apply_filters(picture_of(image_of(rows, space, kind), plan)).image


def edge(width=40, height=20):
    return [[(40, 40, 40)] * (width // 2) + [(200, 200, 200)] * (width // 2) for _ in range(height)]


def test_filters_no_filter_is_no_operation():
    picture = picture_of(image_of(edge()), Plan(pixelate=1))
    assert apply_filters(picture) is picture


def test_filters_blur_smooths_an_edge_and_keeps_the_mean():
    row = rows_of(filtered(edge(), Plan(blur=3)))[10]
    values = [pixel[0] for pixel in row]
    assert values == sorted(values)
    assert max(b - a for a, b in pairwise(values)) < 40
    assert sum(values) / len(values) == pytest.approx(120, abs=2)


def test_filters_more_blur_is_smoother():
    def steepest(sigma):
        values = [pixel[0] for pixel in rows_of(filtered(edge(), Plan(blur=sigma)))[10]]
        return max(b - a for a, b in pairwise(values))

    assert steepest(1) > steepest(2) > steepest(5)


def test_filters_blur_does_not_mix_in_the_colour_of_transparent_pixels():
    rows = [[(255, 0, 0, 0)] * 10 + [(0, 0, 255, 255)] * 10 for _ in range(20)]
    for pixel in rows_of(filtered(rows, Plan(blur=2)))[10]:
        assert pixel[3] < 20 or near(pixel[:3], (0, 0, 255), 14)


def test_filters_sharpen_makes_an_edge_steeper():
    soft = rows_of(filtered(edge(), Plan(blur=2)))
    sharp = rows_of(filtered(soft, Plan(sharpen=2)))
    assert sharp[10][20][0] - sharp[10][19][0] > soft[10][20][0] - soft[10][19][0]


def test_filters_pixelate_averages_squares():
    rows = [[(10 * (x % 4), 20 * (y % 4), 0) for x in range(8)] for y in range(8)]
    assert all_near(rows_of(filtered(rows, Plan(pixelate=4))), flat(8, 8, (15, 30, 0)))


def test_filters_last_squares_are_filled_by_a_mirror():
    rows = [[(0, 0, 0)] * 4 + [(100, 100, 100), (200, 200, 200)] for _ in range(4)]
    result = rows_of(filtered(rows, Plan(pixelate=4)))
    assert all_near([row[:4] for row in result], flat(4, 4, (0, 0, 0)))
    assert all_near([row[4:] for row in result], flat(2, 4, (150, 150, 150)))
    assert (len(result[0]), len(result)) == (6, 4)


def test_filters_squares_larger_than_the_picture_are_one_colour():
    rows = [[(0, 0, 0)] * 4 + [(100, 100, 100)] * 4 for _ in range(8)]
    assert all_near(rows_of(filtered(rows, Plan(pixelate=1000))), flat(8, 8, (50, 50, 50)))


@pytest.mark.parametrize(
    ("pixel", "space", "kind", "expected"),
    [((90,), "b-w", "uchar", (90, 90, 90)), ((0, 32768, 65535), "rgb16", "ushort", (0, 128, 255))],
)
def test_filters_work_in_8_bit_srgb(pixel, space, kind, expected):
    image = filtered(flat(8, 8, pixel), Plan(pixelate=2), space, kind)
    assert (image.interpretation, image.format) == ("srgb", "uchar")
    assert all_near(rows_of(image), flat(8, 8, expected))


def test_filters_absurd_strengths_do_not_fail():
    rows = rows_of(filtered(edge(), Plan(blur=1e9, sharpen=1e9)))
    assert (len(rows[0]), len(rows)) == (40, 20)


def _stripes(width=640, height=480):
    """Shapes of several sizes in three colours."""
    return [
        [(255 * (x // 120 % 2), 255 * (y // 90 % 2), (x * y // 700) % 256) for x in range(width)] for y in range(height)
    ]


@pytest.mark.parametrize("sigma", [EXACT_BLUR, 50, 100, 250])
def test_h11_a_strong_blur_by_a_smaller_copy_looks_the_same(sigma):
    image = image_of(_stripes())
    difference = (blurred(image, sigma).cast("int") - image.gaussblur(sigma)).abs()
    assert difference.max() <= 8
    assert difference.avg() <= 1.5


def test_h11_a_blur_of_common_strength_is_exact():
    image = image_of(_stripes(200, 150))
    assert blurred(image, 31.9).write_to_memory() == image.gaussblur(31.9).write_to_memory()


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3)])
def test_h11_the_strongest_blur_of_any_shape_is_of_its_size(size):
    image = image_of(flat(*size, (10, 200, 90)))
    result = blurred(image, 1000)
    assert (result.width, result.height) == size
    assert all_near(rows_of(result), flat(*size, (10, 200, 90)))


@pytest.mark.parametrize(
    ("pixel", "space", "kind"),
    [((90,), "b-w", "uchar"), ((0, 32768, 65535), "rgb16", "ushort"), ((9, 9, 9, 0), "srgb", "uchar")],
)
def test_effects_are_of_8_bit_srgb(pixel, space, kind):
    effects = Effects(negate=True, progressive_blur=ProgressiveBlur(3), gradient=Gradient(0.5), colorize=Colorize(0.2))
    image = filtered(flat(8, 8, pixel), Plan(effects=effects, blur=1, sharpen=1, pixelate=2), space, kind)
    assert (image.interpretation, image.format, image.bands) == ("srgb", "uchar", 3 + (len(pixel) == 4))


def test_effects_of_colours_come_before_blur_and_sheets_after_it():
    rows = flat(8, 8, (10, 10, 10))
    result = filtered(rows, Plan(effects=Effects(negate=True, colorize=Colorize(1.0, (1, 2, 3))), pixelate=2))
    assert all_near(rows_of(result), flat(8, 8, (1, 2, 3)))


def test_effects_leave_no_profile_of_the_original():
    p3 = pyvips.Image.new_from_memory(bytes([200, 60, 60] * 64), 8, 8, 3, "uchar").copy(interpretation="srgb")
    wide = p3.icc_transform("p3", input_profile="srgb")
    picture = picture_of(wide, Plan(effects=Effects(brightness=1))).with_changes(icc=wide.get("icc-profile-data"))
    result = apply_filters(picture)
    assert result.icc is None
    assert all_near(rows_of(result.image), flat(8, 8, (201, 61, 61)), 2)


EFFECTS = [
    {"brightness": -40},
    {"saturation": 1.5},
    {"hue": 200.0},
    {"gamma": 0.5},
    {"sepia": 0.5},
    {"normalize": (2.0, 98.0)},
    {"monochrome": Monochrome(0.7, (9, 99, 200))},
    {"duotone": Duotone(1.0)},
    {"negate": True},
    {"progressive_blur": ProgressiveBlur(40.0, 33.0)},
    {"colorize": Colorize(0.5)},
    {"gradient": Gradient(0.5, (1, 2, 3), 90.0)},
]


@given(
    st.lists(st.sampled_from(EFFECTS), max_size=3), st.sampled_from([1, 2, 3, 4]), st.integers(1, 9), st.integers(1, 9)
)
def test_any_effects_fit_any_picture(chosen, bands, width, height):
    effects = Effects(**{name: value for each in chosen for name, value in each.items()})
    space = "b-w" if bands < 3 else "srgb"
    image = filtered(flat(width, height, (120, 60, 200, 77)[:bands]), Plan(effects=effects), space)
    assert (image.width, image.height) == (width, height)


def test_shape_none_is_no_operation():
    picture = picture_of(image_of(edge()), Plan())
    assert shape(picture) is picture


def test_shape_has_corners_a_mask_and_an_angle():
    mask = open_original(image_of(flat(2, 2, (128, 128, 128))).pngsave_buffer(), ImageLimits(), RenderConfig())
    plan = Plan(shape=Shape(corners=(8,), mask="http://m", angle=90.0))
    picture = shape(picture_of(image_of(edge()), plan).with_changes(marks={"http://m": mask}))
    rows = rows_of(picture.image)
    assert (len(rows[0]), len(rows)) == (20, 40)
    assert rows[0][0][3] == 0
    assert abs(rows[20][10][3] - 128) <= 1


@pytest.mark.parametrize("angle", [10.0, 45.0, 133.0, 270.0])
def test_shape_of_any_angle_has_the_sides_that_geometry_says(angle):
    image = shape(picture_of(image_of(edge()), Plan(shape=Shape(angle=angle)))).image
    width, height = turned_size(40, 20, angle)
    assert abs(image.width - width) <= 1
    assert abs(image.height - height) <= 1
