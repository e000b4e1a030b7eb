"""Heads of responses as servers send them, in the form that a strict parser reads. RFC 9112, sections 2.2, 5 and 6.3.

aiohttp refuses a response whose Content-Length stands there twice, or that has a header line with a space in its name.
Browsers and other fetchers take both, and no request depends on how this client reads its responses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/[0-9]\.[0-9] ([0-9]{3})")
_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:(.*)", re.DOTALL)
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:", re.IGNORECASE)
_CODED = re.compile(rb"\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_ODD = re.compile(rb"\n(?![!#$%&'*+\-.^_`|~0-9A-Za-z]+:|[ \t]|\r?\n)")
"""The start of a line that is neither a header, nor the continuation of one, nor the end."""
_DIGITS = re.compile(rb"[0-9]{1,18}")
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The head of one response."""

    content: bytes
    """Its bytes, up to the empty line."""
    is_interim: bool
    """1xx: another head follows. (101 does not count: no request asks for another protocol.)"""
    body_length: int | None
    """Bytes of the body; None where chunks or the end of the connection end it."""


def find_end(data: bytes | bytearray, at: int) -> int:
    """Return the position after the empty line that ends a head, looked for from ``at``; 0 = it is not there yet."""
    found = _END.search(data, at)
    return found.end() if found else 0


def read_head(raw: bytes) -> ResponseHead:
    """Return the head in ``raw``, without what a strict parser refuses and others ignore.

    Equal Content-Lengths become one; different ones stay and are refused, and so is one beside chunks. Lines that are
    no header are left out. Anything else that is wrong is left to the parser.
    """
    status = _STATUS.match(raw)
    code = int(status[1]) if status else 0
    if _ODD.search(raw):
        raw = _without_odd_lines(raw)
    lengths = len(_LENGTH.findall(raw))
    length: int | None = None
    if lengths and _CODED.search(raw) is None:
        values = _lengths(raw)
        if len(values) == 1 and _DIGITS.fullmatch(value := next(iter(values))):
            length = int(value)
            if lengths > 1 or b"," in raw:
                raw = _with_length(raw, value)
    if code in _WITHOUT_BODY:
        length = 0
    return ResponseHead(raw, 100 <= code < 200 and code != 101, length)


def _lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\n")


def _without_odd_lines(raw: bytes) -> bytes:
    """Return a head whose lines are headers: white space before a colon goes, and so do lines without a name."""
    lines = _lines(raw)
    result, dropped = lines[:1], False
    for line in lines[1:]:
        if not line.rstrip(b"\r") or line[:1] in b" \t":
            if not (dropped and line.strip()):
                result.append(line)
            continue
        match = _LINE.fullmatch(line)
        dropped = match is None
        if match is not None:
            result.append(match[1] + b":" + match[2])
    return b"\n".join(result)


def _lengths(raw: bytes) -> set[bytes]:
    """Return the different values of Content-Length."""
    values = [line.partition(b":")[2] for line in _lines(raw) if line[:14].lower() == b"content-length"]
    return {value.strip() for line in values for value in line.split(b",")}


def _with_length(raw: bytes, value: bytes) -> bytes:
    """Return a head with one Content-Length in place of all."""
    first, *others = _lines(raw)
    lines = [line for line in others if line[:14].lower() != b"content-length"]
    return b"\n".join([first, b"Content-Length: " + value + b"\r", *lines])
