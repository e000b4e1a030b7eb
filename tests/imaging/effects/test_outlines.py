import pytest

from mememime_proxy.imaging.effects.outlines import backdrop, corner_mask, lightness_mask, masked, radii
from tests.support.pixels import all_near, flat, image_of, rows_of


@pytest.mark.parametrize(
    ("corners", "dpr", "expected"),
    [
        ((10.0,), 1.0, (10, 10, 10, 10)),
        ((10.0,), 2.0, (20, 20, 20, 20)),
        ((0.5,), 2.0, (30, 30, 30, 30)),
        ((0.25, 0.0, 5.0, 0.0), 1.0, (15, 0, 5, 0)),
        ((1000.0,), 1.0, (30, 30, 30, 30)),
        ((0.0, 0.0, 0.0, 1000.0), 1.0, (0, 0, 0, 60)),
    ],
)
def test_radii_fit_the_picture(corners, dpr, expected):
    assert radii(corners, 100, 60, dpr) == pytest.approx(expected)


def test_mask_of_a_square_with_the_largest_radius_is_a_circle():
    rows = rows_of(corner_mask(60, 60, (30, 30, 30, 30)))
    for y in range(60):
        for x in range(60):
            distance = ((x - 29.5) ** 2 + (y - 29.5) ** 2) ** 0.5
            assert rows[y][x][0] == (255 if distance <= 29.5 else 0 if distance >= 30.5 else rows[y][x][0])
    assert {value for row in rows for (value,) in row} - {0, 255}  # the edge is smooth


@pytest.mark.parametrize("radius", [0.5, 1.0, 7.5, 29.9])
def test_pixels_of_a_corner_are_covered_by_their_distance(radius):
    rows = rows_of(corner_mask(60, 60, (radius, 0, 0, 0)))
    for y in range(31):
        for x in range(31):
            distance = (max(0.0, radius - 0.5 - x) ** 2 + max(0.0, radius - 0.5 - y) ** 2) ** 0.5
            assert rows[y][x][0] == pytest.approx(255 * min(1.0, max(0.0, radius + 0.5 - distance)), abs=1)


@pytest.mark.parametrize(("index", "corner"), [(0, (0, 0)), (1, (39, 0)), (2, (39, 29)), (3, (0, 29))])
def test_corners_are_counted_clockwise_from_the_top_left(index, corner):
    rows = rows_of(corner_mask(40, 30, [12.5 if i == index else 0 for i in range(4)]))
    transparent = [(x, y) for x, y in ((0, 0), (39, 0), (39, 29), (0, 29)) if rows[y][x][0] == 0]
    assert transparent == [corner]


def test_mask_is_multiplied_into_the_alpha():
    mask = image_of([[(0,), (128,), (255,)]], "b-w")
    assert rows_of(masked(image_of([[(1, 2, 3)] * 3]), mask)) == [[(1, 2, 3, 0), (1, 2, 3, 128), (1, 2, 3, 255)]]
    half = masked(image_of([[(1, 2, 3, 100)] * 3]), mask)
    assert [pixel[3] for pixel in rows_of(half)[0]] == [0, 50, 100]


@pytest.mark.parametrize(
    ("pixel", "space", "expected"),
    [
        ((255, 255, 255), "srgb", 255),
        ((255, 255, 255, 100), "srgb", 100),
        ((0, 0, 0, 255), "srgb", 0),
        ((90,), "b-w", 90),
    ],
)
def test_mask_is_lightness_times_alpha(pixel, space, expected):
    assert rows_of(lightness_mask(image_of(flat(2, 2, pixel), space))) == flat(2, 2, (expected,))


@pytest.mark.parametrize("size", [(100, 100), (300, 40), (40, 300), (1, 1)])
def test_backdrop_covers_any_size_with_the_darkened_colour(size):
    image = backdrop(image_of(flat(50, 30, (200, 100, 40))), *size, 20.0, 0.5)
    assert (image.width, image.height) == size
    assert all_near(rows_of(image), flat(*size, (100, 50, 20)), 1)
