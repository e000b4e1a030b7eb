import pytest

from mememime_proxy.imaging.effects.marks import cell, rotated, shadowed, tiled
from mememime_proxy.plan import Padding
from tests.support.pixels import all_near, flat, image_of, rows_of

RED = (200, 0, 0, 255)


@pytest.mark.parametrize(("angle", "size"), [(0, (20, 10)), (90, (10, 20)), (180, (20, 10)), (270, (10, 20))])
def test_right_angles_are_exact(angle, size):
    result = rotated(image_of(flat(20, 10, RED)), angle)
    assert rows_of(result) == flat(*size, RED)


def test_any_angle_keeps_the_colour_and_has_transparent_corners():
    rows = rows_of(rotated(image_of(flat(40, 20, RED)), 30.0))
    assert len(rows[0]) == pytest.approx(45, abs=2)
    assert rows[0][0][3] == 0
    assert rows[len(rows) // 2][len(rows[0]) // 2] == RED
    assert all(abs(p[0] - 200) < 12 for row in rows for p in row if p[3] > 60)


def test_rotation_is_clockwise():
    image = image_of([[(0, 0, 0, 255)] * 20 + [(255, 255, 255, 255)] * 20 for _ in range(40)])
    rows = rows_of(rotated(image, 45.0))
    middle = len(rows) // 2
    assert rows[middle + 15][middle][0] == 255
    assert rows[middle - 15][middle][0] == 0


def test_shadow_lies_around_the_mark_and_leaves_it_alone():
    image, margin = shadowed(image_of(flat(30, 30, RED)), 4.0)
    rows = rows_of(image)
    assert margin == 12
    assert (image.width, image.height) == (54, 54)
    assert all_near([row[12:42] for row in rows[12:42]], flat(30, 30, RED), 1)
    assert rows[27][10][:3] == (0, 0, 0)
    assert rows[27][10][3] > rows[27][5][3] > rows[27][0][3]
    assert rows[0][0][3] == 0


def test_cell_has_the_gap_and_at_least_the_margin_of_a_shadow():
    image = image_of(flat(10, 10, RED))
    assert cell(image, Padding(3, 4, 5, 6), 0).width == 20
    assert cell(image, Padding(3, 4, 5, 6), 5).width == 11


def test_chessboard_has_the_mark_at_every_other_place():
    rows = rows_of(tiled(image_of(flat(10, 10, RED)), 40, 40, chessboard=True))
    for x, y in ((15, 15), (25, 25), (5, 5)):
        assert (rows[y][x][3] == 255) != (rows[y][(x + 10) % 40][3] == 255)
    assert sum(p[3] == 255 for row in rows for p in row) == 800


def test_tiles_cover_everything():
    assert rows_of(tiled(image_of(flat(7, 3, RED)), 20, 20)) == flat(20, 20, RED)
