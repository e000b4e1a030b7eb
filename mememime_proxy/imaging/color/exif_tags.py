"""The colour space in EXIF; EXIF 3.0, 4.6.5 and 4.6.8, and DCF 2.0, where Adobe RGB is the optional colour space."""

from __future__ import annotations

import struct

from mememime_proxy.color.encoding import ADOBE_RGB, ColorEncoding, Curve

_EXIF_ID = b"Exif\0\0"
_EXIF_IFD, _INTEROPERABILITY_IFD = 0x8769, 0xA005
_COLOR_SPACE, _INTEROPERABILITY_INDEX = 0xA001, 0x0001
_SRGB, _ADOBE_RGB = 1, 2
"""Values of ColorSpace. The second is in no standard, but cameras write it."""
_OPTION_FILE = b"R03"
"""The interoperability index of DCF's optional colour space."""
_MAX_ENTRIES = 512
_ENTRY_LENGTH = 12

_GAMMA = 563 / 256
"""Adobe RGB (1998), 4.3.4.2."""
ADOBE_RGB_ENCODING = ColorEncoding(ADOBE_RGB, Curve(_GAMMA))


def color_encoding(block: bytes | memoryview) -> ColorEncoding | None:
    """Return the colour encoding that an EXIF block, or a TIFF file, names: Adobe RGB; None for all else.

    Never raises: broken EXIF counts as none.
    """
    view = memoryview(block)
    if bytes(view[: len(_EXIF_ID)]) == _EXIF_ID:
        view = view[len(_EXIF_ID) :]
    order = {b"II": "<", b"MM": ">"}.get(bytes(view[:2]))
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(f"{order}I", view, 4)
        exif = _long(view, order, first, _EXIF_IFD)
        if exif is None:
            return None
        space = _short(view, order, exif, _COLOR_SPACE)
        if space == _ADOBE_RGB:
            return ADOBE_RGB_ENCODING
        interoperability = _long(view, order, exif, _INTEROPERABILITY_IFD)
        if space == _SRGB or interoperability is None:
            return None
        at = _find(view, order, interoperability, _INTEROPERABILITY_INDEX)
        return ADOBE_RGB_ENCODING if at is not None and bytes(view[at : at + 3]) == _OPTION_FILE else None
    except struct.error:
        return None


def _find(view: memoryview, order: str, directory: int, wanted: int) -> int | None:
    """Return the offset of an entry's value in a directory."""
    (count,) = struct.unpack_from(f"{order}H", view, directory)
    start = directory + 2
    for at in range(start, start + _ENTRY_LENGTH * min(count, _MAX_ENTRIES), _ENTRY_LENGTH):
        (tag,) = struct.unpack_from(f"{order}H", view, at)
        if tag == wanted:
            return at + 8
    return None


def _long(view: memoryview, order: str, directory: int, tag: int) -> int | None:
    at = _find(view, order, directory, tag)
    return None if at is None else int(struct.unpack_from(f"{order}I", view, at)[0])


def _short(view: memoryview, order: str, directory: int, tag: int) -> int | None:
    at = _find(view, order, directory, tag)
    return None if at is None else int(struct.unpack_from(f"{order}H", view, at)[0])
