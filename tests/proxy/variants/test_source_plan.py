import numpy
import pytest
import pyvips

from mememime_proxy.errors import OriginalForbiddenError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, RenderConfig, ResizingType
from mememime_proxy.proxy.variants.source_plan import apply_original_policy, apply_source_options
from mememime_proxy.sources.model import Original

FOCUS = (0.2, 0.3)
SMART = Gravity(GravityType.SMART)


def original(focus=FOCUS, preset=""):
    return Original(-1, 0, focus=focus, preset=preset)


def never(_plan, _preset):
    raise AssertionError("nobody wants a preset")


def applied(plan, **kept):
    return apply_source_options(plan, original(**kept), never)


def test_focal_point_replaces_gravity_of_a_plan_that_follows_it():
    assert applied(Plan(follows_focus=True)).gravity == Gravity(GravityType.FOCUS_POINT, *FOCUS)
    assert applied(Plan(gravity=SMART, follows_focus=True)).gravity.type is GravityType.FOCUS_POINT
    assert applied(Plan(gravity=Gravity(GravityType.NORTH))).gravity == Gravity(GravityType.NORTH)


def test_plan_without_focal_point_is_unchanged():
    plan = Plan(gravity=SMART, follows_focus=True, takes_preset=True, crop=Crop(0.5, 0.5, SMART))
    assert applied(plan, focus=None) is plan


def test_focal_point_replaces_smart_gravity_of_a_crop():
    crop = applied(Plan(crop=Crop(10, 10, SMART), follows_focus=True)).crop
    assert crop == Crop(10, 10, Gravity(GravityType.FOCUS_POINT, *FOCUS))
    north = Crop(10, 10, Gravity(GravityType.NORTH))
    assert applied(Plan(crop=north, follows_focus=True)).crop == north


def test_preset_is_applied_before_the_focal_point_to_a_plan_that_takes_it():
    def apply_preset(plan, preset):
        assert preset == "card"
        return Plan(source=plan.source, width=30, gravity=Gravity(GravityType.WEST))

    assert (
        apply_source_options(Plan(takes_preset=True), original(preset="card"), apply_preset).gravity.type
        is GravityType.WEST
    )
    assert applied(Plan(), preset="card").width == 0


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_focal_point_stays_in_view_after_rotation_and_flips(rotate, flips):
    """A white spot on black, far from the middle: a crop around the focal point has it, and is mostly white."""
    pixels = numpy.zeros((200, 300, 3), numpy.uint8)
    pixels[40:80, 45:75] = 255
    data = pyvips.Image.new_from_array(pixels, interpretation="srgb").pngsave_buffer()
    plan = Plan(
        resizing_type=ResizingType.FILL, width=30, height=30, crop=Crop(40, 40), rotate=rotate, follows_focus=True,
        flip_horizontal=flips[0], flip_vertical=flips[1], format="png",
    )  # fmt: skip
    found = Renderer(RenderConfig()).render(data, applied(plan))
    assert pyvips.Image.new_from_buffer(bytes(found.body), "").avg() > 150
    missed = Renderer(RenderConfig()).render(data, plan)
    assert pyvips.Image.new_from_buffer(bytes(missed.body), "").avg() < 10


@pytest.mark.parametrize("source", ["alias://cup", f"asset://{'a' * 64}"])
def test_original_policy_applies_to_uploads(source):
    plan, raw = Plan(source=source, width=5), Plan(source=source, raw=True, format="png", filename="cup")
    for policy in (OriginalPolicy.STRIP, OriginalPolicy.FORBID):
        assert apply_original_policy(plan, policy) == Plan(source=source, width=5, original_policy=policy)
    stripped = apply_original_policy(raw, OriginalPolicy.STRIP)
    assert (stripped.raw, stripped.format, stripped.filename) == (False, "", "cup")
    assert set(stripped.skip_processing) == set(FORMATS)
    with pytest.raises(OriginalForbiddenError):
        apply_original_policy(raw, OriginalPolicy.FORBID)
    for each in (plan, raw):
        assert apply_original_policy(each, OriginalPolicy.ALLOW) is each


@pytest.mark.parametrize("source", ["http://a.example/alias://cup", "local:///asset://cup", "s3://alias/cup", ""])
def test_original_policy_does_not_apply_to_other_sources(source):
    raw = Plan(source=source, raw=True)
    for policy in OriginalPolicy:
        assert apply_original_policy(raw, policy) is raw
