"""Geometry: properties for any picture and plan, and worked examples."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mememime_proxy.formats.output_plan import CropAspectRatio
from mememime_proxy.geometry.geometry import Rotation, calculate, result_size
from mememime_proxy.geometry.numbers import min_nonzero, scale
from mememime_proxy.plan import Crop, Extend, Gravity, GravityType, ImageLimits, Padding, Plan, ResizingType

sides = st.integers(1, 8000)
boxes = st.integers(0, 4000)
factors = st.floats(0.1, 8)
orientations = st.integers(0, 9)
crops = st.builds(
    Crop, st.one_of(st.just(0.0), st.floats(0.001, 6000)), st.one_of(st.just(0.0), st.floats(0.001, 6000))
)
extends = st.builds(Extend, st.booleans())
paddings = st.one_of(st.just(Padding()), st.builds(Padding, *[st.integers(0, 300)] * 4))
plans = st.builds(
    Plan,
    resizing_type=st.sampled_from(ResizingType),
    width=boxes,
    height=boxes,
    min_width=st.one_of(st.just(0), boxes),
    min_height=st.one_of(st.just(0), boxes),
    zoom_x=factors,
    zoom_y=factors,
    dpr=factors,
    enlarge=st.booleans(),
    extend=extends,
    extend_aspect_ratio=extends,
    crop=crops,
    padding=paddings,
    auto_rotate=st.booleans(),
    rotate=st.sampled_from([0, 90, 180, 270]),
    limits=st.builds(ImageLimits, max_result_dimension=st.sampled_from([0, 50, 1000])),
)
simple = st.builds(Plan, resizing_type=st.sampled_from(ResizingType), width=boxes, height=boxes, enlarge=st.booleans())


@given(sides, sides, orientations, plans, st.booleans())
def test_geometry_sizes_are_positive_and_within_the_limit(width, height, orientation, plan, vector):
    geometry = calculate(width, height, orientation, plan, vector=vector)
    assert geometry.scaled_width >= 1
    assert geometry.scaled_height >= 1
    assert geometry.width_scale > 0
    assert geometry.height_scale > 0
    assert geometry.dpr > 0
    assert min(result_size(geometry, plan)) >= 1
    limit = plan.limits.max_result_dimension
    if limit:
        assert max(result_size(geometry, plan)) <= limit


@given(st.integers(2, 8000), st.integers(2, 8000), simple)
def test_geometry_picture_is_enlarged_only_by_option(width, height, plan):
    geometry = calculate(width, height, 1, replace(plan, enlarge=False))
    assert geometry.scaled_width <= width
    assert geometry.scaled_height <= height


@given(sides, sides, boxes, boxes, st.booleans())
def test_geometry_fit_is_inside_the_box_and_touches_it(width, height, box_width, box_height, enlarge):
    assume(box_width and box_height)
    plan = Plan(width=box_width, height=box_height, enlarge=enlarge)
    geometry = calculate(width, height, 1, plan)
    assert geometry.scaled_width <= box_width
    assert geometry.scaled_height <= box_height
    if enlarge or width >= box_width or height >= box_height:
        assert geometry.scaled_width == box_width or geometry.scaled_height == box_height


@given(sides, sides, boxes, boxes)
def test_geometry_fill_covers_the_box_and_is_cut_to_it(width, height, box_width, box_height):
    assume(box_width and box_height)
    plan = Plan(resizing_type=ResizingType.FILL, width=box_width, height=box_height, enlarge=True)
    geometry = calculate(width, height, 1, plan)
    assert geometry.scaled_width >= box_width
    assert geometry.scaled_height >= box_height
    assert result_size(geometry, plan) == (box_width, box_height)


@given(sides, sides, boxes, boxes)
def test_geometry_fill_down_keeps_the_shape_of_the_box_without_enlarging(width, height, box_width, box_height):
    assume(box_width and box_height)
    plan = Plan(resizing_type=ResizingType.FILL_DOWN, width=box_width, height=box_height)
    geometry = calculate(width, height, 1, plan)
    out_width, out_height = result_size(geometry, plan)
    assert out_width <= width
    assert out_height <= height
    if geometry.result_crop_width and geometry.result_crop_height:  # a cut that rounds to nothing is none
        assert out_width <= box_width
        assert out_height <= box_height
        assert abs(out_width * box_height - out_height * box_width) <= max(box_width, box_height)


@given(sides, sides, boxes, boxes)
def test_geometry_force_gives_the_box(width, height, box_width, box_height):
    plan = Plan(resizing_type=ResizingType.FORCE, width=box_width, height=box_height, enlarge=True)
    geometry = calculate(width, height, 1, plan)
    assert (geometry.scaled_width, geometry.scaled_height) == (box_width or width, box_height or height)


@given(sides, sides, boxes, boxes)
def test_geometry_extending_gives_the_box_or_more(width, height, box_width, box_height):
    assume(box_width and box_height)
    plan = Plan(width=box_width, height=box_height, extend=Extend(True))
    assert result_size(calculate(width, height, 1, plan), plan) == (box_width, box_height)


@given(sides, sides, boxes, boxes)
def test_geometry_extending_the_aspect_ratio_gives_the_shape_of_the_box(width, height, box_width, box_height):
    assume(box_width and box_height)
    plan = Plan(width=box_width, height=box_height, extend_aspect_ratio=Extend(True))
    out_width, out_height = result_size(calculate(width, height, 1, plan), plan)
    assert abs(out_width * box_height - out_height * box_width) <= max(box_width, box_height)


@given(sides, sides, simple, st.integers(1, 8))
def test_geometry_orientation_is_the_same_as_the_picture_stored_upright(width, height, plan, orientation):
    stored = (height, width) if orientation >= 5 else (width, height)
    rotated = calculate(*stored, orientation, plan)
    upright = calculate(width, height, 1, plan)
    assert replace(rotated, rotation=upright.rotation, sideways=upright.sideways) == upright
    assert rotated.stored_scale() == upright.stored_scale()[:: -1 if orientation >= 5 else 1]


@given(sides, sides, plans, st.integers(1, 8))
def test_geometry_crop_window_is_inside_the_picture(width, height, plan, orientation):
    geometry = calculate(width, height, orientation, plan)
    crop_width, crop_height, _ = geometry.stored_crop(plan)
    assert 0 <= crop_width <= width
    assert 0 <= crop_height <= height


@given(
    st.integers(64, 8000), st.integers(64, 8000), st.data(), st.sampled_from([2, 4, 8]), st.sampled_from(ResizingType)
)
def test_geometry_smaller_copy_gives_the_same_result_size(width, height, data, shrink, resizing_type):
    box = {
        "width": data.draw(st.integers(1, width // shrink - 1)),
        "height": data.draw(st.integers(1, height // shrink - 1)),
    }
    plan = Plan(resizing_type=resizing_type, **box)
    geometry = calculate(width, height, 1, plan)
    assert geometry.preshrink() >= shrink
    copy = -(-width // shrink), -(-height // shrink)
    smaller = geometry.loaded_at(*copy)
    assert abs(scale(copy[0], smaller.width_scale) - geometry.scaled_width) <= 1
    assert abs(scale(copy[1], smaller.height_scale) - geometry.scaled_height) <= 1
    assert smaller.width_scale <= 1
    assert smaller.height_scale <= 1
    assert result_size(smaller, plan) == result_size(geometry, plan)


def test_geometry_loading_at_exactly_the_result_size_leaves_nothing_to_scale():
    geometry = calculate(800, 600, 1, Plan(width=200)).loaded_at(200, 150)
    assert (geometry.width_scale, geometry.height_scale) == (1.0, 1.0)


def test_geometry_crop_follows_the_size_the_picture_was_loaded_at():
    crop = Crop(400, 0, Gravity(GravityType.NORTH_WEST, 3, 0.1))
    geometry = calculate(800, 600, 6, Plan(crop=crop, width=100, height=100)).loaded_at(400, 300)
    assert (geometry.source_width, geometry.source_height) == (600, 800)
    assert (geometry.crop_width, geometry.crop_height) == (200, 0)
    assert geometry.crop_gravity == Gravity(GravityType.NORTH_WEST, 2.0, 0.1)  # 1.5 is rounded: it stays absolute


def test_geometry_focus_point_does_not_follow_it():
    crop = Crop(400, 300, Gravity(GravityType.FOCUS_POINT, 1.0, 0.5))
    assert calculate(800, 600, 1, Plan(crop=crop, width=100)).loaded_at(400, 300).crop_gravity == crop.gravity


@pytest.mark.parametrize(
    ("orientation", "angle", "flip"),
    [(0, 0, False), (1, 0, False), (2, 0, True), (3, 180, False), (4, 180, True), (5, 90, True), (6, 90, False),
     (7, 270, True), (8, 270, False), (9, 0, False)],
)  # fmt: skip
def test_geometry_exif_orientations(orientation, angle, flip):
    assert Rotation.from_orientation(orientation) == Rotation(angle, flip)


@pytest.mark.parametrize(
    ("plan", "size"),
    [
        (Plan(), (600, 400)),
        (Plan(width=300), (300, 200)),
        (Plan(height=100), (150, 100)),
        (Plan(width=300, height=300), (300, 200)),
        (Plan(width=1200), (600, 400)),
        (Plan(width=1200, enlarge=True), (1200, 800)),
        (Plan(width=300, height=300, resizing_type=ResizingType.FILL), (300, 300)),
        (Plan(width=300, height=100, resizing_type=ResizingType.AUTO), (300, 100)),
        (Plan(width=100, height=300, resizing_type=ResizingType.AUTO), (100, 67)),
        (Plan(width=300, height=300, resizing_type=ResizingType.FORCE), (300, 300)),
        (Plan(height=300, resizing_type=ResizingType.FORCE), (600, 300)),
        (Plan(width=900, height=900, resizing_type=ResizingType.FILL), (600, 400)),
        (Plan(width=900, height=900, resizing_type=ResizingType.FILL_DOWN), (400, 400)),
        (Plan(width=100, dpr=2), (200, 133)),
        (Plan(width=400, dpr=2), (600, 400)),
        (Plan(width=100, zoom_x=2, zoom_y=2), (200, 133)),
        (Plan(width=100, height=100, zoom_x=2, zoom_y=1, resizing_type=ResizingType.FORCE), (200, 100)),
        (Plan(width=100, min_width=200), (100, 133)),
        (Plan(width=100, min_height=300), (100, 300)),
        (Plan(crop=Crop(0.5, 100), width=150), (150, 50)),
        (Plan(width=300, height=300, extend=Extend(True)), (300, 300)),
        (Plan(width=900, height=900, extend=Extend(True)), (900, 900)),
        (Plan(width=900, height=900, extend_aspect_ratio=Extend(True)), (600, 600)),
        (Plan(width=100, padding=Padding(1, 2, 3, 4), dpr=2), (212, 141)),
        (Plan(limits=ImageLimits(max_result_dimension=300)), (300, 200)),
        (Plan(width=300, rotate=90), (300, 450)),
    ],
)  # fmt: skip
def test_geometry_sizes_of_a_600_by_400_picture(plan, size):
    """Worked out by hand from the definition of each option."""
    assert result_size(calculate(600, 400, 1, plan), plan) == size


def test_geometry_dpr_is_reduced_where_the_picture_would_be_enlarged():
    assert calculate(600, 400, 1, Plan(width=400, dpr=2)).dpr == 1.5
    assert calculate(600, 400, 1, Plan(width=400, dpr=2, enlarge=True)).dpr == 2
    assert calculate(600, 400, 1, Plan(width=400, dpr=2), vector=True).dpr == 2


@given(sides, sides, st.sampled_from([float("inf"), float("nan"), 5e-324, 1e308]))
def test_geometry_absurd_factors_do_not_break_the_arithmetic(width, height, factor):
    plan = Plan(width=10, zoom_x=factor, zoom_y=factor, dpr=factor, crop=Crop(factor, factor), enlarge=True)
    geometry = calculate(width, height, 1, plan)
    assert min(geometry.scaled_width, geometry.scaled_height, *result_size(geometry, plan)) >= 1
    assert min_nonzero(geometry.crop_width, width) <= width


@pytest.mark.parametrize(
    ("crop", "ratio", "enlarge", "expected"),
    [
        ((0, 0), 1, False, (100, 100)),
        ((0, 0), 4, False, (200, 50)),
        ((100, 40), 1, False, (40, 40)),
        ((100, 40), 5, False, (100, 20)),
        ((40, 40), 2, True, (80, 40)),
        ((40, 40), 0.5, True, (40, 80)),
        ((100, 80), 0.5, True, (50, 100)),  # 100 × 200 is larger than the picture
        ((100, 80), 1e-9, True, (1, 100)),
        ((0.5, 0.5), 1e9, False, (100, 1)),
    ],
)
def test_crop_is_brought_to_its_aspect_ratio(crop, ratio, enlarge, expected):
    plan = Plan(crop=Crop(*crop), crop_aspect_ratio=CropAspectRatio(ratio, enlarge))
    geometry = calculate(200, 100, 1, plan)
    assert (geometry.crop_width, geometry.crop_height) == expected
    assert (geometry.scaled_width, geometry.scaled_height) == expected
