import pytest

from mememime_proxy.formats.effects_plan import Shape
from mememime_proxy.imaging.steps.canvas import CANVAS_STEPS, extend, extend_aspect_ratio, fill_canvas, pad
from mememime_proxy.imaging.steps.filters import shape
from mememime_proxy.plan import Extend, Gravity, GravityType, Padding, Plan
from tests.support.pixels import flat, image_of, near, picture_of, places, rows_of

ROWS = places(6, 4)
CLEAR = (0, 0, 0, 0)


def on_canvas(rows, left, top, width, height):
    canvas = [[CLEAR] * width for _ in range(height)]
    for y, row in enumerate(rows):
        for x, pixel in enumerate(row):
            canvas[top + y][left + x] = (*pixel, 255)
    return canvas


@pytest.mark.parametrize(
    ("kind", "left", "top"),
    [("nowe", 0, 0), ("no", 2, 0), ("noea", 4, 0), ("we", 0, 2), ("ce", 2, 2), ("ea", 4, 2),
     ("sowe", 0, 4), ("so", 2, 4), ("soea", 4, 4)],
)  # fmt: skip
def test_canvas_extend_puts_the_picture_on_the_box(kind, left, top):
    plan = Plan(width=10, height=8, extend=Extend(True, Gravity(GravityType(kind))))
    assert rows_of(extend(picture_of(image_of(ROWS), plan)).image) == on_canvas(ROWS, left, top, 10, 8)


def test_canvas_extend_with_one_side_keeps_the_other():
    plan = Plan(height=8, extend=Extend(True, Gravity(GravityType.NORTH, 0, 1)))
    assert rows_of(extend(picture_of(image_of(ROWS), plan)).image) == on_canvas(ROWS, 0, 1, 6, 8)


def test_canvas_offsets_of_extend_follow_the_dpr():
    plan = Plan(width=10, height=4, dpr=1, extend=Extend(True, Gravity(GravityType.WEST, 0.2, 0)))
    assert rows_of(extend(picture_of(image_of(ROWS), plan)).image) == on_canvas(ROWS, 2, 0, 10, 4)
    plan = Plan(width=5, height=2, dpr=2, enlarge=True, extend=Extend(True, Gravity(GravityType.WEST, 1, 0)))
    picture = picture_of(image_of(ROWS), plan)
    assert rows_of(extend(picture).image) == on_canvas(ROWS, 2, 0, 10, 4)


@pytest.mark.parametrize(("width", "height", "canvas"), [(3, 4, (0, 2, 6, 8)), (3, 1, (4, 0, 12, 4)), (3, 2, None)])
def test_canvas_extending_the_aspect_ratio(width, height, canvas):
    plan = Plan(width=width * 20, height=height * 20, extend_aspect_ratio=Extend(True))
    picture = picture_of(image_of(ROWS), plan)
    result = extend_aspect_ratio(picture)
    if canvas is None:
        assert result is picture
    else:
        assert rows_of(result.image) == on_canvas(ROWS, *canvas)


def test_canvas_extending_the_aspect_ratio_needs_both_sides():
    picture = picture_of(image_of(ROWS), Plan(width=100, extend_aspect_ratio=Extend(True)))
    assert extend_aspect_ratio(picture) is picture


def test_canvas_padding_is_added_on_each_side():
    plan = Plan(padding=Padding(top=1, right=2, bottom=3, left=4))
    assert rows_of(pad(picture_of(image_of(ROWS), plan)).image) == on_canvas(ROWS, 4, 1, 12, 8)


def test_canvas_padding_is_scaled_by_the_dpr_with_halves_to_even():
    plan = Plan(padding=Padding(top=1, right=3, bottom=5, left=2), dpr=0.5)
    picture = picture_of(image_of(places(6, 4)), plan)
    assert (pad(picture).image.width, pad(picture).image.height) == (6 + 1 + 2, 4 + 0 + 2)


def test_canvas_alpha_channel_there_stays():
    rows = flat(2, 2, (1, 2, 3, 77))
    result = rows_of(pad(picture_of(image_of(rows), Plan(padding=Padding(left=1)))).image)
    assert result == [[CLEAR, (1, 2, 3, 77), (1, 2, 3, 77)]] * 2


def test_canvas_grey_and_16_bits_stay():
    result = pad(picture_of(image_of(flat(2, 2, (40000,)), "grey16", "ushort"), Plan(padding=Padding(left=1)))).image
    assert rows_of(result) == [[(0, 0), (40000, 65535), (40000, 65535)]] * 2


@pytest.mark.parametrize("step", [extend, extend_aspect_ratio, pad])
def test_canvas_without_options_returns_the_same_picture(step):
    picture = picture_of(image_of(ROWS), Plan(width=3, height=2))
    assert step(picture) is picture


def test_canvas_is_filled_with_the_blurred_picture():
    plan = Plan(width=20, height=20, extend=Extend(True), padding=Padding(5, 5, 5, 5), shape=Shape(background_blur=9))
    picture = shape(picture_of(image_of(flat(20, 10, (200, 100, 40))), plan))
    for step in CANVAS_STEPS:
        picture = step(picture)
    rows = rows_of(picture.image)
    assert (len(rows[0]), len(rows)) == (30, 30)
    assert rows[15][15] == (200, 100, 40)
    assert near(rows[0][0], (170, 85, 34), 3)


def test_canvas_that_does_not_grow_is_not_filled():
    picture = shape(picture_of(image_of(flat(20, 10, (200, 100, 40))), Plan(shape=Shape(background_blur=9))))
    assert rows_of(fill_canvas(picture).image) == flat(20, 10, (200, 100, 40))
