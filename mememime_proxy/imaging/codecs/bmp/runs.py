"""BMP of 8 and 4 bits coded in runs: BI_RLE8 and BI_RLE4 of [MS-WMF] 2.1.1.7, 3.1.6.2 and 3.1.6.3.

Pillow's decoder is Python that works byte by byte; this one takes whole stretches of codes at once, which is ten times
as fast, and holds one byte a pixel.
"""

from __future__ import annotations

import re
from operator import mul
from typing import Final

import pyvips

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.bmp.colors import apply_palette, palette_end
from mememime_proxy.imaging.gate.bmp import Bitmap

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2
"""Second bytes of codes whose first is 0; larger ones are numbers of pixels that follow as they are."""
_CODES: Final = re.compile(rb"(?:[^\x00].)+", re.DOTALL)
_BLOCK: Final = 4096
"""Codes that are written out at a time: a megabyte of pixels."""
_SINGLE: Final = tuple(bytes([value]) for value in range(256))
_PAIRS: Final = tuple(bytes([value >> 4, value & 15]) for value in range(256))


def decode(data: memoryview, pixels_at: int, bitmap: Bitmap, *, partial: bool) -> pyvips.Image:
    """Return the picture.

    ``partial``: pixels beyond the end of the codes have index 0, else BrokenImageError is raised for codes that end too
    soon.
    """
    width, height = bitmap.width, bitmap.height
    codes = data[pixels_at or palette_end(data, bitmap) :]
    indices = indices_of(codes, width, height, four=bitmap.bits == 4, partial=partial)
    return apply_palette(pyvips.Image.new_from_memory(indices, width, height, 1, "uchar").flipver(), data, bitmap)


def indices_of(codes: memoryview, width: int, height: int, *, four: bool, partial: bool = False) -> bytearray:
    """Return the palette's index of each pixel, the lowest row first; 0 where no code says one.

    ``four``: codes are for 4 bits. What a row has beyond its width is dropped. Time is proportional to the codes, and
    is at most that of ``height`` rows. Raises BrokenImageError where the codes end before the bitmap does, unless
    ``partial``.
    """
    indices = bytearray(width * height)
    try:
        _read(indices, codes, width, height, four=four)
    except BrokenImageError:
        if not partial:
            raise
    return indices


def _read(indices: bytearray, codes: memoryview, width: int, height: int, *, four: bool) -> None:
    x = y = at = 0
    while y < height:
        if at + 2 > len(codes):
            if (x, y) == (width, height - 1):
                break
            raise BrokenImageError("BMP whose runs end too soon")
        if codes[at]:
            end = _CODES.match(codes, at).end()  # type: ignore[union-attr]  # two bytes are there, and it begins with none
            x = _write(indices, y * width, x, width, bytes(codes[at:end]), four=four)
            at = end
            continue
        kind = codes[at + 1]
        at += 2
        if kind == _END_OF_LINE:
            x, y = 0, y + 1
        elif kind == _END_OF_BITMAP:
            break
        elif kind == _DELTA:
            if at + 2 > len(codes):
                raise BrokenImageError("BMP whose runs end too soon")
            x, y = min(width, x + codes[at]), y + codes[at + 1]
            at += 2
        else:
            length = (kind + 1) // 2 if four else kind
            plain = bytes(codes[at : at + length])
            samples = b"".join([_PAIRS[value] for value in plain])[:kind] if four else plain
            end = min(width, x + len(samples))
            indices[y * width + x : y * width + end] = samples[: end - x]
            x = end
            if len(plain) < length:
                raise BrokenImageError("BMP whose runs end too soon")
            at += length + (length & 1)


def _write(indices: bytearray, row: int, x: int, width: int, codes: bytes, *, four: bool) -> int:
    """Write the pixels of codes (number, value) from ``x`` on; return where they end in the row."""
    for start in range(0, len(codes), 2 * _BLOCK):
        if x == width:
            break
        counts, values = codes[start : start + 2 * _BLOCK : 2], codes[start + 1 : start + 2 * _BLOCK : 2]
        if four:
            pieces = [(_PAIRS[value] * (count + 1 >> 1))[:count] for count, value in zip(counts, values, strict=True)]
        else:
            pieces = list(map(mul, map(_SINGLE.__getitem__, values), counts))
        samples = b"".join(pieces)
        end = min(width, x + len(samples))
        indices[row + x : row + end] = samples[: end - x]
        x = end
    return x
