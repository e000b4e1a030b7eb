"""ICO: the PNG of its largest entry."""

from __future__ import annotations

import struct

from mememime_proxy.imaging.damage import png
from mememime_proxy.imaging.damage.model import Damage, Repaired
from mememime_proxy.imaging.gate.header import ImageHeader

_DIRECTORY, _ENTRY = struct.Struct("<HHH"), struct.Struct("<BBBBHHII")


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return an icon with the largest entry alone, which is repaired where it is a PNG."""
    start, length = header.entry
    if header.embedded != "png":
        return Repaired(data, Damage.CORRUPT)
    entry = png.repair(data[start : start + length], header).data
    line = _ENTRY.pack(header.width % 256, header.height % 256, 0, 0, 1, 32, len(entry), _DIRECTORY.size + _ENTRY.size)
    return Repaired(b"".join((_DIRECTORY.pack(0, 1, 1), line, entry)), Damage.CORRUPT)
