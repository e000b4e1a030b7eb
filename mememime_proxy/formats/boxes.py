"""Boxes of ISO base media files (ISO/IEC 14496-12): taken apart, and put together again."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER = 8


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes in ``data``, each with its type and its content. ValueError where they do not fill it."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at) if at + _HEADER <= len(data) else (0, b"")
        if size < _HEADER or at + size > len(data):
            raise ValueError(f"a box of {size} bytes at {at} of {len(data)}")
        yield kind, data[at + _HEADER : at + size]
        at += size


def box(kind: bytes, *contents: bytes) -> bytes:
    """Return a box."""
    content = b"".join(contents)
    return struct.pack(">I4s", _HEADER + len(content), kind) + content
