"""Outlines of a picture: round corners, masks, and the picture's own blur around it. Images are sRGB of 8 bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyvips

from mememime_proxy.imaging.orientation import mirror


def radii(corners: Sequence[float], width: int, height: int, dpr: float) -> tuple[float, float, float, float]:
    """Return the radii in pixels, from the top left one clockwise; too large ones are made smaller as in CSS."""
    shorter = min(width, height)
    each = [corner * shorter if corner < 1 else corner * dpr for corner in corners]
    first, second, third, fourth = each * 4 if len(each) == 1 else each
    sums = (
        (width, first + second), (width, third + fourth), (height, first + fourth), (height, second + third),
    )  # fmt: skip
    factor = min(1.0, *(side / total for side, total in sums if total > side)) if any(t > s for s, t in sums) else 1.0
    return first * factor, second * factor, third * factor, fourth * factor


def corner_mask(width: int, height: int, corners: Sequence[float]) -> pyvips.Image:
    """Return a mask of one band whose corners, from the top left one clockwise, have these radii."""
    mask = pyvips.Image.new_from_memory(b"\xff" * (width * height), width, height, 1, "uchar")
    mask = mask.copy(interpretation="b-w")
    quarters = {radius: _quarter(radius, min(math.ceil(radius), width, height)) for radius in set(corners) - {0}}
    for index, radius in enumerate(corners):
        if not radius:
            continue
        at_right, at_bottom = index in (1, 2), index in (2, 3)
        quarter = mirror(quarters[radius], horizontal=at_right, vertical=at_bottom)
        left, top = width - quarter.width if at_right else 0, height - quarter.height if at_bottom else 0
        mask = mask.insert(quarter, left, top)
    return mask


def _quarter(radius: float, side: int) -> pyvips.Image:
    """Return the square at the top left that a round corner of this radius changes: pixels by their distance."""
    rows = bytearray()
    for y in range(side):
        down = max(0.0, radius - 0.5 - y)
        outer = math.sqrt(max(0.0, (radius + 0.5) ** 2 - down * down))
        first = min(side, max(0, math.ceil(radius - 0.5 - outer)))
        last = side
        if radius - 0.5 > down:
            inner = math.sqrt((radius - 0.5) ** 2 - down * down)
            last = min(side, max(first, math.floor(radius - 0.5 - inner) + 1))
        rows += bytes(first)
        for x in range(first, last):
            distance = math.hypot(max(0.0, radius - 0.5 - x), down)
            rows.append(int(255 * min(1.0, max(0.0, radius + 0.5 - distance)) + 0.5))
        rows += b"\xff" * (side - last)
    return pyvips.Image.new_from_memory(bytes(rows), side, side, 1, "uchar")


def masked(image: pyvips.Image, mask: pyvips.Image) -> pyvips.Image:
    """Return the image with its alpha times a mask of one band, 8 bits."""
    if not image.hasalpha():
        return image.bandjoin(mask).copy(interpretation="srgb")
    alpha = (image[3] * mask).linear([1 / 255], [0.5], uchar=True)
    return image[0:3].bandjoin(alpha).copy(interpretation="srgb")


def lightness_mask(image: pyvips.Image) -> pyvips.Image:
    """Return the lightness of an image times its alpha, one band of 8 bits."""
    alpha = image[image.bands - 1] if image.hasalpha() else None
    grey = (image if alpha is None else image[0 : image.bands - 1]).colourspace("b-w")
    return grey[0] if alpha is None else (grey[0] * alpha).linear([1 / 255], [0.5], uchar=True)


REDUCTION = 8
"""Times that a backdrop is smaller while it is blurred."""


def backdrop(image: pyvips.Image, width: int, height: int, sigma: float, brightness: float) -> pyvips.Image:
    """Return an opaque image that covers ``width`` × ``height`` with the blur of ``image``, whose middle it shows."""
    if image.hasalpha():
        image = image.flatten()
    wide, high = math.ceil(width / REDUCTION), math.ceil(height / REDUCTION)
    scale = max(wide / image.width, high / image.height)
    small = image.resize(scale, kernel="linear")
    small = small.embed(0, 0, max(wide, small.width), max(high, small.height), extend="copy")
    small = small.crop((small.width - wide) // 2, (small.height - high) // 2, wide, high)
    blurred = small.gaussblur(max(0.3, sigma / REDUCTION)).copy_memory()
    large = blurred.resize(REDUCTION, kernel="linear").crop(0, 0, width, height)
    return large.linear([brightness], [0.5], uchar=True).copy(interpretation="srgb")
