"""ISO base media files: boxes, and the items of the ``meta`` box of AVIF and HEIC.

ISO/IEC 14496-12 (boxes, ``iloc``), 23008-12 (HEIF items and their properties).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, field

from mememime_proxy.errors import BrokenImageError, LimitError

MAX_BOXES = 4096
"""Boxes beside each other."""
MAX_ITEMS = 1024
MAX_PROPERTIES = 1024
MAX_ASSOCIATIONS = 8192
"""Properties of all items together."""
MAX_REFERENCES = 8192
"""Items that others refer to, all references together."""
MAX_EXTENTS = 4096
"""Parts of all items together."""

Box = tuple[bytes, int, int]
"""Type, start of the contents, end."""

Extent = tuple[int, int]
"""Start and end of a part of an item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, derived picture or piece of metadata."""

    type: bytes
    hidden: bool
    type_at: int = 0
    """Offset of the type in the file."""


class References:
    """References between items, found by either end."""

    __slots__ = ("_count", "_sources", "_targets")

    def __init__(self) -> None:
        self._targets: dict[tuple[bytes, int], list[int]] = {}
        self._sources: dict[tuple[bytes, int], dict[int, None]] = {}
        self._count = 0

    def add(self, kind: bytes, item: int, targets: Sequence[int]) -> None:
        """Add references of one kind from an item. Raises LimitError for too many."""
        self._count += len(targets)
        if self._count > MAX_REFERENCES:
            raise LimitError(f"HEIF with more than {MAX_REFERENCES} references")
        self._targets.setdefault((kind, item), []).extend(targets)
        for target in targets:
            self._sources.setdefault((kind, target), {})[item] = None

    def targets(self, kind: bytes, item: int) -> Sequence[int]:
        """Return the items that ``item`` refers to, as often as it does."""
        return self._targets.get((kind, item), ())

    def sources(self, kind: bytes, item: int) -> Collection[int]:
        """Return the items that refer to ``item``, each once."""
        return self._sources.get((kind, item), ())

    def owners(self, kinds: Container[bytes]) -> set[int]:
        """Return the items with references of any of these kinds."""
        return {item for kind, item in self._targets if kind in kinds}


@dataclass(slots=True)
class Meta:
    """The contents of a ``meta`` box."""

    primary: int = 0
    properties: list[Box] = field(default_factory=list)
    associations: dict[int, dict[int, None]] = field(default_factory=dict)
    """By item: indices of its properties, from 1."""
    association_count: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    references: References = field(default_factory=References)
    locations: Box | None = None
    inline: Box | None = None
    extents: dict[int, list[Extent] | None] | None = None
    """Of all items, once ``item_extents`` has read them."""

    def properties_of(self, item: int) -> Iterator[Box]:
        """Yield the item's properties, each once, in the order in which transformations are applied."""
        for index in self.associations.get(item, ()):
            if 0 < index <= len(self.properties):
                yield self.properties[index - 1]


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
            _read_references(data, start, end, meta.references)
        elif kind == b"iloc":
            meta.locations = (kind, start, end)
        elif kind == b"idat":
            meta.inline = (kind, start, end)
        elif kind == b"iprp":
            for inner, inner_start, inner_end in boxes(data, start, end):
                if inner == b"ipco":
                    meta.properties = list(boxes(data, inner_start, inner_end))
                elif inner == b"ipma":
                    _associate(data, inner_start, inner_end, meta)
    if len(meta.properties) > MAX_PROPERTIES:
        raise LimitError(f"HEIF with more than {MAX_PROPERTIES} properties")
    return meta


def _items(data: memoryview, start: int, end: int) -> dict[int, Item]:
    items = {}
    for kind, at, _ in boxes(data, start + (8 if data[start] else 6), end):
        version = data[at]
        if kind == b"infe" and version >= 2:
            number, item_type = struct.unpack_from(">H2x4s" if version == 2 else ">I2x4s", data, at + 4)
            type_at = at + (8 if version == 2 else 10)
            items[number] = Item(item_type, hidden=bool(data[at + 3] & 1), type_at=type_at)
    if len(items) > MAX_ITEMS:
        raise LimitError(f"HEIF with more than {MAX_ITEMS} items")
    return items


