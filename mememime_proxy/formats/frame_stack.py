"""A stack of frames: an animation between two workers, as one PNG with its frames one below the other.

Workers that read films hand frames to those that render pictures, and take rendered ones from them to encode them. Each
frame keeps all of its bits, and the profile or code points of its colours, as a still does. What makes a PNG a stack is
one private chunk in front of its pixels: the number of frames, their nominal size, delays, and loops. It is stored, not
deflated: it is written once and read once by programs of this service.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

CHUNK: Final = b"mmSt"
"""Ancillary, private, safe to copy; PNG (third edition), 5.4."""
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_FRAMES: Final = 10_000
_HEAD: Final = struct.Struct(">IIII")


@dataclass(frozen=True, slots=True)
class StackFacts:
    """What the chunk tells. ``width``, ``height``: nominal ones of a frame, which may be stored smaller."""

    width: int
    height: int
    delays: tuple[int, ...]
    """Milliseconds for each frame."""
    loop: int = 0
    """How often all frames are shown; 0 = for ever."""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.delays)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack(facts: StackFacts) -> bytes:
    """Return the chunk that makes a PNG a stack of frames."""
    head = _HEAD.pack(facts.frames, facts.width, facts.height, facts.loop)
    return chunk(CHUNK, head + struct.pack(f">{facts.frames}I", *facts.delays))


def unpack(body: bytes | memoryview, height: int) -> StackFacts | None:
    """Return what a chunk tells of a PNG of this height; None where it makes no sense."""
    if len(body) < _HEAD.size:
        return None
    frames, width, nominal, loop = _HEAD.unpack_from(body)
    valid = 0 < frames <= MAX_FRAMES and len(body) == _HEAD.size + 4 * frames and height % frames == 0
    if not valid or not (0 < width < 1 << 31 and 0 < nominal < 1 << 31):
        return None
    return StackFacts(width, nominal, struct.unpack_from(f">{frames}I", body, _HEAD.size), loop)
