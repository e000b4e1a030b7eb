"""Actions of a manifest are what was done."""

from dataclasses import replace

import pytest

from mememime_proxy.formats.effects_plan import BlurAreas, Effects, Shape, Watermark
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.provenance.actions import actions_of
from mememime_proxy.plan import Crop, Extend, Padding, Plan, ResizingType, Trim


def actions(*plans, orientation=1):
    pipelines = [(plan, calculate(400, 300, orientation, plan)) for plan in plans]
    *found, last = (each.removeprefix("c2pa.") for each in actions_of(pipelines))
    assert last == "transcoded"
    return found


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(), []),
        (Plan(width=400, height=300), []),
        (Plan(width=200), ["resized"]),
        (Plan(width=100, height=100, resizing_type=ResizingType.FILL), ["cropped", "resized"]),
        (Plan(crop=Crop(100, 0)), ["cropped"]),
        (Plan(crop=Crop(400, 300)), []),
        (Plan(crop=Crop(100, 100), rotate=90), ["cropped", "orientation"]),
        (Plan(rotate=90), ["orientation"]),
        (Plan(flip_vertical=True), ["orientation"]),
        (Plan(effects=Effects(brightness=10, negate=True)), ["color_adjustments"]),
        (Plan(effects=Effects(background_alpha=0.5)), []),
        (Plan(effects=Effects(blur_areas=BlurAreas(3.0, ((0.0, 0.0, 1.0, 1.0),)))), ["filtered"]),
        (Plan(blur=3), ["filtered"]),
        (Plan(pixelate=1), []),
        (Plan(trim=Trim(10)), ["cropped"]),
        (Plan(padding=Padding(top=5)), ["edited"]),
        (Plan(width=300, height=300, extend=Extend(enabled=True)), ["resized", "edited"]),
        (Plan(watermark=Watermark(1.0)), ["edited"]),
        (Plan(shape=Shape(angle=3.0)), ["edited"]),
    ],
)
def test_actions_are_those_of_the_plan(plan, expected):
    assert actions(plan) == expected


def test_actions_of_a_chain_are_those_of_all_its_pipelines_each_once():
    first = Plan(width=200)
    assert actions(first, replace(first, width=100, blur=2)) == ["resized", "filtered"]
    assert actions(Plan(), orientation=6) == ["orientation"]
