"""AVIF and HEIC: items up to where their locations say that they end. ISO/IEC 14496-12, 8.11.3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import ZEROS, Repaired, padded
from mememime_proxy.imaging.gate.boxes.bmff import boxes, item_extents, read_meta
from mememime_proxy.imaging.gate.header import ImageHeader

_HOLES: Final = {b"av01": ZEROS, b"hvc1": re.compile(rb"\x00{8}")}
"""Zeros that no encoder writes, by kind of item: HEVC allows no more than two in a row, but for a length in front."""
_FILLS: Final = (b"\xff", b"\x55", b"\x80")
"""Bytes that complete an AVIF where zeros fail, as they do for a twelfth of all lengths."""
_MAX_SHARED = 16
"""Times the file's length that all its items may have: parts that overlap would be read again and again."""


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return the same file with zeros in place of data beyond its end: decoders make flat blocks of them.

    libavif refuses a file whose last box is not whole. An AV1 decoder refuses data in which its arithmetic code needs
    more bytes than are there; how many it needs depends on the bytes.
    """
    end = max((end for _, _, end in boxes(data, 0, len(data), claimed=True)), default=0)
    repaired = padded(data, max((end for _, _, end in _coded(data)), default=end), header)
    if end > len(repaired.data):
        repaired = padded(data, end, header)
    missing = len(repaired.data) - len(data)
    if header.format != "avif" or not missing:
        return repaired
    return replace(repaired, others=(bytes(data) + fill * missing for fill in _FILLS))


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError unless all coded pictures are there, without zeros that no encoder writes."""
    for kind, start, end in _coded(data):
        if end > len(data):
            raise BrokenImageError(f"HEIF that ends in a picture at byte {start}")
        if found := _HOLES[kind].search(data, start, end):
            raise BrokenImageError(f"HEIF with zeros in place of coded data at byte {found.start()}")


def _coded(data: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each part of a coded picture."""
    left = _MAX_SHARED * len(data)
    meta = next((read_meta(data, box) for box in boxes(data, 0, len(data)) if box[0] == b"meta"), None)
    if meta is None:
        return
    for number, item in meta.items.items():
        if item.type in _HOLES:
            for start, end in item_extents(data, meta, number) or ():
                left -= max(0, min(end, len(data)) - start)
                if left < 0:
                    raise BrokenImageError("HEIF with pictures that share their data")
                yield item.type, start, end
