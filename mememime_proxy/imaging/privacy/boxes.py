"""AVIF, HEIC and JPEG XL: boxes whose contents change in place. ISO/IEC 23008-12, annex A; 18181-2, annex A."""

from __future__ import annotations

import struct

from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.gate.boxes.bmff import Meta, boxes, item_extents, read_meta
from mememime_proxy.imaging.privacy import exif, xmp

_JXL_CODESTREAM = b"\xff\x0a"
_METADATA_ITEMS = frozenset({b"Exif", b"mime"})


def remove_from_heif(data: bytes) -> bytes | None:
    """Return an AVIF or HEIC without private metadata, of the same length; None where an item cannot be located."""
    file, view = bytearray(data), memoryview(data)
    try:
        for box in boxes(view, 0, len(view)):
            if box[0] == b"meta":
                if not _clean_items(file, view, read_meta(view, box)):
                    return None
            elif box[0] in {b"udta", b"uuid"}:
                file[box[1] : box[2]] = bytes(box[2] - box[1])
    except (ImageError, struct.error, IndexError):
        return None
    return bytes(file)


def _clean_items(file: bytearray, view: memoryview, meta: Meta) -> bool:
    left = 2 * len(file)  # parts do not overlap
    for number, item in meta.items.items():
        if item.type not in _METADATA_ITEMS:
            continue
        extents = item_extents(view, meta, number)
        if extents is None or any(end > len(file) for _, end in extents):
            return False
        left -= sum(end - start for start, end in extents)
        if left < 0:
            return False
        content = bytearray(b"".join(file[start:end] for start, end in extents))
        if item.type == b"Exif":
            _clean_exif(content)
        else:
            content[:] = xmp.without_private(bytes(content))
        at = 0
        for start, end in extents:
            file[start:end] = content[at : at + end - start]
            at += end - start
    return True


def remove_from_jxl(data: bytes) -> bytes | None:
    """Return a JPEG XL without private metadata, of the same length; None where its boxes cannot be followed.

    Compressed metadata is erased whole.
    """
    if data.startswith(_JXL_CODESTREAM):
        return data
    file, view = bytearray(data), memoryview(data)
    try:
        for kind, start, end in boxes(view, 0, len(view)):
            if kind == b"Exif":
                content = bytearray(file[start:end])
                _clean_exif(content)
                file[start:end] = content
            elif kind == b"xml ":
                file[start:end] = xmp.without_private(bytes(file[start:end]))
            elif kind == b"brob" and bytes(view[start : start + 4]) != b"jbrd":
                file[start:end] = bytes(end - start)
                # A length of 64 bits stands between the type and the contents.
                named_at = start - 4 if file[start - 4 : start] == b"brob" else start - 12
                file[named_at : named_at + 4] = b"free"
            elif kind == b"jbrd":
                return None  # the JPEG that it restores has its metadata in other boxes
    except (ImageError, struct.error, IndexError):
        return None
    return bytes(file)


def _clean_exif(content: bytearray) -> None:
    """Clean an EXIF item, which begins with the distance to its TIFF header."""
    if len(content) < 4 or not exif.remove_private(content, 4 + struct.unpack_from(">I", content)[0]):
        content[:] = bytes(len(content))
