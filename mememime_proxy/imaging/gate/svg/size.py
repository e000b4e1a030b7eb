"""Width and height of a drawing by the attributes of its root, with the rounding and the units of librsvg.

SVG 2, chapter 8.
"""

from __future__ import annotations

import math
import re

from lxml import etree

DPI = 96
"""Pixels of an inch, as CSS has it; ``load`` asks librsvg for the same."""
_FONT_SIZE = 12
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "in": DPI,
    "cm": DPI / 2.54,
    "mm": DPI / 25.4,
    "pt": DPI / 72,
    "pc": DPI / 6,
    "em": _FONT_SIZE,
    "ex": _FONT_SIZE / 2,
}
_NUMBER = re.compile(r"\s*\+?((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(px|in|cm|mm|pt|pc|em|ex|%)?\s*")
_MAX_NUMBER = 64


def size_of(root: etree._Element) -> tuple[int, int]:
    """Return width and height in whole pixels; 1×1 where they are unknown before rendering.

    As in librsvg, a missing side follows from the other one and the viewBox.
    """
    width, height = length(root.get("width", "")), length(root.get("height", ""))
    box = view_box(root.get("viewBox", ""))
    if box is not None:
        if width is None and height is None:
            width, height = box
        elif width is None and height is not None:
            width = height * box[0] / box[1]
        elif height is None and width is not None:
            height = width * box[1] / box[0]
    if width is None or height is None:
        return 1, 1
    return _whole_pixels(width), _whole_pixels(height)


def _whole_pixels(length: float) -> int:
    return max(1, math.floor(min(length, 1e9) + 0.5))


def length(text: str) -> float | None:
    """Return a length in pixels.

    None for a percentage of the unknown viewport, and for text that is no length above zero.
    """
    match = _NUMBER.fullmatch(text[:_MAX_NUMBER])
    if match is None or match[2] == "%":
        return None
    value = float(match[1]) * _UNITS[match[2] or ""]
    return value if 0 < value < math.inf else None


def view_box(text: str) -> tuple[float, float] | None:
    """Return width and height of a viewBox, None for text that is none."""
    try:
        numbers = [float(part) for part in text[:256].replace(",", " ").split()]
    except ValueError:
        return None
    if len(numbers) != 4 or not (0 < numbers[2] < math.inf and 0 < numbers[3] < math.inf):
        return None
    return numbers[2], numbers[3]