def _read_references(data: memoryview, start: int, end: int, references: References) -> None:
    number = "I" if data[start] else "H"
    for kind, at, box_end in boxes(data, start + 4, end):
        item, count = struct.unpack_from(f">{number}H", data, at)
        first = at + struct.calcsize(f">{number}H")
        count = min(count, (box_end - first) // struct.calcsize(number))
        if count > MAX_REFERENCES:
            raise LimitError(f"HEIF with more than {MAX_REFERENCES} references")
        references.add(kind, item, struct.unpack_from(f">{count}{number}", data, first))


def _associate(data: memoryview, at: int, end: int, meta: Meta) -> None:
    version, flags = data[at], data[at + 3]
    (items,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(min(items, MAX_ITEMS)):
        if at >= end:
            return
        (item,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        count = data[at]
        at += 1
        meta.association_count += count
        if meta.association_count > MAX_ASSOCIATIONS:
            raise LimitError(f"HEIF with more than {MAX_ASSOCIATIONS} property associations")
        indices = meta.associations.setdefault(item, {})
        for _ in range(count):
            if flags & 1:
                indices[(data[at] << 8 | data[at + 1]) & 0x7FFF] = None
                at += 2
            else:
                indices[data[at] & 0x7F] = None
                at += 1


def item_start(data: memoryview, meta: Meta, item_id: int) -> int | None:
    """Return the offset of an item's first byte; None where it is unknown or outside of this file."""
    extents = item_extents(data, meta, item_id)
    return extents[0][0] if extents else None


def item_extents(data: memoryview, meta: Meta, item_id: int) -> list[Extent] | None:
    """Return start and end of each part of an item; None where it is unknown or outside of this file.

    Raises LimitError for a file with more than ``MAX_EXTENTS``.
    """
    if meta.extents is None:
        meta.extents = {} if meta.locations is None else _all_extents(data, meta, meta.locations)
    return meta.extents.get(item_id)


def _all_extents(data: memoryview, meta: Meta, locations: Box) -> dict[int, list[Extent] | None]:
    _, at, end = locations
    version, sizes = data[at], data[at + 4] << 8 | data[at + 5]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = version == 2
    count, at = _number(data, at + 6, 4 if wide else 2)
    found: dict[int, list[Extent] | None] = {}
    total = 0
    for _ in range(min(count, MAX_ITEMS)):
        if at >= end:
            break
        item, at = _number(data, at, 4 if wide else 2)
        method, at = _number(data, at, 2) if version else (0, at)
        _, at = _number(data, at, 2)
        base, at = _number(data, at, base_size)
        extents, at = _number(data, at, 2)
        total += extents
        if total > MAX_EXTENTS:
            raise LimitError(f"HEIF with items of more than {MAX_EXTENTS} parts")
        origin, limit = _origin(data, meta, method & 15)
        places: list[Extent] = []
        for _ in range(extents):
            first, at = _number(data, at + index_size, offset_size)
            length, at = _number(data, at, length_size)
            if origin is not None:  # A length of zero is all that there is.
                first += origin + base
                places.append((first, first + length if length else limit))
        if extents:
            found.setdefault(item, None if origin is None else places)
    return found


def _origin(data: memoryview, meta: Meta, method: int) -> tuple[int | None, int]:
    """Return where the offsets of a construction method count from, None for another method, and where they end."""
    if method == 1 and meta.inline is not None:
        return meta.inline[1], meta.inline[2]
    return (0 if method == 0 else None), len(data)


def _number(data: memoryview, at: int, size: int) -> tuple[int, int]:
    """Return an unsigned number of ``size`` bytes, and the position after it."""
    return int.from_bytes(data[at : at + size], "big"), at + size
