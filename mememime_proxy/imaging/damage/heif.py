"""AVIF and HEIC: items up to where their locations say that they end. ISO/IEC 14496-12, 8.11.3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import ZEROS, Repaired, padded
from mememime_proxy.imaging.gate.bmff import boxes, item_extents, read_meta
from mememime_proxy.imaging.gate.header import ImageHeader

_HOLES: Final = {b"av01": ZEROS, b"hvc1": re.compile(rb"\x00{8}")}
"""Zeros that no encoder writes, by kind of item: HEVC allows no more than two in a row, but for a length in front."""


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return the same file with zeros in place of coded data beyond its end: decoders make flat blocks of them."""
    return padded(data, max((end for _, _, end in _coded(data)), default=0), header)


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError unless all coded pictures are there, without zeros that no encoder writes."""
    for kind, start, end in _coded(data):
        if end > len(data):
            raise BrokenImageError(f"HEIF that ends in a picture at byte {start}")
        if found := _HOLES[kind].search(data, start, end):
            raise BrokenImageError(f"HEIF with zeros in place of coded data at byte {found.start()}")


def _coded(data: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each part of a coded picture."""
    meta = next((read_meta(data, box) for box in boxes(data, 0, len(data)) if box[0] == b"meta"), None)
    if meta is None:
        return
    for number, item in meta.items.items():
        if item.type in _HOLES:
            for start, end in item_extents(data, meta, number) or ():
                yield item.type, start, end
