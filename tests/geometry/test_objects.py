"""The window that shows objects best, against every window there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.geometry.boxes import Box
from mememime_proxy.geometry.objects import (
    WeightedBox,
    around,
    best_window,
    crop_around,
    place_window,
    weighted,
)
from mememime_proxy.plan import Gravity, GravityType

OUTER = (40, 30)
MODES = ("max_score_area", "one_best", "one_best_centermost")


@st.composite
def boxes(draw, width=OUTER[0], height=OUTER[1]):
    left, right = sorted(draw(st.lists(st.integers(0, width), min_size=2, max_size=2, unique=True)))
    top, bottom = sorted(draw(st.lists(st.integers(0, height), min_size=2, max_size=2, unique=True)))
    return Box(left / width, top / height, right / width, bottom / height)


windows = st.tuples(st.integers(1, OUTER[0]), st.integers(1, OUTER[1]))
found = st.lists(st.tuples(boxes(), st.floats(0.01, 10)), min_size=1, max_size=5)
CENTER = Gravity()


def score(objects, left, top, inner):
    total = 0.0
    for each in objects:
        box = each.box
        across = max(0, min(box.right, left + inner[0]) - max(box.left, left))
        down = max(0, min(box.bottom, top + inner[1]) - max(box.top, top))
        total += each.weight * across * down / ((box.right - box.left) * (box.bottom - box.top))
    return total


@given(found, windows)
def test_no_window_covers_more(objects, inner):
    objects = weighted(objects, OUTER, "max_score_area")
    left, top = best_window(objects, OUTER, inner)
    assert 0 <= left <= OUTER[0] - inner[0]
    assert 0 <= top <= OUTER[1] - inner[1]
    most = max(
        score(objects, x, y, inner) for x in range(OUTER[0] - inner[0] + 1) for y in range(OUTER[1] - inner[1] + 1)
    )
    assert score(objects, left, top, inner) >= most * (1 - 1e-6)


@given(
    found, windows, st.sampled_from(MODES), st.sampled_from(list(GravityType)), st.floats(-50, 50), st.floats(-50, 50)
)
def test_window_is_always_in_the_picture(objects, inner, mode, kind, x, y):
    place = Gravity(kind, x, y) if kind is not GravityType.FOCUS_POINT else Gravity(kind, abs(x) / 50, abs(y) / 50)
    objects = weighted(objects, OUTER, mode)
    if objects:
        left, top = place_window(objects, OUTER, inner, mode, place, 2.0)
        assert 0 <= left <= OUTER[0] - inner[0]
        assert 0 <= top <= OUTER[1] - inner[1]


@given(boxes(), windows, st.sampled_from(MODES))
def test_one_object_lies_in_the_middle_as_far_as_the_picture_goes(box, inner, mode):
    objects = weighted([(box, 1.0)], OUTER, mode)
    if objects:
        window = place_window(objects, OUTER, inner, mode, CENTER, 1.0)
        for i in (0, 1):
            wanted = (box[i] + box[i + 2]) / 2 * OUTER[i] - inner[i] / 2
            assert abs(window[i] - max(0, min(wanted, OUTER[i] - inner[i]))) <= 1.001


@given(found, windows)
def test_order_of_objects_does_not_matter(objects, inner):
    one, other = (weighted(each, OUTER, "max_score_area") for each in (objects, objects[::-1]))
    assert place_window(one, OUTER, inner, "max_score_area", CENTER, 1.0) == place_window(
        other, OUTER, inner, "max_score_area", CENTER, 1.0
    )


# A centre between two pixels is the later one, as for other gravities. Two objects of 10 × 10 far from each other in
# 100 × 50, and one of 20 × 20 in between.
LEFT, RIGHT, LARGE = Box(0.0, 0.4, 0.1, 0.6), Box(0.9, 0.4, 1.0, 0.6), Box(0.3, 0.3, 0.5, 0.7)
WIDE = (100, 50)


def window(objects, mode="max_score_area", place=CENTER, inner=(20, 20), dpr=1.0):
    return place_window(weighted(objects, WIDE, mode), WIDE, inner, mode, place, dpr)


def test_heavier_object_is_shown_where_both_cannot_be():
    assert window([(LEFT, 1.0), (RIGHT, 2.0)]) == (80, 14)
    assert window([(LEFT, 2.0), (RIGHT, 1.0)]) == (0, 14)


def test_two_near_objects_are_shown_together_rather_than_a_heavier_third_one():
    near = Box(0.12, 0.4, 0.2, 0.6)
    assert window([(LEFT, 1.0), (near, 1.0), (RIGHT, 1.5)]) == (0, 14)


@pytest.mark.parametrize(
    ("mode", "place"), [("max_score_area", (80, 14)), ("one_best", (30, 15)), ("one_best_centermost", (30, 15))]
)
def test_mode_says_what_counts(mode, place):
    assert window([(LARGE, 0.6), (RIGHT, 1.0)], mode) == place


def test_of_equal_objects_the_one_in_the_middle_is_the_best():
    corner, middle = Box(0.0, 0.0, 0.1, 0.2), Box(0.45, 0.4, 0.55, 0.6)
    assert window([(corner, 1.0), (middle, 0.9)], "one_best", inner=(10, 10)) == (0, 0)
    assert window([(corner, 1.0), (middle, 0.9)], "one_best_centermost", inner=(10, 10)) == (45, 20)


@pytest.mark.parametrize(
    ("place", "dpr", "expected"),
    [
        (Gravity(), 1, (20, 5)),
        (Gravity(GravityType.WEST), 1, (30, 5)),
        (Gravity(GravityType.WEST, 4), 2, (22, 5)),
        (Gravity(GravityType.SOUTH_EAST, 0.1), 1, (14, 0)),
        (Gravity(GravityType.FOCUS_POINT, 0.25, 0.5), 1, (30, 5)),
        (Gravity(GravityType.PROPORTIONAL), 1, (24, 5)),
    ],
)
def test_objects_lie_in_the_window_as_the_position_says(place, dpr, expected):
    # The object is at 30..50 and 15..35.
    assert window([(LARGE, 1.0)], place=place, inner=(40, 40), dpr=dpr) == expected


def test_objects_without_weight_do_not_count():
    assert weighted([(LEFT, 0.0), (Box(0.2, 0.2, 0.2, 0.4), 1.0)], WIDE, "max_score_area") == ()
    assert weighted([(LEFT, 0.5)], WIDE, "max_score_area") == (WeightedBox(Box(0, 20, 10, 30), 0.5),)


@given(st.lists(boxes(), min_size=1, max_size=4), st.floats(0.1, 5), st.just(0.0) | st.floats(0.2, 5))
def test_crop_is_in_the_picture_and_around_the_objects(several, scale, ratio):
    left, top, width, height = crop_around(several, OUTER, scale, ratio)
    assert 0 <= left <= left + width <= OUTER[0]
    assert 0 <= top <= top + height <= OUTER[1]
    box = around(several)
    if scale >= 1:
        assert left <= box.left * OUTER[0] + 1
        assert top <= box.top * OUTER[1] + 1
        assert left + width >= box.right * OUTER[0] - 1
        assert top + height >= box.bottom * OUTER[1] - 1


@pytest.mark.parametrize(
    ("scale", "ratio", "expected"),
    [
        (1, 0, (30, 15, 20, 20)),
        (1.5, 0, (25, 10, 30, 30)),
        (1, 2, (20, 15, 40, 20)),
        (1, 0.5, (30, 5, 20, 40)),
        (9, 0, (0, 0, 100, 50)),
        (2, 2, (0, 5, 80, 40)),
    ],
)
def test_crop_is_scaled_and_widened_about_its_centre(scale, ratio, expected):
    assert crop_around([LARGE], WIDE, scale, ratio) == expected
