"""ICO: the directory, and the header of its largest picture, which is a PNG or a bitmap without a file header."""

from __future__ import annotations

import struct
from dataclasses import replace

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate import bmp, png
from mememime_proxy.imaging.gate.header import ImageHeader

MAX_ENTRIES = 256
_DIRECTORY_LENGTH, _ENTRY_LENGTH = 6, 16
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_BITMAP_SIDE = 256


def walk(data: memoryview) -> ImageHeader:
    """Return the header of the largest picture of an icon, of the deepest one among equals.

    Raises BrokenImageError and LimitError, or struct.error where the data ends too soon.
    """
    (count,) = struct.unpack_from("<H", data, 4)
    if not count:
        raise BrokenImageError("icon without a picture")
    if count > MAX_ENTRIES:
        raise LimitError(f"icon of {count} pictures")
    start, length = _largest(data, count)
    entry = data[start : start + length]
    if bytes(entry[:8]) == _PNG_SIGNATURE:
        inner, rewritten = png.walk(entry)
        if rewritten is not None:
            raise LimitError("icon with more text than an icon needs")
        return replace(inner, format="ico", embedded="png", entry=(start, length), orientation=1)
    bitmap = bmp.read_bitmap(entry, 0)
    height = bitmap.height // 2  # the mask is stored below the colours
    if not height or max(bitmap.width, height) > _MAX_BITMAP_SIDE:
        raise LimitError(f"icon with a bitmap of {bitmap.width}×{height} pixels")
    return ImageHeader(
        format="ico",
        width=bitmap.width,
        height=height,
        alpha=True,
        bands=4,
        icc=False,
        exif=False,
        bit_depth=bitmap.bits,
        embedded="bmp",
        entry=(start, length),
    )


def _largest(data: memoryview, count: int) -> tuple[int, int]:
    """Offset and length of the largest picture; a side of 0 is 256."""
    best, place = (-1, -1), (0, 0)
    for index in range(count):
        width, height, bits, length, start = struct.unpack_from(
            "<BB4xHII", data, _DIRECTORY_LENGTH + index * _ENTRY_LENGTH
        )
        rank = ((width or 256) * (height or 256), bits)
        if rank > best:
            best, place = rank, (start, length)
    if sum(place) > len(data) or place[0] < _DIRECTORY_LENGTH + count * _ENTRY_LENGTH:
        raise BrokenImageError("icon whose largest picture lies outside of it")
    return place
