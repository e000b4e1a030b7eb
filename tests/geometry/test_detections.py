"""Objects follow the geometry of their picture."""

from mememime_proxy.geometry.boxes import Box, Move
from mememime_proxy.geometry.detections import Detection, carried_objects


def test_objects_are_carried_and_those_outside_are_left_out():
    face, car = Detection(0, "face", 0.9, Box(0, 0, 0.25, 0.5)), Detection(1, "car", 0.8, Box(0.8, 0.8, 1, 1), 2.0)
    (moved,) = carried_objects([face, car], Move(crop=Box(0, 0, 0.5, 0.5), angle=90))
    assert moved == Detection(0, "face", 0.9, Box(0, 0, 1, 0.5))
    assert [each.is_among(("face",)) for each in (face, car)] == [True, False]
    assert face.is_among(())
