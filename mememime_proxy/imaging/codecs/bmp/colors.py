"""The palette of a BMP. [MS-WMF] 2.2.2.9; BITMAPCOREHEADER has three bytes for each colour."""

from __future__ import annotations

import struct
from typing import Final

import pyvips

from mememime_proxy.imaging.gate.bmp import FILE_HEADER_LENGTH, Bitmap

_CORE_HEADER: Final = 12
_ENTRY, _CORE_ENTRY = 4, 3
"""Bytes of a colour: blue, green, red, and none in longer headers."""
_SIZE: Final = 256
_BLACK_AND_WHITE: Final = bytes((0, 0, 0, 255, 255, 255))
_GREY: Final = bytes(value for value in range(_SIZE) for _ in range(3))


def palette_end(data: memoryview, bitmap: Bitmap) -> int:
    """Return the position behind the palette, where the pixels are unless the file says otherwise."""
    start, entry = _place(data)
    return start + entry * bitmap.colors


def apply_palette(indices: pyvips.Image, data: memoryview, bitmap: Bitmap) -> pyvips.Image:
    """Return the colours of the indices: grey where the palette is black and white or all grey in its order, else RGB.

    Indices beyond the palette are black.
    """
    start, entry = _place(data)
    palette = bytes(data[start : start + entry * bitmap.colors])
    colors = bytearray(3 * _SIZE)
    for channel in range(3):
        values = palette[2 - channel :: entry]
        colors[channel : channel + 3 * len(values) : 3] = values
    if colors[: 3 * bitmap.colors] == _GREY[: 3 * bitmap.colors]:
        return indices.copy(interpretation="b-w")
    if bitmap.colors == 2 and colors[:6] == _BLACK_AND_WHITE:
        table = pyvips.Image.new_from_memory(bytes(colors[::3]), _SIZE, 1, 1, "uchar")
        grey: pyvips.Image = indices.maplut(table).copy(interpretation="b-w")
        return grey
    table = pyvips.Image.new_from_memory(bytes(colors), _SIZE, 1, 3, "uchar")
    mapped: pyvips.Image = indices.maplut(table).copy(interpretation="srgb")
    return mapped


def _place(data: memoryview) -> tuple[int, int]:
    """Return where the palette begins, and the bytes of an entry."""
    (length,) = struct.unpack_from("<I", data, FILE_HEADER_LENGTH)
    return FILE_HEADER_LENGTH + length, _CORE_ENTRY if length == _CORE_HEADER else _ENTRY
