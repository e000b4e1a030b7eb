"""The orientation in an EXIF block."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_SHORT = 3
_MAX_ENTRIES = 512


def orientation(block: memoryview) -> int:
    """Return the orientation, 1–8, of an EXIF block (a TIFF header and directories); 1 where it has none.

    Never raises: a photograph with broken EXIF is still a photograph. EXIF 3.0, 4.6.4.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, offset)
        for at in range(offset + 2, offset + 2 + 12 * min(count, _MAX_ENTRIES), 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", block, at)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(f"{order}H", block, at + 8)
                return value if kind == _SHORT and number == 1 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
