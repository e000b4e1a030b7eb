"""Byte ranges (RFC 9110, 14): one range of a file; several at once are answered with the whole file."""

from __future__ import annotations

import re

UNSATISFIABLE = (-1, -1)
_ONE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*")


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None: send everything; UNSATISFIABLE: nothing of the file is wanted."""
    match = _ONE.fullmatch(header)
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    return (start, end) if start < end else UNSATISFIABLE
