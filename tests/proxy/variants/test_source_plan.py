import numpy
import pytest
import pyvips

from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, RenderConfig, ResizingType
from mememime_proxy.proxy.variants.source_plan import settle
from mememime_proxy.sources.model import Original

FOCUS = (0.2, 0.3)
SMART = Gravity(GravityType.SMART)


def original(focus=FOCUS, preset=""):
    return Original(-1, 0, focus=focus, preset=preset)


def never(_plan, _preset):
    raise AssertionError("nobody wants a preset")


def settled(plan, **kept):
    return settle(plan, original(**kept), never)


def test_a_focal_point_takes_the_place_of_gravity_where_the_plan_leaves_it_to_the_source():
    assert settled(Plan(follows_focus=True)).gravity == Gravity(GravityType.FOCUS_POINT, *FOCUS)
    assert settled(Plan(gravity=SMART, follows_focus=True)).gravity.type is GravityType.FOCUS_POINT
    assert settled(Plan(gravity=Gravity(GravityType.NORTH))).gravity == Gravity(GravityType.NORTH)


def test_without_a_focal_point_the_plan_stays_as_it_is():
    plan = Plan(gravity=SMART, follows_focus=True, takes_preset=True, crop=Crop(0.5, 0.5, SMART))
    assert settled(plan, focus=None) is plan


def test_a_crop_follows_the_focal_point_where_it_is_a_smart_one():
    crop = settled(Plan(crop=Crop(10, 10, SMART), follows_focus=True)).crop
    assert crop == Crop(10, 10, Gravity(GravityType.FOCUS_POINT, *FOCUS))
    north = Crop(10, 10, Gravity(GravityType.NORTH))
    assert settled(Plan(crop=north, follows_focus=True)).crop == north


def test_a_preset_comes_first_and_only_where_the_url_has_no_options():
    def dress(plan, preset):
        assert preset == "card"
        return Plan(source=plan.source, width=30, gravity=Gravity(GravityType.WEST))

    assert settle(Plan(takes_preset=True), original(preset="card"), dress).gravity.type is GravityType.WEST
    assert settled(Plan(), preset="card").width == 0


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_the_same_spot_stays_in_view_however_the_picture_is_turned(rotate, flips):
    """A white spot on black, far from the middle: a crop around the focal point has it, and is mostly white."""
    pixels = numpy.zeros((200, 300, 3), numpy.uint8)
    pixels[40:80, 45:75] = 255
    data = pyvips.Image.new_from_array(pixels, interpretation="srgb").pngsave_buffer()
    plan = Plan(
        resizing_type=ResizingType.FILL, width=30, height=30, crop=Crop(40, 40), rotate=rotate, follows_focus=True,
        flip_horizontal=flips[0], flip_vertical=flips[1], format="png",
    )  # fmt: skip
    found = Renderer(RenderConfig()).render(data, settled(plan))
    assert pyvips.Image.new_from_buffer(bytes(found.body), "").avg() > 150
    missed = Renderer(RenderConfig()).render(data, plan)
    assert pyvips.Image.new_from_buffer(bytes(missed.body), "").avg() < 10
