"""ISO base media files: boxes, and the items of the ``meta`` box of AVIF and HEIC.

ISO/IEC 14496-12 (boxes, ``iloc``), 23008-12 (HEIF items and their properties).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mememime_proxy.errors import BrokenImageError, LimitError

MAX_BOXES = 4096
MAX_ITEMS = 1024
MAX_PROPERTIES = 1024
_MAX_ASSOCIATIONS = 8192

Box = tuple[bytes, int, int]
"""Type, start of the contents, end."""

Reference = tuple[bytes, int, tuple[int, ...]]
"""Type, source item, target item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, derived picture or piece of metadata."""

    type: bytes
    hidden: bool


@dataclass(slots=True)
class Meta:
    """The contents of a ``meta`` box."""

    primary: int = 0
    properties: list[Box] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    locations: Box | None = None
    inline: Box | None = None

    def properties_of(self, item: int) -> Iterator[Box]:
        """Yield the item's properties, in the order in which transformations are applied."""
        for index in self.associations.get(item, ()):
            if 0 < index <= len(self.properties):
                yield self.properties[index - 1]

    def targets(self, kind: bytes, item: int) -> tuple[int, ...]:
        """Return the items that ``item`` refers to."""
        return tuple(to for name, owner, items in self.references if name == kind and owner == item for to in items)

    def sources(self, kind: bytes, item: int) -> tuple[int, ...]:
        """Return the items that refer to ``item``."""
        return tuple(owner for name, owner, items in self.references if name == kind and item in items)


def boxes(data: memoryview, at: int, end: int, *, claimed: bool = False) -> Iterator[Box]:
    """Yield the boxes between two positions. A box that reaches beyond ``end`` is cut there, unless ``claimed``."""
    for _ in range(MAX_BOXES):
        if at + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if length == 0 else at + length
        if stop < start:
            raise BrokenImageError("HEIF box that ends before it begins")
        yield kind, start, stop if claimed else min(stop, end)
        at = stop
    raise LimitError(f"HEIF with more than {MAX_BOXES} boxes")


def read_meta(data: memoryview, box: Box) -> Meta:
    """Return the contents of a ``meta`` box. Raises BrokenImageError, LimitError, struct.error and IndexError."""
    meta = Meta()
    for kind, start, end in boxes(data, box[1] + 4, box[2]):
        if kind == b"pitm":
            meta.primary = struct.unpack_from(">I" if data[start] else ">H", data, start + 4)[0]
        elif kind == b"iinf":
            meta.items = _items(data, start, end)
        elif kind == b"iref":
            meta.references = _references(data, start, end)
        elif kind == b"iloc":
            meta.locations = (kind, start, end)
        elif kind == b"idat":
            meta.inline = (kind, start, end)
        elif kind == b"iprp":
            for inner, inner_start, inner_end in boxes(data, start, end):
                if inner == b"ipco":
                    meta.properties = list(boxes(data, inner_start, inner_end))
                elif inner == b"ipma":
                    _associate(data, inner_start, meta.associations)
    if len(meta.properties) > MAX_PROPERTIES:
        raise LimitError(f"HEIF with more than {MAX_PROPERTIES} properties")
    return meta


def _items(data: memoryview, start: int, end: int) -> dict[int, Item]:
    items = {}
    for kind, at, _ in boxes(data, start + (8 if data[start] else 6), end):
        version = data[at]
        if kind == b"infe" and version >= 2:
            number, item_type = struct.unpack_from(">H2x4s" if version == 2 else ">I2x4s", data, at + 4)
            items[number] = Item(item_type, hidden=bool(data[at + 3] & 1))
    if len(items) > MAX_ITEMS:
        raise LimitError(f"HEIF with more than {MAX_ITEMS} items")
    return items


def _references(data: memoryview, start: int, end: int) -> list[Reference]:
    number = "I" if data[start] else "H"
    references = []
    for kind, at, box_end in boxes(data, start + 4, end):
        item, count = struct.unpack_from(f">{number}H", data, at)
        first = at + struct.calcsize(f">{number}H")
        count = min(count, (box_end - first) // struct.calcsize(number))
        references.append((kind, item, struct.unpack_from(f">{count}{number}", data, first)))
    return references


def _associate(data: memoryview, at: int, associations: dict[int, list[int]]) -> None:
    version, flags = data[at], data[at + 3]
    (items,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    total = 0
    for _ in range(min(items, MAX_ITEMS)):
        (item,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        count = data[at]
        at += 1
        total += count
        if total > _MAX_ASSOCIATIONS:
            raise LimitError(f"HEIF with more than {_MAX_ASSOCIATIONS} property associations")
        indices = associations.setdefault(item, [])
        for _ in range(count):
            if flags & 1:
                indices.append((data[at] << 8 | data[at + 1]) & 0x7FFF)
                at += 2
            else:
                indices.append(data[at] & 0x7F)
                at += 1


def item_start(data: memoryview, meta: Meta, item_id: int) -> int | None:
    """Return the offset of an item's first byte; None where it is unknown or outside of this file."""
    extents = item_extents(data, meta, item_id)
    return extents[0][0] if extents else None


def item_extents(data: memoryview, meta: Meta, item_id: int) -> list[tuple[int, int]] | None:
    """Return start and end of each part of an item; None where it is unknown or outside of this file."""
    if meta.locations is None:
        return None
    _, at, _ = meta.locations
    version, sizes = data[at], data[at + 4] << 8 | data[at + 5]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    extent_size = index_size + offset_size + length_size
    wide = version == 2
    count, at = _number(data, at + 6, 4 if wide else 2)
    for _ in range(min(count, MAX_ITEMS)):
        item, at = _number(data, at, 4 if wide else 2)
        method, at = _number(data, at, 2) if version else (0, at)
        _, at = _number(data, at, 2)
        base, at = _number(data, at, base_size)
        extents, at = _number(data, at, 2)
        if item == item_id and extents:
            origin, limit = _origin(data, meta, method & 15)
            if extents > MAX_ITEMS or origin is None:
                return None
            places = [
                _extent(data, at + k * extent_size + index_size, offset_size, length_size) for k in range(extents)
            ]
            # A length of zero is all that there is.
            return [
                (origin + base + first, origin + base + first + length if length else limit) for first, length in places
            ]
        at += extents * extent_size
    return None


def _origin(data: memoryview, meta: Meta, method: int) -> tuple[int | None, int]:
    """Return where the offsets of a construction method count from, None for another method, and where they end."""
    if method == 1 and meta.inline is not None:
        return meta.inline[1], meta.inline[2]
    return (0 if method == 0 else None), len(data)


def _extent(data: memoryview, at: int, offset_size: int, length_size: int) -> tuple[int, int]:
    offset, at = _number(data, at, offset_size)
    return offset, _number(data, at, length_size)[0]


def _number(data: memoryview, at: int, size: int) -> tuple[int, int]:
    """Return an unsigned number of ``size`` bytes, and the position after it."""
    return int.from_bytes(data[at : at + size], "big"), at + size
