"""PNG: rows filtered by libvips, deflated by libdeflate, which makes fewer bytes in less time than zlib does.

Of 24 photographs at 512 pixels: 253 kB in 12.9 ms of CPU, with libvips' zlib-ng 255 kB in 16.0 ms. libdeflate needs all
of its input at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

import deflate
import pyvips

MAX_BYTES: Final = 32 << 20
"""Bytes of pixels up to which libdeflate packs them: there are three copies of them meanwhile."""

_DEFLATE_LEVEL, _ZLIB_LEVEL = 6, 6
_CHUNK_FRAME = 12
"""Bytes of length, type and checksum around the content of a chunk."""
_START = 8
"""Bytes of the signature."""


def write_png(image: pyvips.Image, **options: Any) -> bytes:
    """Return the image as PNG; ``options`` are those of libvips' ``pngsave``. Raises pyvips.Error."""
    size = image.width * image.height * image.bands * (1 if image.format == "uchar" else 2)
    level = 0 if size <= MAX_BYTES else _ZLIB_LEVEL
    body: bytes = pyvips.Operation.call("pngsave_buffer", image, compression=level, **options)
    return body if level else _deflated(body)


def _deflated(stored: bytes) -> bytes:
    """Return a PNG of stored data with the same data deflated, in one chunk.

    PNG (third edition), 5.3 and 10.1.
    """
    view = memoryview(stored)
    data = [(begin, end) for kind, begin, end in _chunks(view) if kind == b"IDAT"]
    first, last = data[0][0], data[-1][1]
    rows = zlib.decompress(b"".join(view[begin + 8 : end - 4] for begin, end in data), bufsize=len(stored))
    packed = deflate.zlib_compress(rows, _DEFLATE_LEVEL)
    checksum = zlib.crc32(packed, zlib.crc32(b"IDAT"))
    return b"".join((
        view[:first], len(packed).to_bytes(4, "big"), b"IDAT", packed, checksum.to_bytes(4, "big"), view[last:]
    ))  # fmt: skip


def _chunks(png: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Type, begin and end of each chunk, with its frame."""
    begin = _START
    while begin < len(png):
        end = begin + _CHUNK_FRAME + int.from_bytes(png[begin : begin + 4], "big")
        yield bytes(png[begin + 4 : begin + 8]), begin, end
        begin = end
