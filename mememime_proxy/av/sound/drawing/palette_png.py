"""A picture of at most 256 colours as a PNG."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.uint8]]
"""Rows of numbers of colours."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PALETTE: Final = 3
"""Colour type: a palette (ISO/IEC 15948, 11.2.2)."""
_LEVEL: Final = 6


def encode_palette_png(pixels: Indices, colors: np.ndarray[Any, Any], alphas: np.ndarray[Any, Any] | None) -> bytes:
    """Return the picture. ``colors``: 256 rows of red, green and blue. ``alphas``: of the colours; None = opaque."""
    height, width = pixels.shape
    rows = np.zeros((height, 1 + width), np.uint8)
    rows[:, 1:] = pixels
    chunks = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
        _chunk(b"PLTE", colors.astype(np.uint8).tobytes()),
    ]
    if alphas is not None:
        chunks.append(_chunk(b"tRNS", alphas.astype(np.uint8).tobytes()))
    chunks += (_chunk(b"IDAT", zlib.compress(rows.data, _LEVEL)), _chunk(b"IEND", b""))
    return _SIGNATURE + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
