import pytest
import pyvips

from mememime_proxy.imaging.picture import orientation
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.plan import Plan
from tests.support.pixels import image_of, mirrored, picture_of, places, rotated, rows_of

ROWS = places(5, 3)
UPRIGHT = {  # EXIF 2.32, tag 274: what brings a stored picture upright
    1: lambda rows: rows,
    2: lambda rows: mirrored(rows, horizontal=True),
    3: lambda rows: rotated(rows, 180),
    4: lambda rows: mirrored(rows, vertical=True),
    5: lambda rows: [list(row) for row in zip(*rows, strict=True)],
    6: lambda rows: rotated(rows, 90),
    7: lambda rows: rotated([list(row) for row in zip(*rows, strict=True)], 180),
    8: lambda rows: rotated(rows, 270),
}


def stored(exif):
    image = image_of(ROWS)
    image.set_type(pyvips.GValue.gint_type, "orientation", exif)
    return image


@pytest.mark.parametrize("exif", range(1, 9))
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize(("horizontal", "vertical"), [(False, False), (True, False), (False, True), (True, True)])
def test_rotation_upright_first_then_as_the_plan_says(exif, angle, horizontal, vertical):
    plan = Plan(rotate=angle, flip_horizontal=horizontal, flip_vertical=vertical)
    result = rotate_and_flip(picture_of(stored(exif), plan)).image
    expected = mirrored(rotated(UPRIGHT[exif](ROWS), angle), horizontal=horizontal, vertical=vertical)
    assert rows_of(result) == expected
    if exif != 1:
        assert orientation(result) == 1


def test_rotation_without_auto_rotate_turns_the_stored_picture():
    result = rotate_and_flip(picture_of(stored(6), Plan(auto_rotate=False, rotate=180))).image
    assert rows_of(result) == rotated(ROWS, 180)


def test_rotation_of_zero_returns_the_same_picture():
    picture = picture_of(stored(6), Plan(auto_rotate=False))
    assert rotate_and_flip(picture) is picture
