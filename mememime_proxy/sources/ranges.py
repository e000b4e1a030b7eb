"""Byte ranges (RFC 9110, 14): one range of a file; several at once are answered with the whole file."""

from __future__ import annotations

import re

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.service.ranges import ByteRange

UNSATISFIABLE = (-1, -1)
_ONE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*")


def requested(header: str) -> ByteRange | None:
    """The span that a Range header asks for; None where it asks for everything, or is to be ignored."""
    match = _ONE.fullmatch(header)
    if match is None:
        return None
    first, last = (int(text) if text else None for text in match.groups())
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return None
    return ByteRange(first, last)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None: send everything; UNSATISFIABLE: nothing of the file is wanted."""
    span = requested(header)
    if span is None:
        return None
    try:
        return span.resolve(size)
    except RangeNotSatisfiableError:
        return UNSATISFIABLE
