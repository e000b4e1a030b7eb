"""The blocks of metadata in a file: EXIF, XMP, IPTC, resources of Photoshop.

They are located by the structure of each format, without a decoder. A file may end anywhere: what is behind its end is
not there.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.gate.boxes.bmff import boxes, item_extents, read_meta
from mememime_proxy.imaging.gate.exif import EXIF_ID
from mememime_proxy.imaging.gate.jpeg import MAX_MARKERS, next_marker

_APP1, _APP13, _SOS, _EOI = 0xE1, 0xED, 0xDA, 0xD9
_XMP_ID: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP_ID: Final = b"Photoshop 3.0\0"
_PNG_XMP: Final = re.compile(rb"\AXML:com\.adobe\.xmp\0(?P<compressed>[\0\1])\0[^\0]*\0[^\0]*\0", re.DOTALL)
_PNG_PROFILE: Final = re.compile(
    rb"\ARaw profile type (?P<kind>exif|APP1|xmp|iptc|8bim)\0(?P<rest>.*)", re.DOTALL | re.IGNORECASE
)
_PROFILE_TEXT: Final = re.compile(rb"\s*[^\n]*\n\s*\d+\s*\n(?P<digits>[0-9a-fA-F\s]*)\Z")
_GIF_XMP: Final = re.compile(rb"\x21\xff\x0bXMP DataXMP(?P<packet>[^\x01]*)\x01\xff\xfe\xfd", re.DOTALL)
_XMP_START, _XMP_END = re.compile(rb"<x:xmpmeta\b"), re.compile(rb"</x:xmpmeta>")
_RDF: Final = re.compile(rb"rdf:RDF")
_WEBP_METADATA: Final = 0x0C
"""Flags of an extended WebP: EXIF and XMP."""
_MAX_CHUNKS: Final = 10_000
_MAX_INFLATED: Final = 1 << 20
_TIFF_BLOCKS: Final = {0x02BC: "xmp", 0x83BB: "iptc", 0x8649: "photoshop"}
_TIFF_SIZES: Final = {1: 1, 2: 1, 4: 4, 7: 1}


@dataclass(slots=True)
class MetadataBlocks:
    """The first block of each kind; empty where there is none."""

    exif: bytes | memoryview = b""
    """With or without its identifier. Of a TIFF, the file."""
    xmp: bytes = b""
    iptc: bytes = b""
    """Bare records, or Photoshop's resources with them."""
    photoshop: bytes = b""
    is_cut: bool = False
    """The file says that there is a block behind its end."""


def metadata_blocks(data: memoryview, name: str) -> MetadataBlocks:
    """Return the blocks of a file in the format ``name``. Never raises: what cannot be followed is not there."""
    found = MetadataBlocks()
    read = _READERS.get(name)
    if read is not None:
        # What came before a fault counts.
        with suppress(ImageError, struct.error, IndexError, zlib.error, ValueError, StopIteration):
            read(data, found)
    found.iptc = found.iptc or found.photoshop
    return found


def _jpeg(data: memoryview, found: MetadataBlocks) -> None:
    at, resources = 2, bytearray()
    for _ in range(MAX_MARKERS):
        at, marker = next_marker(data, at)
        if marker in (_SOS, _EOI):
            break
        (length,) = struct.unpack_from(">H", data, at)
        body, at = data[at + 2 : at + length], at + length
        head = bytes(body[:64])
        if marker == _APP1 and head.startswith(EXIF_ID):
            found.exif = found.exif or bytes(body)
        elif marker == _APP1 and head.startswith(_XMP_ID):
            found.xmp = found.xmp or bytes(body[len(_XMP_ID) :])
        elif marker == _APP13 and head.startswith(_PHOTOSHOP_ID):
            resources += body[len(_PHOTOSHOP_ID) :]
            found.photoshop = bytes(resources)


