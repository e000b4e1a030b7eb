"""IPTC records, and the resolution in Photoshop's resources. IPTC IIM 4.2, 6; Adobe Photoshop File Formats."""

from __future__ import annotations

import struct
from itertools import islice
from typing import Any, Final

from mememime_proxy.imaging import iptc

_UTF8: Final = b"\x1b%G"
_APPLICATION: Final = 2
_MAX_RECORDS: Final = 1024
_RESOLUTION_RESOURCE: Final = 0x03ED
_NAMES: Final = {
    5: "Name",
    7: "Edit Status",
    8: "Editorial Update",
    10: "Urgency",
    12: "Subject Reference",
    15: "Category",
    20: "Supplemental Category",
    22: "Fixture Identifier",
    25: "Keywords",
    26: "Content Location Code",
    27: "Content Location Name",
    30: "Release Date",
    35: "Release Time",
    37: "Expiration Date",
    38: "Expiration Time",
    40: "Special Instructions",
    42: "Action Advised",
    45: "Reference Service",
    47: "Reference Date",
    50: "Reference Number",
    55: "Date Created",
    60: "Time Created",
    62: "Digital Creation Date",
    63: "Digital Creation Time",
    65: "Originating Program",
    70: "Program Version",
    75: "Object Cycle",
    80: "By-line",
    85: "By-line Title",
    90: "City",
    92: "Sub-location",
    95: "Province/State",
    100: "Country/Primary Location Code",
    101: "Country/Primary Location Name",
    103: "Original Transmission Reference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "Copyright Notice",
    118: "Contact",
    120: "Caption",
    122: "Writer/Editor",
    130: "Image Type",
    131: "Image Orientation",
    135: "Language Identifier",
}
_LISTS: Final = frozenset({12, 20, 25, 26, 27, 45, 47, 50, 80, 85, 118, 122})
"""Data sets that may be repeated."""
_RESOLUTION_UNITS: Final = {1: "inches", 2: "cm"}
_LENGTH_UNITS: Final = {1: "inches", 2: "cm", 3: "points", 4: "picas", 5: "columns"}


def iptc_fields(block: bytes) -> dict[str, str | list[str]]:
    """Return the data sets of the application record by their names; those that may be repeated are lists.

    ``block``: bare records, or Photoshop's resources with them.
    """
    found = iptc.records(block if block[:1] == iptc.MARK else iptc.resource(block, iptc.RESOURCE))
    records = list(islice(found, _MAX_RECORDS))
    is_utf8 = any(number == iptc.CHARSET and raw[iptc.HEAD :] == _UTF8 for number, raw in records)
    fields: dict[str, str | list[str]] = {}
    for (record, number), raw in records:
        name = _NAMES.get(number)
        if record != _APPLICATION or name is None:
            continue
        text = _decode(raw[iptc.HEAD :], is_utf8=is_utf8)
        if number not in _LISTS:
            fields.setdefault(name, text)
        elif isinstance(texts := fields.setdefault(name, []), list):
            texts.append(text)
    return fields


def photoshop_fields(block: bytes) -> dict[str, Any]:
    """Return ``resolution`` as Photoshop's resources tell it; nothing where they have none."""
    content = iptc.resource(block, _RESOLUTION_RESOURCE)
    if len(content) < 16:
        return {}
    across, across_unit, width_unit, down, down_unit, height_unit = struct.unpack_from(">IHHIHH", content)
    return {
        "resolution": {
            "XResolution": _fixed(across),
            "XResolutionUnit": _RESOLUTION_UNITS.get(across_unit, "unknown"),
            "WidthUnit": _LENGTH_UNITS.get(width_unit, "unknown"),
            "YResolution": _fixed(down),
            "YResolutionUnit": _RESOLUTION_UNITS.get(down_unit, "unknown"),
            "HeightUnit": _LENGTH_UNITS.get(height_unit, "unknown"),
        }
    }


def _decode(value: bytes, *, is_utf8: bool) -> str:
    try:
        return value.decode().strip("\0 ")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf8 else "latin-1", "replace").strip("\0 ")


def _fixed(number: int) -> int | float:
    value = number / 65536
    return int(value) if value.is_integer() else round(value, 4)
