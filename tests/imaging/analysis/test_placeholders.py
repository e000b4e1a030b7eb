"""Expected hashes are what the formats' own programs make of the same pixels: the author's ThumbHash (JavaScript), and
BlurHash's reference in C."""

from __future__ import annotations

import base64

import pytest

from mememime_proxy.imaging.analysis.placeholders import Pixels, blurhash, dominant_color, fingerprint, thumbhash

THUMBHASHES = [
    (32, 32, False, "HwgKLxpwdndwd3d3eGh3eId3BwmYgI8H"),
    (32, 21, False, "X/gNLZpwdndwd4d3h2iHd6CBCvh4"),
    (17, 32, False, "XggOLBxgFnd3d3Z4d3exkAr4dw=="),
    (32, 1, False, "yvkWgb6Eh4eIiAh7hIhAiAg="),
    (1, 32, False, "ygkVgT4IhIt4h4iHCIR4v3g="),
    (1, 1, False, "AAgCBwAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    (100, 75, False, "HwgKNZpwd3dweHeHeGd3h4CACPh3"),
    (17, 32, True, "4+iFEw4ngLKoaIiwwAzpWISHgIiIeIg="),
    (32, 1, True, "jlqfqdZ3h4eIiICHiHCICISHiIiwd/g="),
    (1, 32, True, "jqqcqVZ3CIeIeIgIh3iPeAj3hIuId4g="),
    (100, 75, True, "owiGHI4noYewiIlnCAqroH8GeCh4iIeHCA=="),
]
BLURHASHES = [
    (32, 32, "U$HetR2pwvX4l_WBjre.gHfhfRfiniWnjsfR"),
    (32, 21, "L$HewX2owuX4qNWBjse.gGfhfPfk"),
    (17, 32, "S$Hxvd2.l^WBgGfhnhWU"),
    (32, 1, "3$HY~z2EwxWp"),
    (1, 32, "R$05r-dLgJe;"),
    (1, 1, "U00000fQfQfQfQfQfQfQfQfQfQfQfQfQfQfQ"),
    (100, 75, "L%HV9v2W$4Sghnayjuf7gbfRfQfP"),
]


def slopes(width: int, height: int, *, transparent: bool = False) -> Pixels:
    """Red to the right, green to the bottom, a pattern of blue; alpha along the diagonal."""
    right, bottom = max(1, width - 1), max(1, height - 1)
    diagonal = max(1, width + height - 2)
    rgba = bytearray()
    for y in range(height):
        for x in range(width):
            alpha = (x + y) * 255 // diagonal if transparent else 255
            rgba += bytes((x * 255 // right, y * 255 // bottom, x * y * 7 % 256, alpha))
    return Pixels(width, height, bytes(rgba))


def filled(color: tuple[int, int, int, int], width: int = 8, height: int = 8) -> Pixels:
    return Pixels(width, height, bytes(color) * (width * height))


@pytest.mark.parametrize(("width", "height", "transparent", "expected"), THUMBHASHES)
def test_placeholders_thumbhash_equals_the_reference(width: int, height: int, transparent: bool, expected: str) -> None:
    assert thumbhash(slopes(width, height, transparent=transparent)) == expected


def test_placeholders_thumbhash_of_a_transparent_picture() -> None:
    assert thumbhash(filled((0, 0, 0, 0))) == "AAiCBQAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="


def test_placeholders_thumbhash_tells_the_mean() -> None:
    # Luminance is in the lowest six bits.
    found = base64.b64decode(thumbhash(filled((255, 255, 255, 255))))
    assert found[0] & 63 == 63


@pytest.mark.parametrize(("width", "height", "expected"), BLURHASHES)
def test_placeholders_blurhash_equals_the_reference(width: int, height: int, expected: str) -> None:
    assert blurhash(slopes(width, height)) == expected


def test_placeholders_transparent_pixels_do_not_darken_a_blurhash() -> None:
    half = Pixels(8, 8, (bytes((200, 80, 40, 255)) * 4 + bytes(16)) * 8)
    assert blurhash(half) == blurhash(filled((200, 80, 40, 255)))


def test_placeholders_dominant_color_is_the_most_frequent_one_not_the_mean() -> None:
    pixels = Pixels(10, 1, bytes((200, 30, 30, 255)) * 6 + bytes((20, 20, 220, 255)) * 4)
    assert dominant_color(pixels) == "#c81e1e"


def test_placeholders_dominant_color_ignores_transparent_pixels() -> None:
    pixels = Pixels(10, 1, bytes((0, 0, 0, 0)) * 9 + bytes((20, 20, 220, 255)))
    assert dominant_color(pixels) == "#1414dc"
    assert dominant_color(filled((9, 9, 9, 0))) == ""


def test_placeholders_fingerprint_is_a_bit_for_each_step_up() -> None:
    up, down = bytes(range(9)), bytes(reversed(range(9)))
    assert fingerprint(up * 8) == "f" * 16
    assert fingerprint(down * 8) == "0" * 16
    assert fingerprint(up + down * 7) == "ff" + "0" * 14
    assert fingerprint(bytes((0, 1, 0, 0, 0, 0, 0, 0, 0)) + bytes(63)) == "80" + "0" * 14
