"""The date of a film in its movie header (ISO/IEC 14496-12, 8.2.2), as cameras and telephones write it."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

_EPOCH: Final = datetime(1904, 1, 1, tzinfo=UTC)
_FIRST_YEAR: Final = 1970
"""Of dates that are believed: a camera without a clock writes 0, which is 1904."""
_MAX_BOXES: Final = 1000


def read_date_made(file: BinaryIO) -> datetime | None:
    """Return when an MP4 or a QuickTime film was made, in UTC; None for other files, or without a date."""
    file.seek(0, 2)
    end = file.tell()
    movie = _find(file, 0, end, b"moov", first=b"ftyp")
    header = None if movie is None else _find(file, *movie, b"mvhd")
    if header is None:
        return None
    file.seek(header[0])
    content = file.read(12)
    if len(content) < 12:
        return None
    (seconds,) = struct.unpack(">Q", content[4:12]) if content[0] == 1 else struct.unpack(">I", content[4:8])
    try:
        made = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return made if made.year >= _FIRST_YEAR else None


def _find(file: BinaryIO, start: int, end: int, name: bytes, first: bytes = b"") -> tuple[int, int] | None:
    """Return where the content of a box begins and ends. ``first``: the name that the first one must have."""
    for number in range(_MAX_BOXES):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8 or start + 8 > end or (number == 0 and first and head[4:8] != first):
            return None
        size, content = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:], "big"), start + 16
        stop = end if size == 0 else start + size
        if stop < content:
            return None
        if head[4:8] == name:
            return content, min(stop, end)
        start = stop
    return None
