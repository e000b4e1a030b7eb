"""The format of an image by its first bytes, never by a name or a content type."""

from __future__ import annotations

import re

HEAD_LENGTH = 32 * 1024
"""Bytes that are enough for every format but an SVG, which may begin with comments of any length."""
_MAX_UTF16 = 2 * 1024 * 1024
"""Bytes that are decoded to look for an SVG."""

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
    (b"%PDF-", "pdf"),
    (b"8BPS", "psd"),
)

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_GENERAL_BRANDS = frozenset({b"mif1", b"msf1"})
_MAX_BRANDS = 64

_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_MISC = rb"\s++|(?><\?.*?\?>)|(?><!--.*?-->)"
_QUOTED = rb"\"[^\"]*+\"|'[^']*+'"
# A comment or an instruction without its end fits nothing in a subset, so that none is searched for twice.
_SUBSET = rb"(?:[^\]\"'<]++|" + _QUOTED + rb"|(?><!--.*?-->)|(?><\?.*?\?>)|<(?!!--|\?))*+"
_DOCTYPE = rb"<!DOCTYPE\s(?:[^\[>\"']++|" + _QUOTED + rb")*+(?:\[(?P<subset>" + _SUBSET + rb")\]\s*+)?+>"
XML_PROLOG = re.compile(rb"(?:" + _MISC + rb")*+", re.DOTALL)
"""What may stand before a document type: the declaration, comments, instructions."""
XML_DOCUMENT_TYPE = re.compile(_DOCTYPE, re.DOTALL)
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?+(?:" + _MISC + rb"|" + _DOCTYPE + rb")*+<(?:[A-Za-z_][\w.-]*+:)?svg[\s/>]", re.DOTALL
)
GZIP = b"\x1f\x8b\x08"


def sniff(head: bytes | bytearray | memoryview) -> str | None:
    """Return the format's name (``formats.FORMATS``), or None for an unknown format.

    ``head``: the beginning of the data, at least ``HEAD_LENGTH`` bytes, or all of it. A gzip stream counts as ``svg``,
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
    if start.startswith(GZIP) or _SVG.match(_as_utf8(head)):
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


def _as_utf8(head: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    """Return the text in an encoding whose ASCII letters are single bytes."""
    if bytes(head[:2]) in (b"\xff\xfe", b"\xfe\xff"):
        return bytes(head[: min(len(head), _MAX_UTF16) & ~1]).decode("utf-16", "replace").encode()
    return head
