"""Palettes of results: how many bits an index gets where the original had a palette."""

from __future__ import annotations

from typing import Any, Final, Literal

import pyvips

from mememime_proxy.formats.effects_plan import NO_EFFECTS, NO_SHAPE
from mememime_proxy.plan import Plan

MAX_DEPTH: Final = 8
SCALED_DEPTH: Final = 5
"""Bits that suffice for shades between the colours of a small palette, which scaling and blurring make. A palette of 32
colours or more already has some to spare."""
_PNG_DEPTHS: Final = (1, 2, 4, 8)
_ITEMS: Final[dict[int, Literal["B", "H", "I"]]] = {1: "B", 2: "H", 4: "I"}
"""By the bytes of a pixel: the items of a memoryview that has one for each pixel."""
_CHUNK: Final = 1 << 16
"""Pixels between two looks at whether there are too many colours already."""


def png_depth(colors: int) -> int:
    """Return the bits of an index into a PNG's palette of that many colours: 1, 2, 4 or 8."""
    return next((depth for depth in _PNG_DEPTHS if colors <= 1 << depth), MAX_DEPTH)


def original_depth(image: pyvips.Image) -> int:
    """Return the bits of an index into the original's palette, 1–8; 0 where it had none."""
    if not (image.get_typeof("palette") and image.get("palette")):
        return 0
    bits: Any = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else MAX_DEPTH
    return max(1, min(MAX_DEPTH, int(bits)))


def with_depth(image: pyvips.Image, plan: Plan) -> tuple[pyvips.Image, int]:
    """Return the image and the bits that an index into its palette needs; 0 where the original had no palette.

    These are the bits of the original, or more where steps have added colours. To count them the pixels are computed
    once, so the image returned may be another one, in memory.
    """
    depth = original_depth(image)
    adds_colors = any(
        each.background is not None
        or each.watermark is not None
        or each.effects != NO_EFFECTS
        or each.shape != NO_SHAPE
        for each in (plan, *plan.chain)
    )
    limit = MAX_DEPTH if adds_colors else SCALED_DEPTH
    if not 0 < depth < limit:
        return image, depth
    image = image.copy_memory()
    needed = (_most_colors(image, 1 << limit) - 1).bit_length()
    return image, max(depth, min(needed, limit))


def _most_colors(image: pyvips.Image, limit: int) -> int:
    """Return the number of colours of the frame that has most of them, ``limit`` + 1 or more where it is more."""
    pixels = image.addalpha() if image.bands == 3 else image
    if pixels.format != "uchar" or pixels.bands not in _ITEMS:
        return limit + 1
    view = memoryview(pixels.write_to_memory()).cast("B").cast(_ITEMS[pixels.bands])
    frame = image.width * image.get_page_height()
    return max(_colors(view[start : start + frame], limit) for start in range(0, len(view), frame))


def _colors(pixels: memoryview, limit: int) -> int:
    seen: set[Any] = set()
    for start in range(0, len(pixels), _CHUNK):
        seen.update(pixels[start : start + _CHUNK])
        if len(seen) > limit:
            break
    return len(seen)
