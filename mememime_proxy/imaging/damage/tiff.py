"""TIFF: the strips and tiles of the first directory. TIFF 6.0, sections 2, 8 and 15; BigTIFF."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import Repaired, max_encoded, padded
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

_COMPRESSION, _STRIP_OFFSETS, _STRIP_LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS = 259, 273, 279, 324, 325
_TAGS = frozenset({_COMPRESSION, _STRIP_OFFSETS, _STRIP_LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS})
_LAYOUTS: Final = {3: "H", 4: "I", 16: "Q"}
_MAX_ENTRIES = 1024
_MAX_PARTS = 1 << 20
_FEED = 1 << 18
_PADDING = 16
"""Times the samples of the picture that its strips and tiles may have together: tiles reach beyond the edges."""
_MIN_BUDGET = 1 << 26
"""Bytes that they may have in any case."""
_LZW, _JPEG, _PACKBITS = 5, 7, 32773
_DEFLATE = frozenset({8, 32946})
_HOLES: Final = {_LZW: re.compile(rb"\x00{64}"), _JPEG: re.compile(rb"\x00{256}"), _PACKBITS: re.compile(rb"\x00{260}")}
"""Zeros that no encoder writes, by compression: LZW has a code for each longer run, PackBits takes two bytes for one.
Deflate ends in a checksum; CCITT codes end in an error of their decoder.
"""


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return the same TIFF with zeros in place of strips or tiles beyond its end.

    Uncompressed they are black; of compressed ones libtiff gives the rows before the damage.
    """
    _, extents = _parts(data)
    return padded(data, max((start + length for start, length in extents), default=0), header)


def check_tiles(data: memoryview) -> None:
    """Raise BrokenImageError where a tile lies beyond the end: libvips leaves it black, and does not say so.

    It says so of strips. A directory that cannot be read is left to libtiff.
    """
    try:
        extents = _extents(_values(data), _TILE_OFFSETS, _TILE_LENGTHS)
    except (struct.error, IndexError):
        return
    if any(start + length > len(data) for start, length in extents):
        raise BrokenImageError("TIFF that ends in a tile")


def verify(data: memoryview, header: ImageHeader) -> None:
    """Raise BrokenImageError where strips or tiles are missing, are zeros that are no code, or fail their checksum."""
    compression, extents = _parts(data)
    hole = _HOLES.get(compression)
    # Strips may share their bytes: one that is a million times in the directory would be read that often.
    budget = _PADDING * max_encoded(header) + _MIN_BUDGET
    if sum(length for _, length in extents) > budget:
        raise BrokenImageError(f"TIFF with more than {budget} bytes in its strips or tiles")
    for number, (start, length) in enumerate(extents):
        if not start or not length:
            raise BrokenImageError(f"TIFF without strip or tile {number + 1} of {len(extents)}")
        if start + length > len(data):
            raise BrokenImageError(f"TIFF that ends in strip or tile {number + 1} of {len(extents)}")
        if hole is not None and (found := hole.search(data, start, start + length)):
            raise BrokenImageError(f"TIFF with zeros in place of data at byte {found.start()}")
        if compression in _DEFLATE:
            size = _inflated_size(data[start : start + length], budget)
            if size is None:
                raise BrokenImageError(f"TIFF whose strip or tile {number + 1} of {len(extents)} is corrupt")
            budget -= size


def _inflated_size(packed: memoryview, limit: int) -> int | None:
    """Return what comes out of a zlib stream, None unless it is right up to its checksum, which libtiff does not read.

    And None for more than ``limit`` bytes.
    """
    inflater = zlib.decompressobj()
    pending: Buffer = packed
    size = 0
    try:
        while not inflater.eof and size <= limit:
            inflated = inflater.decompress(pending, _FEED)
            pending = inflater.unconsumed_tail
            if not inflated and not pending:
                return None
            size += len(inflated)
    except zlib.error:
        return None
    return size if inflater.eof and size <= limit else None


def _parts(data: memoryview) -> tuple[int, list[tuple[int, int]]]:
    """Return the compression, and start and length of each strip or tile."""
    values = _values(data)
    extents = _extents(values, _STRIP_OFFSETS, _STRIP_LENGTHS) or _extents(values, _TILE_OFFSETS, _TILE_LENGTHS)
    return values.get(_COMPRESSION, (1,))[0], extents


def _extents(values: dict[int, tuple[int, ...]], offsets: int, lengths: int) -> list[tuple[int, int]]:
    return list(zip(values.get(offsets, ()), values.get(lengths, ()), strict=False))


def _values(data: memoryview) -> dict[int, tuple[int, ...]]:
    """Return the numbers of the tags that are read here."""
    order = "<" if bytes(data[:2]) == b"II" else ">"
    big = 43 in (data[2], data[3])
    number, entry, word = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    width = struct.calcsize(word)
    (at,) = struct.unpack_from(f"{order}{word}", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}{number}", data, at)
    at += struct.calcsize(number)
    values: dict[int, tuple[int, ...]] = {}
    for _ in range(min(count, _MAX_ENTRIES)):
        tag, kind, length = struct.unpack_from(f"{order}{entry}", data, at)
        if tag in _TAGS and tag not in values and kind in _LAYOUTS:
            length = min(length, _MAX_PARTS)
            layout = f"{order}{length}{_LAYOUTS[kind]}"
            place = at + 4 + width
            if struct.calcsize(layout) > width:
                (place,) = struct.unpack_from(f"{order}{word}", data, place)
            values[tag] = struct.unpack_from(layout, data, place)
        at += 4 + 2 * width
    return values
