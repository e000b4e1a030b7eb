import pytest
import pyvips

from mememime_proxy.imaging.steps.cropping import crop, crop_to_result
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, ResizingType
from tests.support.pixels import image_of, mirrored, picture_of, places, rotated, rows_of

ROWS = places(20, 12)


def window(rows, left, top, width, height):
    return [row[left : left + width] for row in rows[top : top + height]]


@pytest.mark.parametrize(
    ("kind", "left", "top"),
    [("nowe", 0, 0), ("no", 6, 0), ("noea", 12, 0), ("we", 0, 4), ("ce", 6, 4), ("ea", 12, 4),
     ("sowe", 0, 8), ("so", 6, 8), ("soea", 12, 8)],
)  # fmt: skip
def test_cropping_nine_gravities(kind, left, top):
    plan = Plan(crop=Crop(8, 4, Gravity(GravityType(kind))))
    assert rows_of(crop(picture_of(image_of(ROWS), plan)).image) == window(ROWS, left, top, 8, 4)


@pytest.mark.parametrize(
    ("wanted", "box"),
    [
        (Crop(8, 0), (6, 0, 8, 12)),
        (Crop(0, 4), (0, 4, 20, 4)),
        (Crop(0.5, 0.25), (6, 5, 10, 3)),  # half of the rest and one, to even: 5.5 → 6
        (Crop(8.9, 4.9), (6, 4, 8, 4)),
        (Crop(100, 100), (0, 0, 20, 12)),
        (Crop(0.01, 0.01), (10, 6, 1, 1)),
        (Crop(8, 4, Gravity(GravityType.FOCUS_POINT, 0.25, 0.75)), (1, 7, 8, 4)),
        (Crop(8, 4, Gravity(GravityType.NORTH_EAST, 0.1, 3)), (10, 3, 8, 4)),
    ],
)
def test_cropping_sizes_and_offsets(wanted, box):
    assert rows_of(crop(picture_of(image_of(ROWS), Plan(crop=wanted))).image) == window(ROWS, *box)


def test_cropping_without_its_own_gravity_a_crop_takes_the_plans():
    plan = Plan(crop=Crop(8, 4), gravity=Gravity(GravityType.SOUTH_EAST, 1, 2))
    assert rows_of(crop(picture_of(image_of(ROWS), plan)).image) == window(ROWS, 11, 6, 8, 4)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize(("horizontal", "vertical"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("kind", ["nowe", "noea", "sowe", "soea"])
def test_cropping_crop_means_the_turned_picture(angle, horizontal, vertical, kind):
    plan = Plan(
        crop=Crop(4, 6, Gravity(GravityType(kind), 1, 2)),
        rotate=angle,
        flip_horizontal=horizontal,
        flip_vertical=vertical,
    )
    seen = mirrored(rotated(ROWS, angle), horizontal=horizontal, vertical=vertical)
    left = 1 if kind.endswith("we") else len(seen[0]) - 4 - 1
    top = 2 if kind.startswith("no") else len(seen) - 6 - 2
    result = rotate_and_flip(crop(picture_of(image_of(ROWS), plan)))
    assert rows_of(result.image) == window(seen, left, top, 4, 6)


def test_cropping_crop_means_the_upright_picture():
    image = image_of(ROWS)
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    plan = Plan(crop=Crop(4, 6, Gravity(GravityType.NORTH_WEST)))
    result = rotate_and_flip(crop(picture_of(image, plan)))
    assert rows_of(result.image) == window(rotated(ROWS, 90), 0, 0, 4, 6)


def test_cropping_crop_to_result_removes_pixels_outside_the_box():
    plan = Plan(width=12, height=12, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.EAST, 2, 0))
    assert rows_of(crop_to_result(picture_of(image_of(ROWS), plan)).image) == window(ROWS, 6, 0, 12, 12)


def test_cropping_absolute_offsets_of_the_result_crop_follow_the_dpr():
    plan = Plan(
        width=6, height=6, dpr=2, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.WEST, 2, 0)
    )  # fmt: skip
    assert rows_of(crop_to_result(picture_of(image_of(ROWS), plan)).image) == window(ROWS, 4, 0, 12, 12)


def test_cropping_picture_inside_the_box_is_not_touched():
    picture = picture_of(image_of(ROWS), Plan(width=20, height=12))
    assert crop_to_result(picture) is picture
    assert crop(picture) is picture


@pytest.mark.parametrize(("left", "top"), [(4, 4), (120, 30), (60, 60)])
def test_cropping_smart_gravity_finds_the_salient_region(left, top):
    rows = [[(128, 128, 128)] * 160 for _ in range(96)]
    for y in range(top, top + 16):
        for x in range(left, left + 16):
            rows[y][x] = (255, 30, 30) if (x + y) % 2 else (20, 20, 20)
    plan = Plan(crop=Crop(40, 40), gravity=Gravity(GravityType.SMART))
    kept = sum(
        pixel != (128, 128, 128) for row in rows_of(crop(picture_of(image_of(rows), plan)).image) for pixel in row
    )
    assert kept >= 16 * 16 * 0.9
