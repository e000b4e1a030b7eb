"""Range requests (RFC 9110, section 14): one range of bytes. Several ranges are answered with the complete content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mememime_proxy.errors import RangeNotSatisfiableError

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII | re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"bytes[ \t]+(?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` to ``last``, both included.

    ``last`` None: to the end. ``first`` None: the last ``last`` bytes.
    """

    first: int | None
    last: int | None

    def __str__(self) -> str:
        """Return the text of a Range header."""
        first, last = ("" if limit is None else limit for limit in (self.first, self.last))
        return f"bytes={first}-{last}"

    def resolve(self, size: int) -> tuple[int, int]:
        """Return the offset of the first byte and the one after the last, of content of ``size`` bytes.

        Raises RangeNotSatisfiableError where the content has none of these bytes.
        """
        if self.first is None:
            start, end = max(0, size - (self.last or 0)), size
        else:
            start, end = self.first, size if self.last is None else min(size, self.last + 1)
        if start >= end:
            raise RangeNotSatisfiableError(f"the content has {size} bytes")
        return start, end


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A Content-Range header: bytes ``start`` to before ``end`` of ``size``; ``size`` None = not known."""

    start: int
    end: int
    size: int | None

    def __str__(self) -> str:
        """Return the text of the header."""
        return f"bytes {self.start}-{self.end - 1}/{'*' if self.size is None else self.size}"

    @property
    def is_complete(self) -> bool:
        """Whether the range is all of the content."""
        return self.start == 0 and self.end == self.size


def parse_range(header: str) -> ByteRange | None:
    """Return the range that a Range header requests.

    None where the header is to be ignored: empty, of another unit, of several ranges, or malformed.
    """
    match = _RANGE.fullmatch(header)
    if match is None:
        return None
    first, last = (int(text) if text else None for text in match.groups())
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return None
    return ByteRange(first, last)


def parse_content_range(header: str) -> ContentRange | None:
    """Return the range of a Content-Range header; None for an unsatisfied range (``bytes */9``) or another text."""
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None or match[1] is None:
        return None
    start, end = int(match[1]), int(match[2]) + 1
    size = None if match[3] == "*" else int(match[3])
    if start >= end or (size is not None and end > size):
        return None
    return ContentRange(start, end, size)


def unsatisfied_range(size: int) -> str:
    """Return the Content-Range of a 416 response for content of ``size`` bytes."""
    return f"bytes */{size}"
