"""A mark that is laid over a picture: rotated, with a shadow, repeated."""

from __future__ import annotations

import math

import pyvips

from mememime_proxy.geometry.watermark import mark_tiles
from mememime_proxy.plan import Padding

MAX_SHADOW = 100.0


def rotated(image: pyvips.Image, angle: float) -> pyvips.Image:
    """Return an image with alpha, 8 bits, rotated clockwise by any angle; corners that come to be are transparent."""
    if angle % 90 == 0:
        return image.rot(f"d{int(angle) % 360}") if angle % 360 else image
    cubic = pyvips.Interpolate.new("bicubic")
    # libvips multiplies alpha into the colours by itself.
    return image.rotate(angle, interpolate=cubic).cast("uchar").copy(interpretation=image.interpretation)


def shadowed(image: pyvips.Image, sigma: float) -> tuple[pyvips.Image, int]:
    """Return an sRGB image with alpha over its own blurred shadow, and the margin that there is around it now."""
    margin = math.ceil(3 * sigma)
    width, height = image.width + 2 * margin, image.height + 2 * margin
    alpha = image[3].embed(margin, margin, width, height).gaussblur(sigma).cast("uchar")
    shadow = (alpha * 0).cast("uchar").bandjoin([0, 0]).bandjoin(alpha).copy(interpretation="srgb")
    return shadow.composite2(image, "over", x=margin, y=margin).cast("uchar"), margin


def cell(image: pyvips.Image, gap: Padding, margin: int) -> pyvips.Image:
    """Return one copy of a repeated mark with the gap around it, which is at least the margin of its shadow."""
    left, top = max(0, gap.left - margin), max(0, gap.top - margin)
    width = image.width + left + max(0, gap.right - margin)
    height = image.height + top + max(0, gap.bottom - margin)
    return image.embed(left, top, width, height)


def tiled(image: pyvips.Image, width: int, height: int, *, chessboard: bool = False) -> pyvips.Image:
    """Return an area of ``width`` × ``height`` covered with the mark, or with every other place of a chessboard."""
    if chessboard:
        empty = (image * 0).cast("uchar").copy(interpretation=image.interpretation)
        image = pyvips.Image.arrayjoin([image, empty, empty, image], across=2).copy_memory()
    across, down, left, top = mark_tiles((width, height), (image.width, image.height))
    return image.replicate(across, down).crop(left, top, width, height)
