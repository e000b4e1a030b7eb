"""A small copy of an original, from which placeholders, fingerprint and the point of attention are made, by Pillow.

At this size libvips spends its time on building operations, not on pixels: ten milliseconds of eleven.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import Final

from PIL import Image

from mememime_proxy.asset_facts import Point
from mememime_proxy.imaging.analysis.attention import LINEAR, attention
from mememime_proxy.imaging.analysis.placeholders import Pixels

_SIDE: Final = 32
"""Longest side of the picture that placeholders are made of."""
_COLUMNS, _ROWS = 9, 8
"""Of the picture whose brightness makes a fingerprint."""
_WHITE: Final = (255, 255, 255, 255)
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722
"""Shares of the channels in the luminance (ITU-R BT.709)."""


class SmallPicture:
    """``width`` × ``height`` pixels of RGB, or of RGBA, in 8-bit sRGB."""

    def __init__(self, width: int, height: int, pixels: bytes) -> None:
        mode = "RGB" if len(pixels) == 3 * width * height else "RGBA"
        self._image = Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)

    @cached_property
    def _flat(self) -> Image.Image:
        """The picture on white."""
        if self._image.mode == "RGB":
            return self._image
        if self._image.getchannel("A").getextrema() == (255, 255):
            return self._image.convert("RGB")
        return Image.alpha_composite(Image.new("RGBA", self._image.size, _WHITE), self._image).convert("RGB")

    def all_pixels(self) -> Pixels:
        """Return the pixels of this picture."""
        return Pixels(*self._image.size, self._image.convert("RGBA").tobytes())

    def pixels(self) -> Pixels:
        """Return the pixels of an even smaller copy, for placeholders; transparent ones do not count for the others."""
        image = self._image
        longest = max(image.size)
        if longest > _SIDE:
            width, height = (max(1, round(side * _SIDE / longest)) for side in image.size)
            image = image.resize((width, height), Image.Resampling.LANCZOS)
        return Pixels(*image.size, image.convert("RGBA").tobytes())

    def brightness(self) -> bytes:
        """Return the brightness of 9 × 8 places, for a fingerprint: whole blocks at first, as libvips shrinks."""
        width, height = self._image.size
        across, down = max(1, width // (2 * _COLUMNS)), max(1, height // (2 * _ROWS))
        blocks = self._flat.reduce((across, down))
        rgb = blocks.tobytes()
        light = array("f", map(_brightness, rgb[0::3], rgb[1::3], rgb[2::3]))
        image = Image.frombuffer("F", blocks.size, light.tobytes(), "raw", "F", 0, 1)
        box = (0, 0, width / across, height / down)
        small = image.resize((_COLUMNS, _ROWS), Image.Resampling.BILINEAR, box=box)
        return bytes(map(int, array("f", small.tobytes())))

    def saliency(self) -> Point | None:
        """Return the point of attention; None for a line."""
        width, height = self._image.size
        if min(width, height) < 2:
            return None
        x, y = attention(self._flat)
        return Point(x=_share(x, width), y=_share(y, height))


def _brightness(red: int, green: int, blue: int) -> float:
    """Return the luminance of a colour, coded as sRGB is, of 255."""
    light = (_RED * LINEAR[red] + _GREEN * LINEAR[green] + _BLUE * LINEAR[blue]) / 100
    return 255 * min(1.0, 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def _share(place: int, size: int) -> float:
    return round(min(1.0, max(0.0, (place + 0.5) / size)), 4)
