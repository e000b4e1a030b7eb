import pytest

from mememime_proxy.imaging.effects.matrices import percentiles, saturated, sepia, with_hue
from mememime_proxy.imaging.effects.tables import lightness
from tests.support.pixels import all_near, image_of, rows_of

COLORS = [[(r, g, b) for r in (0, 70, 220) for g in (10, 130, 240) for b in (0, 90, 255)]]
MUTED = [[(90, 120, 100), (130, 100, 110), (100, 110, 140)]]


def test_saturation_of_one_changes_nothing_and_of_none_leaves_luminance_alone():
    assert all_near(rows_of(saturated(image_of(COLORS), 1.0)), COLORS, 1)
    greys = rows_of(saturated(image_of(COLORS), 0.0))[0]
    assert all(max(grey) - min(grey) <= 1 for grey in greys)
    assert [grey[0] for grey in greys] == pytest.approx([lightness(color) for color in COLORS[0]], abs=1.5)


def test_more_saturation_keeps_the_luminance():
    result = rows_of(saturated(image_of(MUTED), 1.5))[0]
    assert [lightness(c) for c in result] == pytest.approx([lightness(c) for c in MUTED[0]], abs=1.5)
    assert all(max(new) - min(new) > max(old) - min(old) for old, new in zip(MUTED[0], result, strict=True))


def test_hue_of_a_full_circle_changes_nothing_and_of_a_third_moves_red_to_green():
    assert all_near(rows_of(with_hue(image_of(COLORS), 360.0)), COLORS, 1)
    red, green, blue = rows_of(with_hue(image_of([[(200, 60, 60)]]), 120.0))[0][0]
    assert green > red
    assert green > blue
    assert all_near(rows_of(with_hue(image_of([[(99, 99, 99)]]), 77.0)), [[(99, 99, 99)]], 1)


def test_sepia_is_brown_and_mixed_by_its_intensity():
    assert all_near(rows_of(sepia(image_of([[(100, 100, 100)]]), 1.0)), [[(135, 120, 94)]], 1)
    assert all_near(rows_of(sepia(image_of([[(100, 100, 100)]]), 0.5)), [[(118, 110, 97)]], 1)
    assert all_near(rows_of(sepia(image_of(COLORS), 0.0)), COLORS, 0)


@pytest.mark.parametrize(("low", "high", "expected"), [(0, 100, (50, 149)), (10, 90, (60, 139)), (50, 50, (100, 99))])
def test_percentiles_are_of_lightness(low, high, expected):
    ladder = image_of([[(v, v, v) for v in range(50, 150)]])
    dark, light = percentiles(ladder, low, high)
    assert dark == pytest.approx(expected[0], abs=1)
    assert light == pytest.approx(max(expected), abs=1)


def test_percentiles_of_one_colour_are_that_colour():
    assert percentiles(image_of([[(80, 80, 80)] * 5] * 5), 1, 99) == (80, 80)
