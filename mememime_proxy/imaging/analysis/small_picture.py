"""A small copy of an original, from which placeholders, fingerprint and the point of attention are made, by Pillow.

At this size libvips spends its time on building operations, not on pixels: ten milliseconds of eleven.
"""

from __future__ import annotations

import base64
import math
from array import array
from collections import Counter
from functools import cached_property
from typing import Final

from PIL import Image

from mememime_proxy.asset_facts import PaletteColor, Point
from mememime_proxy.imaging.analysis.attention import LINEAR, attention
from mememime_proxy.imaging.analysis.placeholders import Pixels

_SIDE: Final = 32
"""Longest side of the picture that placeholders are made of."""
_COLUMNS, _ROWS = 9, 8
"""Of the picture whose brightness makes a fingerprint."""
_PALETTE: Final = 5
"""Colours of a palette."""
_RANGES: Final = 64
"""Of a channel, in a histogram."""
_OPAQUE: Final = 128
"""Alpha from which a pixel is counted."""
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

    def palette(self) -> list[PaletteColor]:
        """Return the colours that stand for the visible pixels, the most frequent one first."""
        factor = math.ceil(max(self._image.size) / _SIDE)
        visible = _visible(self._image.reduce(factor))
        if visible is None:
            return []
        reduced = visible.quantize(_PALETTE, Image.Quantize.MEDIANCUT, kmeans=1)
        colors = reduced.getpalette() or []
        total = visible.width * visible.height
        # Two boxes of the cut may have one mean.
        shares: Counter[str] = Counter()
        for place, count in enumerate(reduced.histogram()[: len(colors) // 3]):
            shares["#" + bytes(colors[3 * place : 3 * place + 3]).hex()] += count
        ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        return [PaletteColor(color=color, share=round(count / total, 4)) for color, count in ordered]

    def histogram(self) -> str:
        """Return how the visible pixels are spread over red, green, blue and brightness, as ``AssetFacts`` has it."""
        visible = _visible(self._image)
        if visible is None:
            return ""
        counts = visible.histogram() + visible.convert("L").histogram()
        step = 256 // _RANGES
        ranges = [sum(counts[start : start + step]) for start in range(0, len(counts), step)]
        return base64.b64encode(bytes(255 * count // max(ranges) for count in ranges)).decode()


def _brightness(red: int, green: int, blue: int) -> float:
    """Return the luminance of a colour, coded as sRGB is, of 255."""
    light = (_RED * LINEAR[red] + _GREEN * LINEAR[green] + _BLUE * LINEAR[blue]) / 100
    return 255 * min(1.0, 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def _share(place: int, size: int) -> float:
    return round(min(1.0, max(0.0, (place + 0.5) / size)), 4)


def _visible(image: Image.Image) -> Image.Image | None:
    """Return the pixels that one can see, in RGB; of a picture with an alpha channel as one row. None for none."""
    if image.mode == "RGB":
        return image
    rgba = image.tobytes()
    pixels = [rgba[start : start + 3] for start in range(0, len(rgba), 4) if rgba[start + 3] >= _OPAQUE]
    return Image.frombytes("RGB", (len(pixels), 1), b"".join(pixels)) if pixels else None
