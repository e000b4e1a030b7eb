"""Palette, average, dominant colours."""

import pytest

from mememime_proxy.imaging.analysis.placeholders import Pixels
from mememime_proxy.imaging.description.colors import average, dominant_colors, palette

RED, BLUE, CLEAR = (220, 20, 30, 255), (20, 30, 220, 255), (0, 0, 0, 0)
GREY, DARK = (128, 120, 120, 255), (50, 10, 12, 255)


def picture(*parts):
    """Return a picture of 20 pixels a row; each part is a colour and a number of rows."""
    rgba = b"".join(bytes(color) * 20 * rows for color, rows in parts)
    return Pixels(20, len(rgba) // 80, rgba)


def document(color):
    return dict(zip("RGBA", color, strict=True))


@pytest.mark.parametrize("count", [2, 3, 5, 256])
def test_palette_has_the_most_frequent_colour_first(count):
    colors = palette(picture((RED, 4), (BLUE, 10), (GREY, 6)), count)
    assert len(colors) <= count
    if count > 2:
        assert colors == [document(BLUE), document(GREY), document(RED)]
    else:
        assert max(colors[0], key=colors[0].get) in {"A", "B"}


def test_palette_knows_transparent_pixels():
    assert [color["A"] for color in palette(picture((CLEAR, 12), (RED, 8)), 4)] == [0, 255]


def test_average_leaves_out_transparent_pixels_unless_they_count():
    pixels = picture((CLEAR, 10), (RED, 10))
    assert average(pixels, ignore_transparent=True) == document(RED)
    assert average(pixels, ignore_transparent=False) == {"R": 110, "G": 10, "B": 15, "A": 128}
    assert average(picture((CLEAR, 3)), ignore_transparent=True) == document(CLEAR)


def test_dominant_colors_are_told_apart_by_saturation_and_lightness():
    found = dominant_colors(picture((RED, 5), (GREY, 10), (DARK, 5)), build_missed=False)
    assert found["vibrant"] == {"R": 220, "G": 20, "B": 30}
    assert found["muted"] == {"R": 128, "G": 120, "B": 120}
    assert found["dark_vibrant"] == {"R": 50, "G": 10, "B": 12}
    assert "light_vibrant" not in found


def test_missing_kinds_are_built_of_their_relatives():
    found = dominant_colors(picture((RED, 5)), build_missed=True)
    assert list(found) == ["vibrant", "light_vibrant", "dark_vibrant", "muted", "light_muted", "dark_muted"]
    light = found["light_vibrant"]
    assert light["R"] > 220
    assert light["R"] > light["G"] > 100
    assert dominant_colors(picture((CLEAR, 5)), build_missed=True) == {}
