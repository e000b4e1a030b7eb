"""All steps together: for any plan the result has the size of its geometry."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mememime_proxy.geometry.geometry import result_size
from mememime_proxy.imaging.pipeline import FRAME_STEPS
from mememime_proxy.plan import Crop, Extend, ImageLimits, Padding, Plan, ResizingType
from tests.geometry.test_gravity import gravities
from tests.support.pixels import image_of, picture_of, places

IMAGE = image_of(places(37, 23))
boxes = st.integers(0, 90)
factors = st.sampled_from([0.3, 0.5, 1.0, 1.5, 2.0])
crop_sides = st.one_of(st.just(0.0), st.floats(0.01, 50))
extends = st.builds(Extend, st.booleans(), gravities)
plans = st.builds(
    Plan,
    resizing_type=st.sampled_from(ResizingType),
    width=boxes,
    height=boxes,
    min_width=st.one_of(st.just(0), boxes),
    zoom_x=factors,
    zoom_y=factors,
    dpr=factors,
    enlarge=st.booleans(),
    extend=extends,
    extend_aspect_ratio=extends,
    gravity=gravities,
    crop=st.builds(Crop, crop_sides, crop_sides, st.one_of(st.none(), gravities)),
    padding=st.one_of(st.just(Padding()), st.builds(Padding, *[st.integers(0, 20)] * 4)),
    rotate=st.sampled_from([0, 90, 180, 270]),
    flip_horizontal=st.booleans(),
    flip_vertical=st.booleans(),
    limits=st.builds(ImageLimits, max_result_dimension=st.sampled_from([0, 10, 40])),
)


@settings(max_examples=400)
@given(plans)
def test_pipeline_geometry_tells_the_size_of_the_result(plan):
    picture = picture_of(IMAGE, plan)
    expected = result_size(picture.geometry, plan)
    for step in FRAME_STEPS:
        picture = step(picture)
    found = picture.image.width, picture.image.height
    assert len(picture.image.write_to_memory()) == found[0] * found[1] * picture.image.bands
    canvas = plan.extend.enabled or plan.extend_aspect_ratio.enabled
    for side, told in zip(found, expected, strict=True):
        assert side <= told + 1  # the resampler rounds by its own rule
        assert canvas or side >= told - 1  # a canvas that is larger one way and smaller the other cuts
    limit = plan.limits.max_result_dimension
    assert not limit or max(found) <= limit
