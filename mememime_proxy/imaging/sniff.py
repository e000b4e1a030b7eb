"""The format of an image by its first bytes, never by a name or a content type."""

from __future__ import annotations

import re

HEAD_LENGTH = 32 * 1024
"""Bytes that ``sniff`` looks at; an SVG may begin with long comments, every other format shows within the first few."""

_PREFIXES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\x00\x00\x01\x00", "ico"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_GENERAL_BRANDS = frozenset({b"mif1", b"msf1"})
_MAX_BRANDS = 64

_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s+|<\?[^>]{0,4096}\?>|<!--.*?-->|<!DOCTYPE\s[^\[>]*(?:\[.*?\]\s*)?>)*+<(?:[A-Za-z_][\w.-]*+:)?svg[\s/>]",
    re.DOTALL,
)
_GZIP = b"\x1f\x8b\x08"


def sniff(head: bytes | bytearray | memoryview) -> str | None:
    """Return the format's name (``formats.FORMATS``), or None for an unknown format.

    ``head``: the beginning of the data, ``HEAD_LENGTH`` bytes of it are enough. A gzip stream counts as ``svg``,
    because SVG is the only format that is sent that way.
    """
    start = bytes(head[:32])
    for prefix, name in _PREFIXES:
        if start.startswith(prefix):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[4:8] == b"ftyp":
        return _by_brands(bytes(head[: 16 + 4 * _MAX_BRANDS]))
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    if start.startswith(_GZIP) or _SVG.match(_as_utf8(head[:HEAD_LENGTH])):
        return "svg"
    return None


def _by_brands(head: bytes) -> str | None:
    """AVIF or HEIC, by the major brand, else by the first compatible brand that tells, else HEIC as files in general.

    ISO/IEC 14496-12, 4.3; 23008-12, 10.2.
    """
    end = min(int.from_bytes(head[:4], "big"), len(head))
    for at in (8, *range(16, end - 3, 4)):
        brand = head[at : at + 4]
        if brand in _AVIF_BRANDS:
            return "avif"
        if brand in _HEIC_BRANDS:
            return "heic"
    return "heic" if head[8:12] in _GENERAL_BRANDS else None


def _as_utf8(head: bytes | bytearray | memoryview) -> bytes:
    """Return the text in an encoding whose ASCII letters are single bytes."""
    data = bytes(head)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data[: len(data) & ~1].decode("utf-16", "replace").encode()
    return data
