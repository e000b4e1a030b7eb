"""Boxes in a picture, and where they are after a change of its geometry. Pure arithmetic.

A box is in shares of the picture's sides, so that scaling does not change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

from mememime_proxy.geometry.geometry import Rotation

_ROUNDING = 1e-6
"""Share of a pixel that is an error of floating point."""


class Box(NamedTuple):
    """Edges as shares, 0–1, of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height of all pixels that the box touches, at least one."""
        left = min(width - 1, floor(self.left * width + _ROUNDING))
        top = min(height - 1, floor(self.top * height + _ROUNDING))
        right = min(width, ceil(self.right * width - _ROUNDING))
        bottom = min(height, ceil(self.bottom * height - _ROUNDING))
        return left, top, max(1, right - left), max(1, bottom - top)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)
"""A picture's own box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of geometry: a crop in shares, then a rotation clockwise by 0, 90, 180 or 270, then mirrors."""

    crop: Box = WHOLE
    angle: int = 0
    horizontal: bool = False
    vertical: bool = False


def carried(boxes: Iterable[Box], move: Move) -> tuple[Box, ...]:
    """Return where the boxes are after a move, clipped; those that are outside of the crop are left out."""
    return tuple(moved for box in boxes if (moved := _carried(box, move)) is not None)


def stored(boxes: Iterable[Box], rotation: Rotation) -> tuple[Box, ...]:
    """Return boxes of an upright picture in the one that is stored, which ``rotation`` makes upright."""
    boxes = carried(boxes, Move(horizontal=rotation.flip))
    return carried(boxes, Move(angle=-rotation.angle % 360))


def _carried(box: Box, move: Move) -> Box | None:
    crop = move.crop
    width, height = crop.right - crop.left, crop.bottom - crop.top
    left, right = max(0.0, (box.left - crop.left) / width), min(1.0, (box.right - crop.left) / width)
    top, bottom = max(0.0, (box.top - crop.top) / height), min(1.0, (box.bottom - crop.top) / height)
    if left >= right or top >= bottom:
        return None
    for _ in range(move.angle // 90):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    if move.horizontal:
        left, right = 1 - right, 1 - left
    if move.vertical:
        top, bottom = 1 - bottom, 1 - top
    return Box(left, top, right, bottom)
