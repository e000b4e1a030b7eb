"""Size and place of a watermark. Pure arithmetic."""

from __future__ import annotations

import math

from mememime_proxy.formats.effects_plan import NO_MARK, REPEAT, Mark, Watermark
from mememime_proxy.geometry.gravity import Size, position
from mememime_proxy.geometry.numbers import round_half_even, scale_even
from mememime_proxy.plan import Gravity, GravityType, ImageLimits, Padding, Plan


def mark_plan(watermark: Watermark, size: Size, dpr: float, limits: ImageLimits, mark: Mark = NO_MARK) -> Plan:
    """Return the plan of the watermark's own picture on one of ``size``, with a gap around it if it is repeated.

    A scale of the watermark wins over the box that ``mark`` names.
    """
    box = (mark.width, mark.height) if watermark.scale <= 0 else size
    factor = dpr if watermark.scale <= 0 else watermark.scale
    width, height = (max(1, scale_even(side, factor)) if side else 0 for side in box)
    return Plan(
        width=width,
        height=height,
        enlarge=True,
        padding=mark_gap(watermark, size, dpr) if watermark.position == REPEAT else Padding(),
        limits=ImageLimits(max_src_resolution=limits.max_src_resolution),
    )


def mark_position(watermark: Watermark, size: Size, mark: Size, dpr: float) -> tuple[int, int]:
    """Return left and top of a watermark that is not repeated; a part of it may be outside."""
    gravity = Gravity(GravityType(watermark.position), watermark.x, watermark.y)
    return position(size, mark, gravity, dpr, overflow=True)


def mark_tiles(size: Size, mark: Size) -> tuple[int, int, int, int]:
    """Return columns and rows of a repeated watermark, and left and top of the part that is seen.

    One copy lies in its centre.
    """
    across, down = math.ceil(size[0] / mark[0]) | 1, math.ceil(size[1] / mark[1]) | 1
    return across, down, (across * mark[0] - size[0]) // 2, (down * mark[1] - size[1]) // 2


def mark_gap(watermark: Watermark, size: Size, dpr: float) -> Padding:
    """Return the offsets of a repeated watermark on a picture of ``size``, shared out to both sides of it.

    They are no larger than twice the picture, where nothing is seen of a second copy.
    """
    width, height = size
    gap_x = round_half_even(watermark.x * dpr) if abs(watermark.x) >= 1 else scale_even(width, watermark.x)
    gap_y = round_half_even(watermark.y * dpr) if abs(watermark.y) >= 1 else scale_even(height, watermark.y)
    gap_x, gap_y = _bounded(gap_x, 2 * width), _bounded(gap_y, 2 * height)
    left, top = math.trunc(gap_x / 2), math.trunc(gap_y / 2)
    return Padding(top=top, right=gap_x - left, bottom=gap_y - top, left=left)


def _bounded(gap: int, largest: int) -> int:
    """Return a gap up to ``largest``, odd if it was odd: of an odd one, the larger half lies behind the copy."""
    return min(gap, largest + (gap - largest) % 2)
