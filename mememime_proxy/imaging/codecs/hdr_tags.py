"""Code points of H.273 in files whose encoder does not write them: ``cICP`` of PNG, ``colr`` of AVIF."""

from __future__ import annotations

import struct
import zlib

from mememime_proxy.errors import BrokenImageError

_PNG_HEADER_END = 33
"""Bytes of a PNG's signature and IHDR."""
_BT601_MATRIX, _FULL_RANGE = 6, 0x80
"""What libheif codes pictures without a ``colr`` box with: H.273, table 4, and its flag in the box."""

_Box = tuple[bytes, int, int]


def png_with_cicp(png: bytes, code_points: tuple[int, int]) -> bytes:
    """Return the PNG with a ``cICP`` chunk before all others; PNG (third edition), 11.3.2.6."""
    chunk = b"cICP" + bytes((*code_points, 0, 1))  # RGB, all of the range
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_PNG_HEADER_END] + framed + png[_PNG_HEADER_END:]


def avif_with_nclx(avif: bytes, code_points: tuple[int, int]) -> bytes:
    """Return an AVIF of libheif, which has no such box, with a ``colr`` box for its primary item.

    ISO/IEC 14496-12, 12.1.5; 23008-12, 9.3. Raises BrokenImageError for a file that libheif would not write.
    """
    meta = _child(avif, 0, len(avif), b"meta")
    first = meta[1] + 4
    properties = _child(avif, first, meta[2], b"iprp")
    container = _child(avif, properties[1], properties[2], b"ipco")
    associations = _child(avif, properties[1], properties[2], b"ipma")
    _, primary, _ = _child(avif, first, meta[2], b"pitm")
    if avif[primary]:
        raise BrokenImageError("AVIF with long item numbers")
    index = len(_children(avif, container[1], container[2])) + 1
    color = struct.pack(">I4s4s3HB", 19, b"colr", b"nclx", *code_points, _BT601_MATRIX, _FULL_RANGE)
    at = _association(avif, associations, avif[primary + 4 : primary + 6])
    added = len(color) + 1
    changed = bytearray(avif)
    for box, growth in ((meta, added), (properties, added), (container, len(color)), (associations, 1)):
        _grow(changed, box, growth)
    _move_items(changed, _child(avif, first, meta[2], b"iloc"), added)
    changed[at] += 1
    changed[at + 1 : at + 1] = bytes((index,))
    place = container[2] + (1 if at < container[2] else 0)
    changed[place:place] = color
    return bytes(changed)


def _children(data: bytes, at: int, end: int) -> list[_Box]:
    """Return the boxes between two positions: type, start of the contents, end."""
    found: list[_Box] = []
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            break
        found.append((kind, at + 8, at + length))
        at += length
    return found


def _child(data: bytes, at: int, end: int, kind: bytes) -> _Box:
    for box in _children(data, at, end):
        if box[0] == kind:
            return box
    raise BrokenImageError(f"AVIF without a box {kind.decode()}")


def _association(data: bytes, box: _Box, item: bytes) -> int:
    """Return where the count of an item's properties stands."""
    at = box[1]
    if data[at] or data[at + 3] & 1:
        raise BrokenImageError("AVIF with long property numbers")
    (items,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(items):
        if data[at : at + 2] == item:
            return at + 2
        at += 3 + data[at + 2]
    raise BrokenImageError("AVIF whose primary item has no properties")


def _grow(data: bytearray, box: _Box, by: int) -> None:
    at = box[1] - 8
    struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + by)


def _move_items(data: bytearray, box: _Box, by: int) -> None:
    """Add to the offsets of items that lie behind the boxes; ISO/IEC 14496-12, 8.11.3."""
    at = box[1]
    version, sizes, base_size = data[at], data[at + 4], data[at + 5] >> 4
    if version > 1 or sizes != 0x44 or base_size not in (0, 4) or data[at + 5] & 15:
        raise BrokenImageError("AVIF with unusual item locations")
    (count,) = struct.unpack_from(">H", data, at + 6)
    at += 8
    for _ in range(count):
        method = data[at + 3] & 15 if version else 0
        at += (6 if version else 4) + base_size
        (extents,) = struct.unpack_from(">H", data, at)
        at += 2
        for _ in range(extents):
            if method == 0:
                struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + by)
            at += 8
