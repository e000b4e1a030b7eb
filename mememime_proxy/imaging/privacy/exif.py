"""EXIF: locations, serial numbers and maker notes leave a TIFF structure in place, so that no offset changes.

TIFF 6.0, section 2; EXIF 3.0, 4.6.3 to 4.6.8.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from mememime_proxy.imaging.privacy import iptc, xmp

EXIF_ID: Final = b"Exif\0\0"
PRIVATE_TAGS: Final = frozenset({
    0x8825,  # GPS directory
    0x927C,  # MakerNote: serial numbers, on telephones also places
    0xA420,  # ImageUniqueID
    0xA430,  # CameraOwnerName
    0xA431,  # BodySerialNumber
    0xA435,  # LensSerialNumber
    0xC62F,  # CameraSerialNumber (DNG)
    0xC634,  # DNGPrivateData, which is the maker note
    0xC65D,  # RawDataUniqueID (DNG)
})  # fmt: skip
_GPS, _EXIF, _INTEROP, _SUB_DIRECTORIES = 0x8825, 0x8769, 0xA005, 0x014A
_DIRECTORIES: Final = frozenset({_EXIF, _INTEROP, _SUB_DIRECTORIES})
_XMP, _IPTC, _PHOTOSHOP = 0x02BC, 0x83BB, 0x8649
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
"""Bytes of a value, by its type."""
_MAX_DIRECTORIES: Final = 64
_MAX_ENTRIES: Final = 512
_HEADER, _ENTRY = 8, 12
_MAX_PASSES: Final = 3
"""In a structure whose parts overlap, what is erased may be the way to something private that was not found before."""
_SPARE_ENTRIES: Final = 64
_SPARE_LENGTH: Final = 1 << 12
"""Entries and bytes of values beyond those that a structure has room for: neither directories nor values overlap."""


def remove_private(block: bytearray, start: int = 0, end: int | None = None) -> bool:
    """Remove what is private from the TIFF structure at ``start``, which keeps its length.

    Bytes of removed values become zero. Return whether the structure could be followed to its end; what was found
    before is removed in any case. Takes time in proportion to the structure's bytes.
    """
    if bytes(block[start : start + len(EXIF_ID)]) == EXIF_ID:
        start += len(EXIF_ID)
    end = len(block) if end is None else end
    for _ in range(_MAX_PASSES):
        before = block[start:end]
        order = {b"II": "<", b"MM": ">"}.get(bytes(before[:2]))
        if order is None or len(before) < _HEADER or not _Structure(block, start, end, order).clean():
            return False
        if block[start:end] == before:
            return True
    return False


@dataclass(slots=True)
class _Structure:
    """A TIFF structure; offsets in it count from ``start``."""

    block: bytearray
    start: int
    end: int
    order: str
    entries_left: int = 0
    values_left: int = 0

    def __post_init__(self) -> None:
        self.entries_left = (self.end - self.start) // _ENTRY + _SPARE_ENTRIES
        self.values_left = 2 * (self.end - self.start) + _SPARE_LENGTH

    def clean(self) -> bool:
        (first,) = struct.unpack_from(f"{self.order}I", self.block, self.start + 4)
        pending, seen = [first], set()
        while pending:
            offset = pending.pop()
            if not offset or offset in seen:
                continue
            seen.add(offset)
            if len(seen) > _MAX_DIRECTORIES:
                return False
            try:
                pending += self._clean_directory(self.start + offset)
            except struct.error:
                return False
        return True

    def _clean_directory(self, at: int) -> list[int]:
        """Remove the private entries of the directory at a position; return the offsets of further directories."""
        count = self._number("H", at)
        if count > _MAX_ENTRIES or at + 2 + _ENTRY * count + 4 > self.end:
            raise struct.error
        self._take_entries(count)
        directories, remaining = [], bytearray()
        for entry in range(at + 2, at + 2 + _ENTRY * count, _ENTRY):
            tag, kind, number = struct.unpack_from(f"{self.order}HHI", self.block, entry)
            place, size = self._value(entry, kind, number)
            if tag in PRIVATE_TAGS:
                if tag == _GPS:
                    self._erase_directory(self.start + self._number("I", entry + 8))
                self._erase(place, size)
                continue
            if tag in _DIRECTORIES:
                directories += [self._number("I", k) for k in range(place, min(place + size, self.end - 3), 4)]
            elif tag == _XMP:
                self.block[place : place + size] = xmp.without_private(bytes(self.block[place : place + size]))
            elif tag == _IPTC:
                iptc.erase_records(self.block, place, place + size)
            elif tag == _PHOTOSHOP:
                iptc.erase_resources(self.block, place, place + size)
            remaining += self.block[entry : entry + _ENTRY]
        after = self.block[at + 2 + _ENTRY * count : at + 2 + _ENTRY * count + 4]
        directory = struct.pack(f"{self.order}H", len(remaining) // _ENTRY) + remaining + after
        self.block[at : at + 2 + _ENTRY * count + 4] = directory.ljust(2 + _ENTRY * count + 4, b"\0")
        return [*directories, struct.unpack(f"{self.order}I", after)[0]]

    def _erase_directory(self, at: int) -> None:
        """Erase a directory and its values."""
        count = min(self._number("H", at), _MAX_ENTRIES)
        self._take_entries(count)
        for entry in range(at + 2, at + 2 + _ENTRY * count, _ENTRY):
            _, kind, number = struct.unpack_from(f"{self.order}HHI", self.block, entry)
            self._erase(*self._value(entry, kind, number))
        self._erase(at, 2 + _ENTRY * count + 4)

    def _value(self, entry: int, kind: int, number: int) -> tuple[int, int]:
        """Return the position of an entry's value, and its size within the structure."""
        size = _SIZES.get(kind, 1) * number
        place = entry + 8 if size <= 4 else self.start + self._number("I", entry + 8)
        size = max(0, min(size, self.end - place))
        self.values_left -= size
        if self.values_left < 0:
            raise struct.error
        return place, size

    def _take_entries(self, count: int) -> None:
        self.entries_left -= count
        if self.entries_left < 0:
            raise struct.error

    def _erase(self, at: int, size: int) -> None:
        size = max(0, min(size, self.end - at))
        self.block[at : at + size] = bytes(size)

    def _number(self, kind: str, at: int) -> int:
        if at + struct.calcsize(kind) > self.end:
            raise struct.error
        return int(struct.unpack_from(f"{self.order}{kind}", self.block, at)[0])
