"""Areas of an original through every geometry: each is exactly where its pixels are."""

from dataclasses import replace

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from mememime_proxy.formats.effects_plan import BlurAreas, Effects
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.orientation import mirror, rotate
from mememime_proxy.imaging.picture import ORIENTATION_FIELD, plan_areas
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.steps.cropping import crop, crop_to_result
from mememime_proxy.imaging.steps.filters import apply_filters
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.scaling import scale
from mememime_proxy.imaging.steps.trim import trim
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, RenderConfig, ResizingType, Trim
from tests.support.pixels import flat, image_of, picture_of, rows_of

WIDTH, HEIGHT = 120, 80
GEOMETRY = (trim, scale_on_load, crop, scale, rotate_and_flip, crop_to_result)

sides = st.integers(20, 150) | st.just(0)
gravities = st.builds(Gravity, st.sampled_from([kind for kind in GravityType if kind is not GravityType.FOCUS_POINT]))
plans = st.builds(
    Plan,
    width=sides,
    height=sides,
    resizing_type=st.sampled_from(ResizingType),
    enlarge=st.booleans(),
    gravity=gravities,
    crop=st.builds(Crop, st.sampled_from([0, 0.5, 70]), st.sampled_from([0, 0.6, 50]), gravities),
    trim=st.none() | st.just(Trim(10)),
    auto_rotate=st.booleans(),
    rotate=st.sampled_from([0, 90, 180, 270]),
    flip_horizontal=st.booleans(),
    flip_vertical=st.booleans(),
)
areas = st.tuples(st.integers(0, 80), st.integers(0, 50), st.integers(15, 40), st.integers(15, 30))


def painted(area, orientation):
    """A picture with a white border and a red area, stored with an orientation."""
    left, top, width, height = area
    rows = flat(WIDTH, HEIGHT, (100, 100, 100))
    for y, row in enumerate(rows):
        rows[y] = [(255, 255, 255) if min(x, y, WIDTH - 1 - x, HEIGHT - 1 - y) < 3 else p for x, p in enumerate(row)]
    for y in range(top, top + height):
        rows[y][left : left + width] = [(255, 0, 0)] * width
    rotation = Rotation.from_orientation(orientation)
    image = rotate(mirror(image_of(rows), horizontal=rotation.flip), -rotation.angle % 360).copy_memory()
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, ORIENTATION_FIELD, orientation)
    return image


def red_box(image):
    """The pixels that are red by half or more, beside grey and beside white."""
    rows = rows_of(image)
    found = [(x, y) for y, row in enumerate(rows) for x, p in enumerate(row) if p[0] > 170 and p[1] < 128]
    if not found:
        return None
    xs, ys = {x for x, _ in found}, {y for _, y in found}
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def shares(area):
    left, top, width, height = area
    return left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT


@settings(max_examples=150)
@given(plans, areas, st.integers(1, 8))
def test_area_covers_exactly_its_pixels_after_any_geometry(plan, area, orientation):
    plan = replace(plan, effects=Effects(blur_areas=BlurAreas(1.0, (shares(area),))))
    image = painted(area, orientation)
    picture = picture_of(image, plan).with_changes(orientation=orientation, areas=plan_areas(plan, orientation))
    for step in GEOMETRY:
        picture = step(picture)
    found = red_box(picture.image)
    if not picture.areas:
        assert found is None or min(found[2] - found[0], found[3] - found[1]) <= 1
        return
    left, top, width, height = picture.areas[0].pixels(picture.image.width, picture.image.height)
    if found is None:
        assert min(width, height) <= 2
        return
    # What is outside of the box would not be blurred.
    assert left - 1 <= found[0] < found[2] <= left + width + 1
    assert top - 1 <= found[1] < found[3] <= top + height + 1
    if min(width, height) <= 2:  # so little is left that not each of its pixels is red after a reduction
        return
    box, across, down = picture.areas[0], picture.image.width, picture.image.height
    edges = (box.left * across, box.top * down, box.right * across, box.bottom * down)
    # A size that is rounded moves an edge by half a pixel, a pixel that is half red by another half; both are larger in
    # a picture that was enlarged.
    assert edges == pytest.approx(found, abs=2.5 if plan.enlarge else 1.6)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_area_is_blurred_and_nothing_else_changes(suffix):
    stripes = image_of([[(255 * (x // 4 % 2),) * 3 for x in range(400)] for _ in range(300)])
    original = stripes.write_to_buffer(suffix, Q=95) if suffix != ".png" else stripes.write_to_buffer(suffix)
    effects = Effects(blur_areas=BlurAreas(8.0, ((0.5, 0.5, 0.25, 0.25),)))
    renderer = Renderer(RenderConfig())

    def rendered(plan):
        return pyvips.Image.new_from_buffer(renderer.render(original, plan).body, "")

    plain, blurred = rendered(Plan(width=200, format="png")), rendered(Plan(width=200, format="png", effects=effects))
    difference = (plain.cast("int") - blurred).abs().bandmean()
    inside = difference.crop(100, 75, 50, 37)
    assert inside.avg() > 20
    assert difference.avg() * 200 * 150 == pytest.approx(inside.avg() * 50 * 37, rel=0.04)


def test_areas_that_overlap_are_both_blurred():
    rows = [[(255 * (x % 2),) * 3 for x in range(60)] for _ in range(60)]
    plan = Plan(effects=Effects(blur_areas=BlurAreas(3.0, ((0, 0, 0.6, 0.6), (0.4, 0.4, 0.6, 0.6)) * 20)))
    picture = picture_of(image_of(rows), plan).with_changes(areas=plan_areas(plan, 1))
    result = rows_of(apply_filters(picture).image)
    assert all(abs(result[y][x][0] - 127) < 20 for x, y in ((30, 30), (5, 5), (55, 55)))
    assert (result[5][54][0], result[5][55][0]) == (0, 255)
