"""The clean aperture of AVIF and HEIC: the part of the decoded picture that is to be seen.

ISO/IEC 14496-12, 12.1.4 (``clap``); 23008-12, 6.5.9 to 6.5.12 (``clap``, ``irot``, ``imir``); 23000-22, 7.3.6.7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction

from mememime_proxy.imaging.gate.boxes.bmff import Box
from mememime_proxy.imaging.gate.header import Aperture

_NUMBERS = struct.Struct(">IIIIiIiI")
_TOP_BOTTOM = 0
"""Axis of ``imir`` that exchanges top and bottom."""

_Rectangle = tuple[int, int, int, int]
"""Left, top, width and height."""


def transformed_size(
    data: memoryview, properties: Iterable[Box], width: int, height: int
) -> tuple[int, int, Aperture | None]:
    """Return the size of a picture after its transformations, and the aperture in it.

    The transformations count in the order in which they are listed. An aperture that is not valid or not within the
    picture is ignored. Without one the size is that of the rotated picture.
    """
    area: _Rectangle | None = None
    for kind, at, end in properties:
        if kind == b"clap" and area is None and end - at >= _NUMBERS.size:
            area = _area(_NUMBERS.unpack_from(data, at), width, height)
        elif kind == b"irot":
            for _ in range(data[at] & 3):
                width, height = height, width
                area = area and _quarter(area, height)
        elif kind == b"imir" and area is not None:
            left, top, inner_width, inner_height = area
            if data[at] & 1 == _TOP_BOTTOM:
                top = height - top - inner_height
            else:
                left = width - left - inner_width
            area = left, top, inner_width, inner_height
    if area is None or area == (0, 0, width, height):
        return width, height, None
    return area[2], area[3], Aperture(*area, full_width=width, full_height=height)


def _quarter(area: _Rectangle, height: int) -> _Rectangle:
    """Return the rectangle rotated anticlockwise with its picture, which is ``height`` high afterwards."""
    left, top, inner_width, inner_height = area
    return top, height - left - inner_width, inner_height, inner_width


def _area(numbers: tuple[int, ...], width: int, height: int) -> _Rectangle | None:
    """Return the rectangle of pixels; fractions of pixels are rounded as by libheif."""
    if not all(numbers[1::2]):
        return None
    inner_width, inner_height, right, down = (Fraction(numbers[at], numbers[at + 1]) for at in (0, 2, 4, 6))
    horizontal, vertical = _span(inner_width, right, width), _span(inner_height, down, height)
    if horizontal is None or vertical is None:
        return None
    return horizontal[0], vertical[0], horizontal[1], vertical[1]


def _span(length: Fraction, offset: Fraction, side: int) -> tuple[int, int] | None:
    """Return start and length of a part at ``offset`` from the middle of its side; None if it reaches beyond."""
    if length <= 0:
        return None
    start = offset + (side - length) / 2
    last = start + length - 1
    first, end = start.__floor__(), (last + Fraction(1, 2)).__floor__() + 1
    return (first, end - first) if 0 <= first < end <= side else None


def remove(file: bytearray, apertures: Iterable[Box], width: int, height: int) -> None:
    """Write the whole picture for the apertures of a file: some versions of libheif fail on smaller ones."""
    for _, at, end in apertures:
        if end - at >= _NUMBERS.size:
            _NUMBERS.pack_into(file, at, width, 1, height, 1, 0, 1, 0, 1)
