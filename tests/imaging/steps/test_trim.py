import pytest

from mememime_proxy.imaging.steps.trim import trim
from mememime_proxy.plan import Plan, Trim
from tests.support.pixels import flat, image_of, picture_of, rows_of

INSIDE = (200, 30, 30)


def framed(border, left=3, top=2, right=5, bottom=1, width=8, height=6, inside=INSIDE):
    rows = flat(left + width + right, top + height + bottom, border)
    for y in range(top, top + height):
        rows[y][left : left + width] = [inside] * width
    return rows


def trimmed(rows, wanted, space="srgb", **options):
    return trim(picture_of(image_of(rows, space), Plan(trim=wanted, **options)))


def test_trim_border_goes():
    result = trimmed(framed((255, 255, 255)), Trim(10))
    assert rows_of(result.image) == flat(8, 6, INSIDE)
    assert (result.geometry.source_width, result.geometry.source_height) == (8, 6)
    assert result.original is None


def test_trim_border_of_another_colour_stays():
    rows = framed((255, 255, 255))
    assert rows_of(trimmed(rows, Trim(10, (0, 0, 255))).image) == rows
    assert rows_of(trimmed(framed((0, 0, 255)), Trim(10, (0, 0, 255))).image) == flat(8, 6, INSIDE)


def test_trim_threshold_decides_the_border_colours():
    rows = framed((255, 255, 255))
    rows[0][0:16] = [(240, 240, 240)] * 16
    rows[0][0] = (255, 255, 255)
    assert len(rows_of(trimmed(rows, Trim(20)).image)) == 6
    assert len(rows_of(trimmed(rows, Trim(5)).image)) == 8


def test_trim_equal_borders_cut_as_much_on_both_sides():
    rows = framed((255, 255, 255))
    horizontal = trimmed(rows, Trim(10, equal_hor=True)).image
    assert (horizontal.width, horizontal.height) == (8 + 2, 6)
    assert rows_of(horizontal)[0][:8] == [INSIDE] * 8
    vertical = trimmed(rows, Trim(10, equal_ver=True)).image
    assert (vertical.width, vertical.height) == (8, 6 + 1)
    assert rows_of(vertical)[0] == [(255, 255, 255)] * 8


def test_trim_picture_all_border_stays():
    rows = flat(5, 4, (1, 2, 3))
    assert rows_of(trimmed(rows, Trim(10)).image) == rows


def test_trim_transparent_border_is_removed_and_alpha_kept():
    rows = framed((0, 0, 0, 0), inside=(*INSIDE, 255))
    assert rows_of(trimmed(rows, Trim(10)).image) == flat(8, 6, (*INSIDE, 255))


def test_trim_grey_stays_grey():
    result = trimmed(framed((250,), inside=(20,)), Trim(10), "b-w").image
    assert result.interpretation == "b-w"
    assert rows_of(result) == flat(8, 6, (20,))


def test_trim_geometry_is_computed_from_the_trimmed_size():
    result = trimmed(framed((255, 255, 255)), Trim(10), width=4)
    assert (result.geometry.scaled_width, result.geometry.scaled_height) == (4, 3)


@pytest.mark.parametrize("threshold", [-1.0, float("inf")])
def test_trim_absurd_thresholds_do_not_fail(threshold):
    assert trimmed(framed((255, 255, 255)), Trim(threshold)).image.width in (8, 16)


def test_trim_no_trim_is_no_operation():
    picture = picture_of(image_of(flat(3, 3, (1, 1, 1))))
    assert trim(picture) is picture


BORDER = (250, 250, 250)
SMALL = [(1, 1), (1, 2), (2, 1), (2, 2), (1, 5000), (5000, 1), (2, 70), (70, 2), (3, 2), (2, 3)]


@pytest.mark.parametrize(("width", "height"), SMALL)
@pytest.mark.parametrize("color", [BORDER, (9,), (9, 9, 9, 0), (9, 9, 9, 255), (7, 200)])
def test_p18_small_picture_all_border_stays_whole(width, height, color):
    rows = flat(width, height, color)
    space = "b-w" if len(color) < 3 else "srgb"
    for wanted in (Trim(10), Trim(0), Trim(10, equal_hor=True, equal_ver=True)):
        assert rows_of(trimmed(rows, wanted, space).image) == rows


@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("sideways", [False, True])
def test_p18_border_at_the_ends_of_a_narrow_picture_goes(across, sideways):
    line = [BORDER] * 7 + [INSIDE] * 9 + [BORDER] * 4
    rows = [list(line) for _ in range(across)] if sideways else [[color] * across for color in line]
    found = rows_of(trimmed(rows, Trim(10)).image)
    assert found == (flat(9, across, INSIDE) if sideways else flat(across, 9, INSIDE))


def test_p18_border_beside_the_column_of_a_picture_two_wide():
    rows = [[BORDER, INSIDE] for _ in range(30)]
    assert rows_of(trimmed(rows, Trim(10)).image) == flat(1, 30, INSIDE)


def test_p18_colour_that_no_pixel_has_trims_nothing():
    assert rows_of(trimmed(flat(2, 1, INSIDE), Trim(10, (0, 0, 255))).image) == flat(2, 1, INSIDE)


def test_p18_speck_on_a_line_is_no_content_as_on_larger_pictures():
    for across in (1, 3):
        rows = [[BORDER] * across for _ in range(20)]
        rows[9][0] = INSIDE
        assert rows_of(trimmed(rows, Trim(10)).image) == rows
