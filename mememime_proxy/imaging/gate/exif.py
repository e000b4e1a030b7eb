"""EXIF blocks: the orientation, and how much of a block libexif would read. TIFF 6.0, section 2; EXIF 3.0, 4.6."""

from __future__ import annotations

import struct
from typing import Final

EXIF_ID: Final = b"Exif\x00\x00"
MAX_ENTRIES: Final = 2048
"""Entries of all directories that are read for one file, again for each entry that points to their directory."""
MAX_DIRECTORIES: Final = 16
"""Directories of one block, counted in the same way: five are defined, and their pointers form no loop."""
SPARE_LENGTH: Final = 1 << 16
"""Bytes of values beyond twice those of the blocks: values do not overlap, but for a maker's mistakes."""
_ORIENTATION = 0x0112
_POINTERS = frozenset({0x8769, 0x8825, 0xA005})
"""EXIF, GPS and interoperability directories; libexif follows them wherever they stand."""
_THUMBNAIL_LENGTH = 0x0202
_SHORT = 3
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}
_SPECIAL = frozenset({*_POINTERS, _THUMBNAIL_LENGTH})
_LINES: Final = {order: struct.Struct(f"{order}HHII") for order in "<>"}
_ORDERS: Final = {b"II": "<", b"MM": ">"}
_ENTRY = 12


class ExifBudget:
    """What may be read of the EXIF blocks of one file.

    libexif reads a directory again for each entry that points to it while no other entry has been found there, and
    copies values wherever they overlap: 66 KB took it ten seconds. A block is measured here as libexif reads it.
    Takes no more than ``MAX_ENTRIES`` steps for a file, and a few for each of its blocks.
    """

    __slots__ = ("_length", "_taken", "_values", "entries")

    def __init__(self) -> None:
        self.entries = 0
        """Of the blocks that are allowed: what libexif reads."""
        self._taken = 0
        self._values = 0
        self._length = 0

    def allows(self, block: memoryview) -> bool:
        """Return whether a block, with or without its ``Exif`` identifier, is within the budget, and take it off that.

        One that is no TIFF structure is not allowed: libexif would look for another block inside of it.
        """
        self._length += len(block)
        tiff = block[len(EXIF_ID) :] if bytes(block[: len(EXIF_ID)]) == EXIF_ID else block
        order = _ORDERS.get(bytes(tiff[:2]))
        if order is None or len(tiff) < 8:
            return False
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        pending, before = [first], self._taken
        directories = 0
        while pending:
            offset = pending.pop()
            if offset + 2 > len(tiff):
                continue
            directories += 1
            if directories > MAX_DIRECTORIES or not self._reads(tiff, order, offset, pending):
                return False
            if directories == 1:
                pending += _following(tiff, order, first)
        self.entries += self._taken - before
        return True

    def _reads(self, tiff: memoryview, order: str, offset: int, pending: list[int]) -> bool:
        """Go through a directory, and add those that it points to; return whether it is within the budget."""
        (count,) = struct.unpack_from(f"{order}H", tiff, offset)
        count = min(count, (len(tiff) - offset - 2) // _ENTRY)
        self._taken += count
        if self._taken > MAX_ENTRIES:
            return False
        length = len(tiff)
        lines = tiff[offset + 2 : offset + 2 + _ENTRY * count]
        for tag, kind, number, value in _LINES[order].iter_unpack(lines):
            size = _SIZES.get(kind, 0) * number
            if size <= length:
                self._values += size
            if tag in _SPECIAL:
                if tag == _THUMBNAIL_LENGTH:
                    self._values += length
                else:
                    pending.append(value)
        return self._values <= 2 * self._length + SPARE_LENGTH


def _following(tiff: memoryview, order: str, offset: int) -> list[int]:
    """Return the offset of the directory after the first one, in a list; an empty one where there is none."""
    (count,) = struct.unpack_from(f"{order}H", tiff, offset)
    at = offset + 2 + _ENTRY * count
    (following,) = struct.unpack_from(f"{order}I", tiff, at) if at + 4 <= len(tiff) else (0,)
    return [following] if following else []


def orientation(block: memoryview) -> int:
    """Return the orientation, 1–8, of an EXIF block (a TIFF header and directories); 1 where it has none.

    Never raises: a photograph with broken EXIF is still a photograph. EXIF 3.0, 4.6.4. Takes no more than
    ``MAX_ENTRIES`` steps.
    """
    order = _ORDERS.get(bytes(block[:2]))
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, offset)
        for at in range(offset + 2, offset + 2 + _ENTRY * min(count, MAX_ENTRIES), _ENTRY):
            tag, kind, number = struct.unpack_from(f"{order}HHI", block, at)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(f"{order}H", block, at + 8)
                return value if kind == _SHORT and number == 1 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
