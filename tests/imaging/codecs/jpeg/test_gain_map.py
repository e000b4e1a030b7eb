"""Gain maps follow the picture through every step that moves pixels.

The pictures here have areas of different greys, and a map of a quarter of their size with the same areas in the same
greys. Whatever is done to the picture, map and picture have to show the same afterwards.
"""

import pytest
import pyvips

from mememime_proxy.imaging.codecs.jpeg.gain_map import gain_map_of
from mememime_proxy.imaging.pipeline import FRAME_STEPS
from mememime_proxy.plan import Crop, Extend, Gravity, GravityType, Padding, Plan, ResizingType, Trim
from tests.support.pixels import image_of, picture_of, rows_of

WIDTH, HEIGHT, FACTOR = 192, 128, 4


def grey(x, y):
    return (40, 90, 140, 190)[(x >= WIDTH // 2) + 2 * (y >= HEIGHT // 2)]


def ultra_hdr(*, low=1.0, high=4.0, gamma=1.0, bands=1):
    """The bytes of an Ultra HDR JPEG."""
    image = image_of([[(grey(x, y),) * 3 for x in range(WIDTH)] for y in range(HEIGHT)])
    small = image_of(
        [
            [(grey(x * FACTOR, y * FACTOR),) * bands for x in range(WIDTH // FACTOR)]
            for y in range(HEIGHT // FACTOR)
        ],
        "b-w" if bands == 1 else "srgb",
    )  # fmt: skip
    image.set_type(pyvips.GValue.image_type, "gainmap", small)
    lists = {"max-content-boost": high, "min-content-boost": low, "gamma": gamma, "offset-sdr": 1 / 64}
    for name, value in {**lists, "offset-hdr": 1 / 64}.items():
        image.set_type(pyvips.GValue.array_double_type, f"gainmap-{name}", [value] * 3)
    image.set_type(pyvips.GValue.gdouble_type, "gainmap-hdr-capacity-min", 1.0)
    image.set_type(pyvips.GValue.gdouble_type, "gainmap-hdr-capacity-max", high)
    image.set_type(pyvips.GValue.gint_type, "gainmap-use-base-cg", 1)
    return image.uhdrsave_buffer(Q=100)


def loaded(data=None):
    return pyvips.Image.uhdrload_buffer(data or ultra_hdr())


def rendered(plan):
    """The picture and its map, both as they come out of a file again."""
    image = loaded()
    picture = picture_of(image, plan, format_="jpeg", gain=gain_map_of(image))
    for step in FRAME_STEPS:
        picture = step(picture)
    result = loaded(picture.gain.attach_to(picture.image).uhdrsave_buffer(Q=95))
    return result, result.get_gainmap()


def greys(image):
    return [[pixel[0] for pixel in row] for row in rows_of(image)]


@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan(width=96),
        Plan(width=100, height=60, resizing_type=ResizingType.FORCE),
        Plan(width=80, height=80, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.EAST, 3, 0)),
        Plan(crop=Crop(101, 67, Gravity(GravityType.NORTH_WEST, 51, 33))),
        Plan(crop=Crop(120, 100, Gravity(GravityType.SMART))),
        Plan(rotate=90),
        Plan(rotate=180, flip_horizontal=True),
        Plan(flip_vertical=True),
        Plan(rotate=270, width=64),
        Plan(width=400, enlarge=True),
        Plan(blur=3),
        Plan(pixelate=24),
    ],
)
def test_gain_map_is_transformed_as_the_picture(plan):
    image, gain_map = rendered(plan)
    assert gain_map.width == pytest.approx(image.width / FACTOR, abs=1)
    assert gain_map.height == pytest.approx(image.height / FACTOR, abs=1)
    small = image.resize(gain_map.width / image.width, vscale=gain_map.height / image.height, kernel="linear")
    pairs = [
        (a, b)
        for row_a, row_b in zip(greys(small), greys(gain_map), strict=True)
        for a, b in zip(row_a, row_b, strict=True)
    ]
    near = sum(abs(a - b) <= 8 for a, b in pairs) / len(pairs)
    assert near > 0.85  # all but what lies on the edges between two areas
    assert max(b for _, b in pairs) - min(b for _, b in pairs) > 90


def test_gain_map_trimming_the_picture_trims_the_map():
    plan = Plan(trim=Trim(20))
    image = loaded()
    framed = image.embed(40, 20, WIDTH + 80, HEIGHT + 40, extend="background", background=[255.0])
    gain = gain_map_of(image).embedded(40, 20, WIDTH + 80, HEIGHT + 40)
    picture = picture_of(framed, plan, format_="jpeg", gain=gain)
    for step in FRAME_STEPS:
        picture = step(picture)
    assert (picture.image.width, picture.image.height) == (WIDTH, HEIGHT)
    assert greys(picture.gain.image)[10][10] == pytest.approx(40, abs=3)
    assert greys(picture.gain.image)[HEIGHT - 10][WIDTH - 10] == pytest.approx(190, abs=3)


@pytest.mark.parametrize(
    ("low", "high", "gamma", "neutral"),
    [
        (1.0, 4.0, 1.0, 0),
        (0.5, 2.0, 1.0, 128),
        (0.25, 4.0, 1.0, 128),
        (0.5, 8.0, 1.0, 64),
        (0.5, 2.0, 2.0, 64),
    ],
)
def test_gain_map_added_parts_are_neither_brightened_nor_darkened(low, high, gamma, neutral):
    """A sample is ((log2 gain - log2 low) / (log2 high - log2 low)) ** gamma; ISO 21496-1. A gain of 1 is asked for."""
    image = loaded(ultra_hdr(low=low, high=high, gamma=gamma))
    gain = gain_map_of(image)
    assert gain.neutral == pytest.approx([neutral], abs=1)
    for plan in (
        Plan(width=300, height=300, extend=Extend(True, Gravity(GravityType.NORTH))),
        Plan(padding=Padding(bottom=40)),
    ):
        picture = picture_of(image, plan, format_="jpeg", gain=gain)
        for step in FRAME_STEPS:
            picture = step(picture)
        assert greys(picture.gain.image)[-1][5] == pytest.approx(neutral, abs=1)
        assert (picture.gain.image.width, picture.gain.image.height) == (picture.image.width, picture.image.height)


def test_gain_map_map_in_colour_stays_one():
    image = loaded(ultra_hdr(bands=3))
    picture = picture_of(image, Plan(width=96), format_="jpeg", gain=gain_map_of(image))
    for step in FRAME_STEPS:
        picture = step(picture)
    assert loaded(picture.gain.attach_to(picture.image).uhdrsave_buffer()).get_gainmap().bands == 3


def test_gain_map_picture_without_a_map_has_none():
    image = image_of([[(1, 2, 3)] * 16] * 16)
    assert gain_map_of(image) is None
