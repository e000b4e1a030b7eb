"""BMP: its decoder shows the rows that are there."""

from __future__ import annotations

import struct

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import Damage, Repaired, is_repairable
from mememime_proxy.imaging.gate.bmp import FILE_HEADER_LENGTH, read_bitmap
from mememime_proxy.imaging.gate.header import ImageHeader


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return the same BMP. Of rows beyond its end the decoder makes zeros: black, or transparent.

    Raises BrokenImageError where too much is missing.
    """
    (start,) = struct.unpack_from("<I", data, 10)
    bitmap = read_bitmap(data, FILE_HEADER_LENGTH, start)
    row = (header.width * bitmap.bits + 31) // 32 * 4
    present = len(data) - start
    missing = row * header.height - present
    if not bitmap.runs and not is_repairable(present, missing):
        raise BrokenImageError("BMP with too little data for its size")
    return Repaired(data, Damage.TRUNCATED if missing > 0 else Damage.CORRUPT)
