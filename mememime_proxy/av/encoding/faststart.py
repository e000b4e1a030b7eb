"""The index of an MP4 before its samples, so that a player begins before all has come (``movflags=faststart``).

FFmpeg does that by opening the file once more by its name, and in memory there is none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_TABLES: Final = {b"stco": ">I", b"co64": ">Q"}
"""Boxes of chunk offsets (ISO/IEC 14496-12, 8.7.5), and the form of an offset."""
_LARGE: Final = 1


def move_index_first(content: bytes) -> bytes:
    """Return an MP4 whose ``moov`` follows its ``ftyp``; the same bytes where it is before the samples already."""
    places = {kind: (begin, end) for kind, begin, _, end in _boxes(content, 0, len(content))}
    if b"moov" not in places or b"mdat" not in places or places[b"moov"] < places[b"mdat"]:
        return content
    begin, end = places[b"moov"]
    insertion = places[b"ftyp"][1]
    index = bytearray(content[begin:end])
    _shift(index, end - begin, insertion)
    return b"".join((content[:insertion], index, content[insertion:begin], content[end:]))


def _shift(index: bytearray, distance: int, insertion: int) -> None:
    """Add a distance to the chunk offsets from ``insertion`` on."""
    pending = [(0, len(index))]
    while pending:
        for kind, _, begin, end in _boxes(index, *pending.pop()):
            if kind in _PARENTS:
                pending.append((begin, end))
            elif kind in _TABLES:
                (count,) = struct.unpack_from(">I", index, begin + 4)
                form = f">{count}{_TABLES[kind][1]}"
                offsets = struct.unpack_from(form, index, begin + 8)
                moved = (offset + distance if offset >= insertion else offset for offset in offsets)
                struct.pack_into(form, index, begin + 8, *moved)


def _boxes(content: bytes | bytearray, begin: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield the boxes of a range: kind, begin, begin of what is in it, end."""
    while begin + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, begin)
        head = 8
        if size == _LARGE:
            (size,) = struct.unpack_from(">Q", content, begin + 8)
            head = 16
        if size < head:
            return
        yield kind, begin, begin + head, begin + size
        begin += size
