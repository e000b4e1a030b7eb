"""The gate for ISO BMFF: what its index claims, looked at box by box before the demuxer sees it (ISO/IEC 14496-12).

The demuxer keeps a list that grows with each edit, text and track, and walks through it for each of them.
"""

from __future__ import annotations

import struct
from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig

MAX_EDITS: Final = 4096
"""Of one track. Films have a handful."""
_MAX_BOXES: Final = 20_000
"""That are looked at: an index of many tracks has some hundred."""
_MAX_DEPTH: Final = 16
_CONTAINERS: Final = frozenset(
    {b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"udta", b"ilst", b"mvex", b"tref", b"wave", b"gmhd"}
)
"""Boxes of boxes, but for those that occur once in each fragment."""
_FULL_CONTAINERS: Final = frozenset({b"meta"})
_VISUAL: Final = struct.Struct(">HH")
_ENCRYPTED: Final = frozenset({b"encv", b"drmi"})
"""Names of sample entries whose pictures are encrypted (ISO/IEC 23001-7, and FairPlay)."""
ENCRYPTED: Final = "the pictures are encrypted"
_SIDES_AT: Final = 32
"""Where a sample entry of pictures has its sides."""


def check_boxes(source: ByteSource, config: FilmConfig) -> None:
    """Return if the index may be read. It ends at the film's data: fragments are read as they come.

    LimitError for too many edits or boxes, or for frames of too many pixels; BrokenImageError for boxes that are too
    deep; UnsupportedFormatError for pictures that are encrypted.

    A box that ends behind the one that it is in is cut off, as the demuxer does.
    """
    _Walk(source, config).walk(0, source.size, 0)


class _Walk:
    def __init__(self, source: ByteSource, config: FilmConfig) -> None:
        self._source = source
        self._config = config
        self._left = _MAX_BOXES
        self._found: set[bytes] = set()

    def walk(self, start: int, end: int, depth: int) -> None:
        """Look at the boxes from ``start`` to ``end``."""
        if depth > _MAX_DEPTH:
            raise BrokenImageError("the index of the film has too many levels")
        while start + 8 <= end and not self._is_done(depth):
            head = self._read(start, 16)
            size, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
            if size == 1 and len(head) == 16:
                size, header = int.from_bytes(head[8:], "big"), 16
            stop = end if size == 0 else min(start + size, end)
            if size and size < header:
                return
            self._left -= 1
            if self._left < 0:
                raise LimitError(f"the index of the film has more than {_MAX_BOXES} boxes")
            self._look(name, start + header, stop, depth)
            self._found.add(name)
            start = stop

    def _is_done(self, depth: int) -> bool:
        return depth == 0 and self._found >= {b"moov", b"mdat"}

    def _look(self, name: bytes, start: int, end: int, depth: int) -> None:
        if name in _CONTAINERS:
            self.walk(start, end, depth + 1)
        elif name in _FULL_CONTAINERS:
            # QuickTime has no version in front of its boxes.
            is_plain = self._read(start, 8)[4:] == b"hdlr"
            self.walk(start if is_plain else start + 4, end, depth + 1)
        elif name == b"elst":
            count = int.from_bytes(self._read(start + 4, 4), "big")
            if min(count, (end - start) // 12) > MAX_EDITS:
                raise LimitError(f"a track of the film has more than {MAX_EDITS} edits")
        elif name == b"stsd":
            self._look_at_entry(start + 8, end)

    def _look_at_entry(self, start: int, end: int) -> None:
        entry = self._read(start, _SIDES_AT + _VISUAL.size)
        if entry[4:8] in _ENCRYPTED:
            raise UnsupportedFormatError(ENCRYPTED)
        if len(entry) < _SIDES_AT + _VISUAL.size or start + len(entry) > end or not self._is_visual(entry[4:8]):
            return
        width, height = _VISUAL.unpack_from(entry, _SIDES_AT)
        if width * height > self._config.max_pixels:
            raise LimitError(
                f"{width}×{height} pixels a frame, MEMEMIME_AV_MAX_RESOLUTION allows {self._config.max_pixels}"
            )

    @staticmethod
    def _is_visual(name: bytes) -> bool:
        return name in {b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp08", b"vp09", b"mp4v", b"jpeg", b"mjpa"}

    def _read(self, offset: int, size: int) -> bytes:
        self._source.seek(offset)
        content = self._source.read(size)
        if self._source.failure is not None:
            raise self._source.failure
        return content
