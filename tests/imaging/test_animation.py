"""Frames one below the other, each with its own colours and each treated by itself."""

import pytest

from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.animation import Timing, render_frames
from mememime_proxy.imaging.image_fields import field, with_metadata
from mememime_proxy.imaging.picture import single_frame
from mememime_proxy.imaging.pipeline import FRAME_STEPS
from mememime_proxy.plan import Extend, Plan, Trim
from tests.support.pixels import all_near, flat, image_of, picture_of, places, rotated, rows_of

COLORS = [(200, 10, 10), (10, 200, 10), (10, 10, 200)]


def stacked(frames, plan, **metadata):
    """An animation as libvips loads it."""
    height = len(frames[0])
    image = image_of([row for frame in frames for row in frame])
    image = with_metadata(image, {"page-height": height, "n-pages": len(frames), "loop": 3} | metadata)
    picture = picture_of(image, plan, format_="gif")
    return picture.with_changes(geometry=calculate(image.width, height, 1, plan), frames=len(frames))


def test_animation_frames_do_not_mix_when_they_are_scaled():
    frames = [flat(32, 32, color) for color in COLORS]
    image = render_frames(stacked(frames, Plan(width=8)), FRAME_STEPS).image
    assert (image.width, image.height) == (8, 24)
    assert all_near(rows_of(image), [row for color in COLORS for row in flat(8, 8, color)], 0)
    assert (image.get("page-height"), image.get("n-pages"), image.get("loop")) == (8, 3, 3)


def test_animation_every_frame_is_turned_by_itself():
    frame = places(6, 4)
    image = render_frames(stacked([frame, frame], Plan(rotate=90)), FRAME_STEPS).image
    assert rows_of(image) == rotated(frame, 90) * 2
    assert image.get("page-height") == 6


def test_animation_every_frame_gets_its_canvas():
    plan = Plan(width=8, height=8, enlarge=False, extend=Extend(True))
    image = render_frames(stacked([flat(4, 4, color) for color in COLORS], plan), FRAME_STEPS).image
    assert (image.width, image.height, image.bands) == (8, 24, 4)
    assert rows_of(image)[0][0] == (0, 0, 0, 0)
    assert rows_of(image)[8 + 4][4] == (*COLORS[1], 255)


def test_animation_trim_is_left_out():
    frames = [flat(4, 4, color) for color in COLORS]
    frames[0][0] = [(0, 0, 0)] * 4
    image = render_frames(stacked(frames, Plan(trim=Trim(10))), FRAME_STEPS).image
    assert rows_of(image) == [row for frame in frames for row in frame]


@pytest.mark.parametrize(
    ("metadata", "delays"),
    [({"delay": [10, 20, 30]}, [10, 20, 30]), ({"delay": [10, 20, 30, 40, 50]}, [10, 20, 30]), ({}, [40, 40, 40])],
)
def test_animation_delays_are_kept_for_loaded_frames(metadata, delays):
    frames = [flat(4, 4, color) for color in COLORS]
    image = render_frames(stacked(frames, Plan(), **metadata), FRAME_STEPS).image
    assert image.get("delay") == delays


def test_animation_timing_of_an_image_that_tells_nothing():
    assert Timing.of(image_of(flat(1, 2, (0, 0, 0))), 2) == Timing((40, 40), 0)


def test_animation_still_picture_claims_no_frames():
    image = stacked([flat(2, 2, (1, 1, 1))], Plan(), delay=[10]).image
    image = single_frame(image)
    assert all(field(image, name, None) is None for name in ("delay", "loop", "page-height", "n-pages"))
    assert single_frame(image) is image
