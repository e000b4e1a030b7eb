"""IPTC: the values of places are overwritten by blanks, in place.

IPTC IIM 4.2, 6.2; Adobe Photoshop File Formats, "Image Resources".
"""

from __future__ import annotations

import struct
from typing import Final

PHOTOSHOP_ID: Final = b"Photoshop 3.0\0"
_MARK: Final = 0x1C
_PLACES: Final = frozenset({(2, number) for number in (26, 27, 90, 92, 95, 100, 101)})
"""Content location code and name, city, sublocation, state, country code and name."""
_IPTC_RESOURCE, _EXIF_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0422, 0x0424
_ERASED_RESOURCES: Final = frozenset({_EXIF_RESOURCE, _EXIF_RESOURCE + 1, _XMP_RESOURCE})
"""Second copies of EXIF and XMP."""


def erase_records(block: bytearray, start: int, end: int) -> None:
    """Overwrite the places in the records between two positions."""
    at = start
    while at + 5 <= end and block[at] == _MARK:
        record, number, length = struct.unpack_from(">BBH", block, at + 1)
        value = at + 5
        if length & 0x8000 or value + length > end:
            return
        if (record, number) in _PLACES:
            block[value : value + length] = b" " * length
        at = value + length


def erase_resources(block: bytearray, start: int, end: int) -> None:
    """Overwrite the places in Photoshop's image resources between two positions."""
    at = start
    if bytes(block[at : at + len(PHOTOSHOP_ID)]) == PHOTOSHOP_ID:
        at += len(PHOTOSHOP_ID)
    while at + 12 <= end and block[at : at + 4] == b"8BIM":
        (resource,) = struct.unpack_from(">H", block, at + 4)
        name_length = block[at + 6] + 1
        at += 6 + name_length + name_length % 2
        if at + 4 > end:
            return
        (length,) = struct.unpack_from(">I", block, at)
        at += 4
        stop = min(at + length, end)
        if resource == _IPTC_RESOURCE:
            erase_records(block, at, stop)
        elif resource in _ERASED_RESOURCES:
            block[at:stop] = bytes(stop - at)
        at += length + length % 2
