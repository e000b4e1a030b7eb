"""PNG, WebP and GIF: files of chunks without absolute offsets. PNG 3, clause 11; RFC 9649; GIF89a, section 26."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

from mememime_proxy.imaging.privacy import exif, xmp

_PNG_HEAD: Final = 8
_PNG_XMP: Final = re.compile(rb"\AXML:com\.adobe\.xmp\0(?P<compressed>[\0\1])\0[^\0]*\0[^\0]*\0", re.DOTALL)
_PNG_PROFILE: Final = re.compile(rb"\ARaw profile type (?:exif|xmp|iptc|APP1|8bim)\0", re.IGNORECASE)
_PNG_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_WEBP_HEAD: Final = 12
_MAX_CHUNKS: Final = 200_000
_GIF_IMAGE, _GIF_EXTENSION, _GIF_TRAILER = 0x2C, 0x21, 0x3B
_GIF_APPLICATION: Final = 0xFF
_GIF_XMP: Final = b"XMP DataXMP"


def remove_from_png(data: bytes) -> bytes | None:
    """Return the file without private metadata; None where its chunks cannot be followed to ``IEND``."""
    result, at = bytearray(data[:_PNG_HEAD]), _PNG_HEAD
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            return None
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return None
        body = data[at + 8 : end - 4]
        cleaned = _clean_png_chunk(kind, body)
        if cleaned is body:
            result += data[at:end]
        elif cleaned is not None:
            result += struct.pack(">I", len(cleaned)) + kind + cleaned
            result += struct.pack(">I", zlib.crc32(kind + cleaned))
        if kind == b"IEND":
            return bytes(result)  # nothing behind it belongs to the picture
        at = end
    return None


def _clean_png_chunk(kind: bytes, body: bytes) -> bytes | None:
    """Return the contents of a chunk without what is private, the same object where nothing is; None to drop it."""
    if kind == b"eXIf":
        block = bytearray(body)
        return bytes(block) if exif.remove_private(block) else None
    if kind not in _PNG_TEXTS:
        return body
    if match := _PNG_XMP.match(body) if kind == b"iTXt" else None:
        if match["compressed"] == b"\1":
            return None
        return body[: match.end()] + xmp.without_private(body[match.end() :])
    return None if _PNG_PROFILE.match(body) else body


def remove_from_webp(data: bytes) -> bytes | None:
    """Return the file without private metadata, of the same length; None where its chunks cannot be followed."""
    file, at = bytearray(data), _WEBP_HEAD
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(file):
            return bytes(file[: max(at, _WEBP_HEAD)])
        kind, length = struct.unpack_from("<4sI", file, at)
        body, end = at + 8, at + 8 + length
        if end > len(file):
            return None
        if kind == b"EXIF":
            if not exif.remove_private(file, body, end):
                file[body:end] = bytes(length)
        elif kind == b"XMP ":
            file[body:end] = xmp.without_private(bytes(file[body:end]))
        at = end + (length & 1)
    return None


def remove_from_gif(data: bytes) -> bytes | None:
    """Return the file without its XMP packet; None where its blocks cannot be followed to the trailer."""
    if len(data) < 13:
        return None
    at = 13 + _color_table(data[10])
    result = bytearray(data[:at])
    for _ in range(_MAX_CHUNKS):
        start = at
        if at + 1 >= len(data):
            return bytes(result + bytes([_GIF_TRAILER])) if data[at : at + 1] == bytes([_GIF_TRAILER]) else None
        introducer, drop = data[at], False
        if introducer == _GIF_TRAILER:
            return bytes(result + bytes([_GIF_TRAILER]))
        if introducer == _GIF_EXTENSION:
            drop = data[at + 1] == _GIF_APPLICATION and data[at + 3 : at + 14] == _GIF_XMP
            at += 2
        elif introducer == _GIF_IMAGE and at + 10 < len(data):
            at += 11 + _color_table(data[at + 9])
        else:
            return None
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
        if at > len(data):
            return None
        if not drop:
            result += data[start:at]
    return None


def _color_table(flags: int) -> int:
    """Return the bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
