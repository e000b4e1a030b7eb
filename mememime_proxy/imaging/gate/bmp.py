"""BMP and the headless bitmaps inside icons: the information header. [MS-WMF] 2.2.2, BITMAPV4HEADER, BITMAPV5HEADER."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.header import ImageHeader

_FILE_HEADER_LENGTH = 14
_CORE, _OS2_SHORT, _INFO, _MAX_HEADER_LENGTH = 12, 16, 40, 124
_WITH_ALPHA_MASK = 56
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32})
_COMPRESSIONS = frozenset({0, 1, 2, 3, 6})
"""None, RLE of 8 and of 4 bits, bit fields without and with alpha."""
_BITFIELDS = frozenset({3, 6})


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Fields of an information header; ``height`` is positive also for rows from the top down."""

    width: int
    height: int
    bits: int
    alpha: bool | None


def read_bitmap(data: memoryview, at: int) -> Bitmap:
    """Return the information header at ``at``.

    Raises BrokenImageError, or struct.error where the data ends too soon.
    """
    (length,) = struct.unpack_from("<I", data, at)
    compression = 0
    if length == _CORE:
        width, height, planes, bits = struct.unpack_from("<HHHH", data, at + 4)
    elif length == _OS2_SHORT:
        width, height, planes, bits = struct.unpack_from("<iiHH", data, at + 4)
    elif _INFO <= length <= _MAX_HEADER_LENGTH:
        width, height, planes, bits, compression = struct.unpack_from("<iiHHI", data, at + 4)
    else:
        raise BrokenImageError(f"bitmap with a header of {length} bytes")
    height = abs(height)
    if width <= 0 or not height or planes != 1 or bits not in _DEPTHS or compression not in _COMPRESSIONS:
        raise BrokenImageError(f"bitmap of {width}×{height} pixels, {bits} bits, compression {compression}")
    alpha: bool | None = False
    if length >= _WITH_ALPHA_MASK and compression in _BITFIELDS:
        alpha = struct.unpack_from("<I", data, at + 52)[0] != 0
    elif bits in (16, 32):
        alpha = None
    return Bitmap(width, height, bits, alpha)


def walk(data: memoryview) -> ImageHeader:
    """Return the header of a BMP. Raises BrokenImageError, or struct.error where the data ends too soon."""
    bitmap = read_bitmap(data, _FILE_HEADER_LENGTH)
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    if pixels_at >= len(data):
        raise BrokenImageError("BMP without pixel data")
    palette = bitmap.bits <= 8
    return ImageHeader(
        format="bmp",
        width=bitmap.width,
        height=bitmap.height,
        alpha=bitmap.alpha,
        icc=False,
        exif=False,
        bit_depth=bitmap.bits if palette else 8,
        bands=1 if palette else 4 if bitmap.alpha else 3,
        palette=palette,
    )
