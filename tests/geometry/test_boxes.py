import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.geometry.boxes import Box, Move, carried, stored
from mememime_proxy.geometry.geometry import Rotation

BOX = Box(0.1, 0.2, 0.4, 0.3)


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (Move(), BOX),
        (Move(crop=Box(0.0, 0.0, 0.5, 0.5)), Box(0.2, 0.4, 0.8, 0.6)),
        (Move(crop=Box(0.2, 0.0, 1.0, 1.0)), Box(0.0, 0.2, 0.25, 0.3)),
        (Move(angle=90), Box(0.7, 0.1, 0.8, 0.4)),
        (Move(angle=180), Box(0.6, 0.7, 0.9, 0.8)),
        (Move(angle=270), Box(0.2, 0.6, 0.3, 0.9)),
        (Move(horizontal=True), Box(0.6, 0.2, 0.9, 0.3)),
        (Move(vertical=True), Box(0.1, 0.7, 0.4, 0.8)),
    ],
)
def test_box_is_carried(move, expected):
    assert carried([BOX], move)[0] == pytest.approx(expected)


def test_box_outside_of_a_crop_is_left_out():
    assert carried([BOX, Box(0.0, 0.0, 1.0, 1.0)], Move(crop=Box(0.5, 0.5, 1.0, 1.0))) == (Box(0.0, 0.0, 1.0, 1.0),)


@given(st.integers(1, 8), st.tuples(*[st.floats(0, 0.5)] * 2), st.tuples(*[st.floats(0.1, 0.5)] * 2))
def test_stored_box_is_upright_again_after_the_rotation(orientation, corner, size):
    box = Box(*corner, corner[0] + size[0], corner[1] + size[1])
    rotation = Rotation.from_orientation(orientation)
    upright = carried(stored([box], rotation), Move(angle=rotation.angle, horizontal=rotation.flip))
    assert upright[0] == pytest.approx(box)


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        (Box(0.0, 0.0, 1.0, 1.0), (0, 0, 10, 20)),
        (Box(0.11, 0.1, 0.29, 0.2), (1, 2, 2, 2)),
        (Box(0.1, 0.1, 0.3, 0.15), (1, 2, 2, 1)),
        (Box(1.0, 1.0, 1.0, 1.0), (9, 19, 1, 1)),
    ],
)
def test_pixels_are_all_that_a_box_touches(box, pixels):
    assert box.pixels(10, 20) == pixels
