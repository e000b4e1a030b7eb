from __future__ import annotations

import base64

import pytest
import pyvips
from PIL import Image

from mememime_proxy.imaging.analysis.placeholders import fingerprint
from mememime_proxy.imaging.analysis.small_picture import SmallPicture
from tests.imaging.analysis.test_attention import part


def small(picture: Image.Image) -> SmallPicture:
    rgba = picture.convert("RGBA")
    return SmallPicture(rgba.width, rgba.height, rgba.tobytes())


@pytest.mark.parametrize("seed", range(12))
def test_brightness_is_that_of_libvips_within_few_bits_of_a_fingerprint(seed: int) -> None:
    """Fingerprints of originals that were uploaded before are still comparable."""
    picture = part(seed)
    image = pyvips.Image.new_from_memory(picture.tobytes(), picture.width, picture.height, 3, "uchar")
    gray = image.copy(interpretation="srgb").colourspace("b-w")
    gray = gray.resize(9 / gray.width, vscale=8 / gray.height, kernel="linear").embed(0, 0, 9, 8, extend="copy")
    expected = fingerprint(bytes(gray.cast("uchar").write_to_memory()))
    found = fingerprint(small(picture).brightness())
    assert (int(found, 16) ^ int(expected, 16)).bit_count() <= 6


def test_brightness_of_transparent_pixels_is_white() -> None:
    assert set(small(Image.new("RGBA", (50, 40), (10, 20, 30, 0))).brightness()) == {255}
    assert set(small(Image.new("RGBA", (1, 1), (0, 0, 0, 255))).brightness()) == {0}


def test_pixels_are_at_most_32_wide_and_high_and_keep_their_colours() -> None:
    picture = Image.new("RGBA", (128, 64), (200, 100, 50, 255))
    picture.paste((0, 0, 0, 0), (64, 0, 128, 64))
    pixels = small(picture).pixels()
    assert (pixels.width, pixels.height) == (32, 16)
    assert pixels.rgba[:4] == bytes((200, 100, 50, 255))
    assert pixels.rgba[-1] == 0
    assert small(Image.new("RGBA", (20, 1))).pixels().rgba == bytes(80)


def test_saliency_of_a_line_is_none() -> None:
    assert small(Image.new("RGB", (60, 1))).saliency() is None
    point = small(part(1)).saliency()
    assert point is not None
    assert 0 < point.x < 1


def bands(*colors: tuple[int, int, int, int]) -> Image.Image:
    """Bands of equal height, each of one colour."""
    picture = Image.new("RGBA", (128, 32 * len(colors)))
    for place, color in enumerate(colors):
        picture.paste(color, (0, 32 * place, 128, 32 * place + 32))
    return picture


def test_palette_has_the_colours_that_are_seen_by_their_shares() -> None:
    red, blue, clear = (220, 10, 20, 255), (10, 20, 200, 255), (0, 255, 0, 0)
    found = small(bands(red, blue, red, clear)).palette()
    assert [(each.color, each.share) for each in found] == [("#dc0a14", 0.6667), ("#0a14c8", 0.3333)]
    assert small(bands(clear)).palette() == []
    assert 1 < len(small(part(3)).palette()) <= 5
    assert sum(each.share for each in small(part(3)).palette()) == pytest.approx(1, abs=0.001)


def test_histogram_counts_visible_pixels_in_64_ranges_of_each_channel() -> None:
    shown = base64.b64decode(small(bands((255, 0, 127, 255), (255, 128, 0, 255), (9, 9, 9, 0))).histogram())
    assert len(shown) == 4 * 64
    red, green, blue, light = (shown[start : start + 64] for start in range(0, 256, 64))
    assert (red[63], sum(red)) == (255, 255)
    assert (green[0], green[32], sum(green)) == (127, 127, 254)
    assert (blue[0], blue[31], sum(blue)) == (127, 127, 254)
    assert sum(light) == 254
    assert small(bands((9, 9, 9, 0))).histogram() == ""
