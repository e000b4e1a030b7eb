"""JPEG: the application segments of a file and of the further pictures in it; nothing else stays behind its end.

ITU T.81, annex B; CIPA DC-007 (multi-picture format) for the pictures behind the first.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from mememime_proxy.imaging.privacy import exif, iptc, xmp

_XMP_ID: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP_ID: Final = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENDED_XMP_HEAD: Final = len(_EXTENDED_XMP_ID) + 32 + 8
_MPF_ID: Final = b"MPF\0"
_MPF_ENTRIES, _MPF_ENTRY = 0xB002, 16
_APP1, _APP2, _APP13, _SOS, _EOI = 0xE1, 0xE2, 0xED, 0xDA, 0xD9
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker that ends a scan."""
_MAX_SEGMENTS: Final = 4096
_MAX_PICTURES: Final = 64


def remove_private(data: bytes) -> bytes | None:
    """Return the file without private metadata; None where its segments cannot be followed."""
    file = bytearray(data)
    found = _clean_picture(file, 0, len(file))
    if found is None:
        return None
    end_of_pictures, pictures = found
    for start, size in sorted(pictures):
        if start < end_of_pictures or start + size > len(file):
            continue  # the first picture's own entry, or one that is cut off
        file[end_of_pictures:start] = bytes(start - end_of_pictures)
        further = _clean_picture(file, start, start + size)
        if further is None:
            file[start : start + size] = bytes(size)
        else:
            file[further[0] : start + size] = bytes(start + size - further[0])
        end_of_pictures = start + size
    # Films and makers' own blocks stand behind the last picture.
    del file[end_of_pictures:]
    return bytes(file)


def _clean_picture(file: bytearray, start: int, limit: int) -> tuple[int, list[tuple[int, int]]] | None:
    """Clean the picture between two positions; return its end, and position and size of the pictures that it lists.

    None where it is no JPEG, or has no end. Of all lists no more than ``_MAX_PICTURES`` are returned.
    """
    if file[start : start + 2] != b"\xff\xd8":
        return None
    at, pictures = start + 2, list[tuple[int, int]]()
    for _ in range(_MAX_SEGMENTS):
        match = _MARKER.search(file, at, limit)
        if match is None:
            return None
        at, marker = match.end(), match.group()[1]
        if marker == _EOI:
            return at, pictures[:_MAX_PICTURES]
        if marker in (0x01, 0xD8):
            continue
        if at + 2 > limit:
            return None
        (length,) = struct.unpack_from(">H", file, at)
        end = at + length
        if length < 2 or end > limit:
            return None
        if marker in (_APP1, _APP2, _APP13):
            pictures += _clean_segment(file, marker, at + 2, end)
        at = end
    return None


def _clean_segment(file: bytearray, marker: int, at: int, end: int) -> list[tuple[int, int]]:
    name = bytes(file[at : min(end, at + 64)])
    if marker == _APP13 and name.startswith(iptc.PHOTOSHOP_ID):
        iptc.erase_resources(file, at, end)
    elif marker == _APP2 and name.startswith(_MPF_ID):
        return _listed_pictures(file, at + len(_MPF_ID), end)
    elif marker == _APP1 and name.startswith(exif.EXIF_ID):
        exif.remove_private(file, at, end)
    elif marker == _APP1 and name.startswith(_XMP_ID):
        at += len(_XMP_ID)
        file[at:end] = xmp.without_private(bytes(file[at:end]))
    elif marker == _APP1 and name.startswith(_EXTENDED_XMP_ID):
        # A part of a packet: it cannot be parsed by itself.
        at = min(end, at + _EXTENDED_XMP_HEAD)
        file[at:end] = b" " * (end - at)
    return []


def _listed_pictures(file: bytearray, at: int, end: int) -> list[tuple[int, int]]:
    """Return position and size of the further pictures in a multi-picture index, which counts from its own start."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(file[at : at + 2]))
    if order is None:
        return []
    try:
        (directory,) = struct.unpack_from(f"{order}I", file, at + 4)
        (count,) = struct.unpack_from(f"{order}H", file, at + directory)
        for entry in range(at + directory + 2, at + directory + 2 + 12 * min(count, 64), 12):
            tag, _, size, offset = struct.unpack_from(f"{order}HHII", file, entry)
            if tag == _MPF_ENTRIES:
                places = range(at + offset, min(at + offset + size, end - _MPF_ENTRY + 1), _MPF_ENTRY)
                listed = [struct.unpack_from(f"{order}4xII", file, place) for place in places[:_MAX_PICTURES]]
                return [(at + start, length) for length, start in listed if start]
    except struct.error:
        pass
    return []
