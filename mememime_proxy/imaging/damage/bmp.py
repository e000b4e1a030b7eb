"""BMP: rows up to the size that its header states."""

from __future__ import annotations

import struct

from mememime_proxy.imaging.damage.model import Repaired, padded
from mememime_proxy.imaging.gate.bmp import FILE_HEADER_LENGTH, read_bitmap
from mememime_proxy.imaging.gate.header import ImageHeader


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return the same BMP with zeros in place of rows beyond its end: black, or transparent."""
    (start,) = struct.unpack_from("<I", data, 10)
    row = (header.width * read_bitmap(data, FILE_HEADER_LENGTH, start).bits + 31) // 32 * 4
    return padded(data, start + row * header.height, header)
