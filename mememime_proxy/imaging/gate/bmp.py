"""BMP and the headless bitmaps inside icons: the information header. [MS-WMF] 2.2.2, BITMAPV4HEADER, BITMAPV5HEADER."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.header import ImageHeader

FILE_HEADER_LENGTH = 14
_CORE, _OS2_SHORT, _INFO, _MAX_HEADER_LENGTH = 12, 16, 40, 124
_WITH_ALPHA_MASK = 56
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32})
_COMPRESSIONS = frozenset({0, 1, 2, 3, 6})
"""None, RLE of 8 and of 4 bits, bit fields without and with alpha."""
_BITFIELDS = frozenset({3, 6})
_ALPHA_BITFIELDS = 6
_RLE_BITS = {1: 8, 2: 4}
_WITH_MASKS = frozenset({16, 32})
BYTES = frozenset({0, 0xFF, 0xFF00, 0xFF0000, 0xFF000000})
"""Bits of channels that are whole bytes of a pixel, and of those that there are none of."""
_DEFAULT_MASKS = {16: (0x7C00, 0x03E0, 0x001F), 32: (0xFF0000, 0xFF00, 0xFF)}


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Fields of an information header; ``height`` is positive also for rows from the top down."""

    width: int
    height: int
    bits: int
    alpha: bool | None
    top_down: bool = False
    masks: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Bits of red, green, blue and alpha in pixels of 16 and 32 bits; 0 = there is no such channel."""
    colors: int = 0
    """Colours of the palette, where there is one."""
    runs: bool = False
    """The pixels are coded in runs."""


def read_bitmap(data: memoryview, at: int, pixels_at: int = 0) -> Bitmap:
    """Return the information header at ``at``; the pixels begin at ``pixels_at``, behind the masks.

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
    top_down, height = height < 0, abs(height)
    if width <= 0 or not height or planes != 1 or bits not in _DEPTHS or compression not in _COMPRESSIONS:
        raise BrokenImageError(f"bitmap of {width}×{height} pixels, {bits} bits, compression {compression}")
    if _RLE_BITS.get(compression, bits) != bits:
        raise BrokenImageError(f"bitmap of {bits} bits with compression {compression}")
    alpha: bool | None = False
    if length >= _WITH_ALPHA_MASK and compression in _BITFIELDS:
        alpha = struct.unpack_from("<I", data, at + 52)[0] != 0
    elif bits in (16, 32):
        alpha = None
    masks = _masks(data, at, pixels_at, length, bits, compression) if bits in _WITH_MASKS else (0, 0, 0, 0)
    colors = struct.unpack_from("<I", data, at + 32)[0] if length >= _INFO else 0
    colors = (colors if 0 < colors < 1 << bits else 1 << bits) if bits <= 8 else 0
    return Bitmap(width, height, bits, alpha, top_down, masks, colors, compression in _RLE_BITS)


def _masks(
    data: memoryview, at: int, pixels_at: int, length: int, bits: int, compression: int
) -> tuple[int, int, int, int]:
    """Return the bits of each channel.

    Without bit fields a header that is long enough says whether the fourth byte is alpha. Behind a short one it is, as
    in imgproxy; where it is 0 throughout, the picture is opaque.
    """
    red, green, blue = _DEFAULT_MASKS[bits]
    if compression not in _BITFIELDS:
        if length >= _WITH_ALPHA_MASK:
            (alpha,) = struct.unpack_from("<I", data, at + 52)
        else:
            alpha = 0xFF000000
        return red, green, blue, alpha & ~(red | green | blue) if bits == 32 else 0
    red, green, blue = struct.unpack_from("<III", data, at + _INFO)
    alpha = 0
    if length >= _WITH_ALPHA_MASK or compression == _ALPHA_BITFIELDS or (bits == 32 and pixels_at >= at + 56):
        (alpha,) = struct.unpack_from("<I", data, at + 52)
    return red, green, blue, alpha & ~(red | green | blue)


def walk(data: memoryview) -> ImageHeader:
    """Return the header of a BMP. Raises BrokenImageError, or struct.error where the data ends too soon."""
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    bitmap = read_bitmap(data, FILE_HEADER_LENGTH, pixels_at)
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
        coding="rle" if bitmap.runs else "" if BYTES.issuperset(bitmap.masks) else "masks",
    )
