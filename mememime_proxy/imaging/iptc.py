"""IPTC records, and the image resources of Photoshop around them. IPTC IIM 4.2, 1.5; Adobe Photoshop File Formats."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

MARK: Final = b"\x1c"
"""The first byte of each record."""
HEAD: Final = 5
"""Bytes of a record before its value."""
CHARSET: Final = (1, 90)
"""The record that tells the character set of the others."""
PHOTOSHOP_ID: Final = b"Photoshop 3.0\0"
RESOURCE: Final = 0x0404
"""The resource of Photoshop whose contents are IPTC records."""


def records(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Return the whole records of a block one by one, each as its two numbers and its bytes with their head.

    They end at the first that is damaged or has an extended length.
    """
    at = 0
    while at + HEAD <= len(block) and block[at : at + 1] == MARK:
        record, number, length = struct.unpack_from(">BBH", block, at + 1)
        end = at + HEAD + length
        if length & 0x8000 or end > len(block):
            return
        yield (record, number), block[at:end]
        at = end


def resource(block: bytes, wanted: int) -> bytes:
    """Return the contents of one of Photoshop's resources; empty where there is none."""
    at = len(PHOTOSHOP_ID) if block.startswith(PHOTOSHOP_ID) else 0
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        (number,) = struct.unpack_from(">H", block, at + 4)
        name_length = block[at + 6] + 1
        at += 6 + name_length + name_length % 2
        if at + 4 > len(block):
            break
        (length,) = struct.unpack_from(">I", block, at)
        at += 4
        if number == wanted:
            return block[at : at + length]
        at += length + length % 2
    return b""
