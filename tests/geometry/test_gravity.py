"""Gravity against pictures that are really turned: lists of rows, rotated and mirrored with plain Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.geometry.gravity import before_rotation, position
from mememime_proxy.plan import Gravity, GravityType

BY_CONTENT = (GravityType.SMART, GravityType.OBJECTS, GravityType.PROPORTIONAL)
PLACES = [kind for kind in GravityType if kind not in BY_CONTENT]
sides = st.integers(1, 5000)
offsets = st.one_of(st.floats(-0.99, 0.99), st.integers(-300, 300).map(float))
gravities = st.builds(Gravity, st.sampled_from(PLACES), offsets, offsets)


def rotated(rows):
    """A quarter turn clockwise."""
    return [list(row) for row in zip(*rows[::-1], strict=True)]


def seen(rows, angle, flip_x, flip_y):
    for _ in range(angle // 90):
        rows = rotated(rows)
    if flip_x:
        rows = [row[::-1] for row in rows]
    return rows[::-1] if flip_y else rows


def cut(rows, width, height, gravity):
    left, top = position((len(rows[0]), len(rows)), (width, height), gravity, 1.0)
    return [row[left : left + width] for row in rows[top : top + height]]


@given(sides, sides, st.data(), gravities, st.floats(0.1, 8))
def test_gravity_window_is_inside_the_picture(width, height, data, gravity, dpr):
    inner = data.draw(st.integers(1, width)), data.draw(st.integers(1, height))
    left, top = position((width, height), inner, gravity, dpr)
    assert 0 <= left <= width - inner[0]
    assert 0 <= top <= height - inner[1]


@given(sides, sides, sides, sides, gravities)
def test_gravity_with_overflow_keeps_one_pixel_inside(width, height, inner_width, inner_height, gravity):
    left, top = position((width, height), (inner_width, inner_height), gravity, 1.0, overflow=True)
    assert -inner_width < left < width
    assert -inner_height < top < height


@pytest.mark.parametrize(
    ("kind", "left", "top"),
    [
        ("nowe", 0, 0), ("no", 40, 0), ("noea", 80, 0),
        ("we", 0, 30), ("ce", 40, 30), ("ea", 80, 30),
        ("sowe", 0, 60), ("so", 40, 60), ("soea", 80, 60),
    ],
)  # fmt: skip
def test_gravity_nine_places(kind, left, top):
    assert position((100, 80), (20, 20), Gravity(GravityType(kind)), 1.0) == (left, top)


@pytest.mark.parametrize(
    ("kind", "left", "top"), [("nowe", 7, 5), ("soea", 73, 55), ("ce", 47, 35), ("no", 47, 5), ("ea", 73, 35)]
)
def test_gravity_offsets_push_inwards_from_edges_and_right_and_down_from_the_centre(kind, left, top):
    assert position((100, 80), (20, 20), Gravity(GravityType(kind), 7, 5), 1.0) == (left, top)


def test_gravity_absolute_offsets_follow_the_dpr_and_relative_ones_the_outer_box():
    assert position((100, 80), (20, 20), Gravity(GravityType.NORTH_WEST, 3, 2.5), 2.0) == (6, 5)
    assert position((100, 80), (20, 20), Gravity(GravityType.NORTH_WEST, 0.1, 0.25), 2.0) == (10, 20)


def test_gravity_centre_of_an_odd_remainder_is_rounded_to_even():
    assert [position((20 + rest, 10), (20, 10), Gravity(), 1.0)[0] for rest in range(6)] == [0, 1, 2, 2, 2, 3]


def test_gravity_focus_point_is_the_centre_of_the_window_within_the_picture():
    focus = GravityType.FOCUS_POINT
    assert position((100, 80), (21, 20), Gravity(focus, 0.5, 0.5), 1.0) == (40, 30)
    assert position((100, 80), (20, 20), Gravity(focus, 0.0, 1.0), 1.0) == (0, 60)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("flip_x", [False, True])
@pytest.mark.parametrize("flip_y", [False, True])
@pytest.mark.parametrize("kind", PLACES)
def test_gravity_crop_before_rotation_equals_crop_after_it(kind, angle, flip_x, flip_y):
    width, height, inner_width, inner_height = 12, 8, 4, 2  # even rests: no rounding that a mirror would show
    stored = [[(x, y) for x in range(width)] for y in range(height)]
    x, y = (0.25, 0.75) if kind is GravityType.FOCUS_POINT else (1.0, 2.0)
    gravity = Gravity(kind, x, y)
    turned = seen(stored, angle, flip_x, flip_y)
    wanted = (inner_height, inner_width) if angle % 180 else (inner_width, inner_height)
    expected = cut(turned, *wanted, gravity)
    found = seen(
        cut(stored, inner_width, inner_height, before_rotation(gravity, angle, flip_x=flip_x, flip_y=flip_y)),
        angle,
        flip_x,
        flip_y,
    )
    if kind is GravityType.CENTER or kind.value in ("no", "so", "ea", "we"):
        # the middle of an even rest is rounded to even, towards one side: a mirror may move it by one pixel
        shift = abs(found[0][0][0] - expected[0][0][0]) + abs(found[0][0][1] - expected[0][0][1])
        assert shift <= 2
    else:
        assert found == expected


@given(gravities, st.sampled_from([0, 90, 180, 270]))
def test_gravity_turn_and_its_opposite_give_the_same_gravity(gravity, angle):
    back = before_rotation(before_rotation(gravity, angle), (360 - angle) % 360)
    assert back.type is gravity.type
    assert back.x == pytest.approx(gravity.x)
    assert back.y == pytest.approx(gravity.y)


def test_gravity_smart_stays_smart():
    assert before_rotation(Gravity(GravityType.SMART), 90, flip_x=True, flip_y=True).type is GravityType.SMART