def _png(data: memoryview, found: MetadataBlocks) -> None:
    at = 8
    for _ in range(_MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"eXIf":
            found.exif = bytes(body)
        elif kind == b"iTXt" and (match := _PNG_XMP.match(body)):
            rest = bytes(body[match.end() :])
            found.xmp = _inflate(rest) if match["compressed"] == b"\1" else rest
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and (match := _PNG_PROFILE.match(body)):
            _add_profile(match["kind"].lower(), match["rest"], found, compressed=kind == b"zTXt")
        elif kind == b"IEND":
            return
        at += 12 + length


def _add_profile(kind: bytes, text: bytes, found: MetadataBlocks, *, compressed: bool) -> None:
    """Add a block that ImageMagick wrote: its name, its length, and its bytes as hexadecimal digits."""
    match = _PROFILE_TEXT.match(_inflate(text[1:]) if compressed else text)
    block = bytes.fromhex(match["digits"].decode()) if match else b""
    if kind in (b"exif", b"app1") and not block.startswith(_XMP_ID):
        found.exif = found.exif or block
    elif kind in (b"iptc", b"8bim"):
        found.photoshop = found.photoshop or block.removeprefix(_PHOTOSHOP_ID)
    else:
        found.xmp = found.xmp or block.removeprefix(_XMP_ID)


def _inflate(content: bytes) -> bytes:
    """Return a zlib stream, inflated; cut where it has too many bytes."""
    return zlib.decompressobj().decompress(content, _MAX_INFLATED)


def _webp(data: memoryview, found: MetadataBlocks) -> None:
    at = 12
    found.is_cut = len(data) < 8 + int.from_bytes(data[4:8], "little") and bool(data[20] & _WEBP_METADATA)
    for _ in range(_MAX_CHUNKS):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = bytes(data[at + 8 : at + 8 + length]) if kind in (b"EXIF", b"XMP ") else b""
        if kind == b"EXIF":
            found.exif = body
        elif kind == b"XMP ":
            found.xmp = body
        at += 8 + length + (length & 1)


def _gif(data: memoryview, found: MetadataBlocks) -> None:
    """Find the packet, which stands in the file as it is, behind the name of its extension."""
    if match := _GIF_XMP.search(data):
        found.xmp = match["packet"]


def _heif(data: memoryview, found: MetadataBlocks) -> None:
    box = next(box for box in boxes(data, 0, len(data)) if box[0] == b"meta")
    meta = read_meta(data, box)
    for number, item in meta.items.items():
        if item.type not in (b"Exif", b"mime"):
            continue
        extents = item_extents(data, meta, number)
        content = b"".join(data[start:end] for start, end in extents or ())
        found.is_cut = found.is_cut or any(end > len(data) for _, end in extents or ())
        if item.type == b"Exif" and len(content) > 4:
            found.exif = found.exif or content[4 + int.from_bytes(content[:4], "big") :]
        elif item.type == b"mime" and _RDF.search(content):
            found.xmp = found.xmp or content


def _jxl(data: memoryview, found: MetadataBlocks) -> None:
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"Exif":
            content = bytes(data[start:end])
            found.exif = content[4 + int.from_bytes(content[:4], "big") :]
        elif kind == b"xml ":
            found.xmp = bytes(data[start:end])


def _tiff(data: memoryview, found: MetadataBlocks) -> None:
    order = "<" if bytes(data[:2]) == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, number, start = struct.unpack_from(f"{order}HHII", data, at)
        if tag in _TIFF_BLOCKS:
            content = bytes(data[start : start + _TIFF_SIZES.get(kind, 0) * number])
            setattr(found, _TIFF_BLOCKS[tag], content)
    found.exif = data


def _pdf(data: memoryview, found: MetadataBlocks) -> None:
    """Find the document's packet, which is seldom compressed; ISO 32000-2, 14.3.2."""
    if (start := _XMP_START.search(data)) and (end := _XMP_END.search(data, start.end())):
        found.xmp = bytes(data[start.start() : min(end.end(), start.start() + _MAX_INFLATED)])


def _svg(data: memoryview, found: MetadataBlocks) -> None:
    found.xmp = bytes(data) if _RDF.search(data) else b""


_READERS: Final[dict[str, Callable[[memoryview, MetadataBlocks], None]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "avif": _heif,
    "heic": _heif,
    "jxl": _jxl,
    "tiff": _tiff,
    "svg": _svg,
    "pdf": _pdf,
}
