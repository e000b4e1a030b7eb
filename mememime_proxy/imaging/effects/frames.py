"""Frames around objects, with their classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

import pyvips
from PIL import Image, ImageDraw

from mememime_proxy.geometry.detections import Detection
from mememime_proxy.imaging.effects.text import has_fonts

_COLOR: Final = [0.0, 255.0, 0.0]
_LINE: Final = 2
"""Pixels."""
_FONT: Final = "sans 12"
_DPI: Final = 72
_LONGEST: Final = 80
"""Letters of a class."""


def framed(image: pyvips.Image, objects: Iterable[Detection]) -> pyvips.Image:
    """Return the image, sRGB, with a frame and a label for each object: ``face 0.93``. Without fonts no labels."""
    sheet = Image.new("L", (image.width, image.height))
    draw = ImageDraw.Draw(sheet)
    for each in objects:
        left, top, width, height = each.box.pixels(image.width, image.height)
        draw.rectangle((left, top, left + width - 1, top + height - 1), outline=255, width=_LINE)
        if has_fonts():
            text = escape(f"{each.class_name[:_LONGEST]} {each.confidence:.2f}")
            drawn = pyvips.Image.text(text, font=_FONT, dpi=_DPI)
            label = Image.frombytes("L", (drawn.width, drawn.height), bytes(drawn.write_to_memory()))
            above, below = top - label.height - _LINE, top + height + _LINE
            fits_below = below + label.height <= image.height
            at = above if above >= 0 else below if fits_below else top + 2 * _LINE
            sheet.paste(255, (left, at), label)
    mask = pyvips.Image.new_from_memory(sheet.tobytes(), image.width, image.height, 1, "uchar")
    ink = [*_COLOR, 255.0] if image.hasalpha() else _COLOR
    return mask.ifthenelse(ink, image, blend=True)
