"""PNG files that differ by a number."""

from __future__ import annotations

import random
import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def numbered_png(number: int, size: int = 0) -> bytes:
    """Return a PNG that no other number has, of about ``size`` bytes where given: its pixels do not compress."""
    width = (256 if size < 1 << 23 else 4096) if size else 4
    height = max(4, size // (3 * width + 1))
    noise = random.Random(number).randbytes(2 * 3 * width)
    rows = b"".join(b"\0" + noise[(first := k % (3 * width)) : first + 3 * width] for k in range(height))
    return PNG_SIGNATURE + b"".join([
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        chunk(b"tEXt", b"number\0%d" % number),
        chunk(b"IDAT", zlib.compress(rows, 0)),
        chunk(b"IEND"),
    ])  # fmt: skip
