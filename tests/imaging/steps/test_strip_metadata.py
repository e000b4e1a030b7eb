"""The step that removes metadata, by the plan's options and by whether the result is an animation."""

import pytest

from mememime_proxy.imaging.color.working_space import ICC_FIELD
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.steps.strip_metadata import strip_metadata
from mememime_proxy.plan import Plan
from tests.support.pixels import image_of, picture_of, places

IMAGE = with_metadata(image_of(places(4, 4)), {"delay": [10, 20], "loop": 0, ICC_FIELD: b"a profile", "orientation": 6})


def test_strip_metadata_option_off_leaves_the_picture_unchanged():
    picture = picture_of(IMAGE, Plan(strip_metadata=False))
    assert strip_metadata(picture) is picture


@pytest.mark.parametrize(("frames", "delays"), [(1, 0), (2, 1)])
def test_strip_metadata_delays_stay_for_an_animation_only(frames, delays):
    image = strip_metadata(picture_of(IMAGE, frames=frames)).image
    assert bool(image.get_typeof("delay")) is bool(delays)
    assert not image.get_typeof("orientation")


@pytest.mark.parametrize("strip_profile", [True, False])
def test_strip_metadata_profile_has_its_own_option(strip_profile):
    image = strip_metadata(picture_of(IMAGE, Plan(strip_color_profile=strip_profile))).image
    assert bool(image.get_typeof(ICC_FIELD)) is not strip_profile
