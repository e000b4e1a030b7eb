import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats.effects_plan import Colorize, Gradient, ProgressiveBlur
from mememime_proxy.imaging.effects.sheets import Ramp, colorized, graded, on_background, progressively_blurred
from tests.support.pixels import all_near, flat, image_of, rows_of


def reference(ramp, x, y, low, high, scale):
    """The mask of a pixel by the formula, for any angle."""
    from math import cos, radians, sin

    dx, dy = -sin(radians(ramp.angle)), cos(radians(ramp.angle))
    corners = [a * dx + b * dy for a in (0, ramp.width - 1) for b in (0, ramp.height - 1)]
    span = max(corners) - min(corners)
    p = (x * dx + y * dy - min(corners)) / span if span > 1e-9 else 0.0
    if ramp.start != ramp.stop:
        p = (p - ramp.start) / (ramp.stop - ramp.start)
        return scale * min(1.0, max(0.0, (p - low) / (high - low)))
    return scale * (p >= ramp.start)


@given(
    st.sampled_from([0, 90, 180, 270]) | st.floats(0, 359),
    st.floats(0.1, 1),
    st.sampled_from([(0, 1), (0.2, 0.7), (0.9, 0.1)]),
)
def test_ramp_is_the_formula_in_any_direction(angle, opacity, ends):
    ramp = Ramp(13, 7, angle, *ends)
    found = rows_of(ramp.mask(0.0, 1.0, 255 * opacity))
    for y in range(7):
        for x in range(13):
            assert found[y][x][0] == pytest.approx(reference(ramp, x, y, 0.0, 1.0, 255 * opacity), abs=1.01)


@pytest.mark.parametrize(
    ("angle", "corner"), [(0, (5, 9)), (90, (0, 5)), (180, (5, 0)), (270, (9, 5)), (45, (0, 9)), (225, (9, 0))]
)
def test_ramp_is_full_at_the_side_it_points_to(angle, corner):
    mask = rows_of(Ramp(10, 10, angle, 0.0, 1.0).mask(0.0, 1.0))
    assert mask[corner[1]][corner[0]][0] == 255
    assert mask[9 - corner[1]][9 - corner[0]][0] == 0


@pytest.mark.parametrize("angle", [0, 30])
def test_ramp_that_starts_where_it_stops_is_a_hard_edge(angle):
    values = {pixel[0] for row in rows_of(Ramp(20, 20, angle, 0.5, 0.5).mask(0.0, 1.0)) for pixel in row}
    assert values == {0, 255}


def test_gradient_mixes_its_colour_in():
    rows = rows_of(graded(image_of(flat(3, 11, (100, 100, 100))), Gradient(1.0, (200, 0, 100))))
    assert rows[0][1] == (100, 100, 100)
    assert all_near([rows[5]], [[(150, 50, 100)] * 3], 1)
    assert rows[10][1] == (200, 0, 100)


def test_gradient_over_transparency_is_seen():
    rows = rows_of(graded(image_of(flat(3, 11, (9, 9, 9, 0))), Gradient(1.0, (200, 0, 100))))
    assert rows[0][1][3] == 0
    assert rows[10][1] == (200, 0, 100, 255)


@pytest.mark.parametrize(
    ("pixel", "keep", "expected"),
    [
        ((100, 100, 100), False, (125, 75, 100)),
        ((100, 100, 100, 200), True, (125, 75, 100, 200)),
        ((0, 0, 0, 0), False, (200, 0, 100, 64)),
        ((100, 100, 100, 255), False, (125, 75, 100, 255)),
    ],
)
def test_colorize_covers_transparent_parts_unless_told_not_to(pixel, keep, expected):
    result = colorized(image_of(flat(2, 2, pixel)), Colorize(0.25, (200, 0, 100), keep))
    assert all_near(rows_of(result), flat(2, 2, expected), 1)


@pytest.mark.parametrize(("kind", "space", "factor"), [("uchar", "srgb", 1), ("ushort", "rgb16", 257)])
def test_background_with_an_opacity_leaves_the_picture_on_top(kind, space, factor):
    rows = [[(100, 100, 100, 255), (0, 0, 0, 0)]]
    image = image_of([[tuple(v * factor for v in pixel) for pixel in rows[0]]], space, kind)
    top = 255.0 * factor
    result = rows_of(on_background(image, [200.0 * factor, 0.0, 0.0], 0.5, top))
    expected = [[tuple(v * factor for v in pixel) for pixel in [(100, 100, 100, 255), (200, 0, 0, 127)]]]
    assert all_near(result, expected, 2 * factor)


@given(st.floats(0, 0.99))
def test_progressive_blur_is_between_the_levels_around_it(place):
    """With levels that are flat pictures of their own sigma, each pixel shows the sigma it has."""
    option = ProgressiveBlur(160.0, 0.0, place, 1.0)
    image = image_of(flat(1, 101, (0, 0, 0)))
    rows = rows_of(progressively_blurred(image, option, lambda im, sigma: im.new_from_image([sigma] * 3)))
    for y in (0, 30, 60, 100):
        p = min(1.0, max(0.0, (y / 100 - place) / (1 - place)))
        assert rows[y][0][0] == pytest.approx(160 * p, abs=2.5)
