"""Pictures whose metadata tell a place and serial numbers, in every format that has such metadata."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import PIL.Image
import pyvips

SECRETS = (b"BODY-4711", b"LENS-4712", b"MAKER-4713", b"OWNER-4714", b"UNIQUE-4715", b"TOWN-4716", b"47.371234",
           struct.pack("<I", 37_123_457), struct.pack(">I", 37_123_457))  # fmt: skip
"""What no result may contain, in either order of bytes."""
KEPT = b"ARTIST-1"

XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:drone="http://www.dji.com/drone-dji/1.0/" exif:GPSLatitude="47.371234N" aux:SerialNumber="BODY-4711"
 drone:GpsLongtitude="47.371234">
<photoshop:City>TOWN-4716</photoshop:City><aux:LensSerialNumber>LENS-4712</aux:LensSerialNumber>
<dc:creator><rdf:Seq><rdf:li>ARTIST-1</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def iptc() -> bytes:
    """Photoshop's resources with a by-line and a city."""
    records = b"".join(
        b"\x1c\x02" + struct.pack(">BH", number, len(value)) + value
        for number, value in ((80, KEPT), (90, b"TOWN-4716"))
    )
    return (
        b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(records)) + records + bytes(len(records) % 2)
    )


def exif_block(order: str = "<") -> bytes:
    """An EXIF block: maker, orientation, artist; exposure and serial numbers; a place."""
    place = struct.pack(f"{order}6I", 47, 1, 22, 1, 37_123_457, 1_000_000)
    directories = {
        "exif": [
            (0x829A, 5, 1, struct.pack(f"{order}2I", 1, 250)),
            (0x927C, 7, 10, b"MAKER-4713"),
            (0xA420, 2, 12, b"UNIQUE-4715\0"),
            (0xA430, 2, 11, b"OWNER-4714\0"),
            (0xA431, 2, 10, b"BODY-4711\0"),
            (0xA435, 2, 10, b"LENS-4712\0"),
        ],
        "gps": [(1, 2, 2, b"N\0"), (2, 5, 3, place), (3, 2, 2, b"E\0"), (4, 5, 3, place)],
    }
    first = [(0x010F, 2, 7, b"Acme 1\0"), (0x0112, 3, 1, struct.pack(f"{order}H", 6)), (0x013B, 2, 9, KEPT + b"\0")]
    at = 8 + 2 + 12 * (len(first) + 2) + 4
    blocks, pointers = b"", []
    for tag, entries in ((0x8769, directories["exif"]), (0x8825, directories["gps"])):
        pointers.append((tag, 4, 1, struct.pack(f"{order}I", at + len(blocks))))
        blocks += _directory(entries, at + len(blocks), order)
    return _head(order) + _directory([*first, *pointers], 8, order, values_at=at + len(blocks), after=blocks)


def _head(order: str) -> bytes:
    return (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)


def _directory(
    entries: list[tuple[int, int, int, bytes]],
    start: int,
    order: str,
    *,
    values_at: int | None = None,
    after: bytes = b"",
) -> bytes:
    values_at = start + 2 + 12 * len(entries) + 4 if values_at is None else values_at
    directory, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", values_at + len(values))
        directory += struct.pack(f"{order}HHI", tag, kind, count) + place
        values += value + bytes(len(value) % 2) if len(value) > 4 else b""
    return directory + bytes(4) + after + values


def picture() -> PIL.Image.Image:
    """A gradient."""
    return PIL.Image.merge(
        "RGB", [PIL.Image.linear_gradient("L").resize((48, 32)).rotate(turn) for turn in (0, 90, 180)]
    )


def saved(name: str, **options: Any) -> bytes:
    """The picture in a format of Pillow's, without metadata unless ``options`` have some."""
    target = io.BytesIO()
    picture().save(target, name, **options)
    return target.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(order: str = "<") -> bytes:
    """A JPEG with EXIF, XMP, extended XMP, IPTC, a second picture with the same, and a film behind both."""
    blocks = segment(0xE1, b"Exif\0\0" + exif_block(order)) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 50, 0) + b"<a>47.371234</a>"
    blocks += segment(0xE1, extended) + segment(0xED, iptc())
    body = saved("JPEG", quality=90)
    second = body[:2] + blocks + body[2:]
    index_size = 8 + 2 + 12 * 3 + 4 + 32
    head = body[:2] + blocks
    index_at = len(head) + 4 + 4
    first_size = len(head) + 4 + 4 + index_size + len(body) - 2
    gap = b"between"
    entries = struct.pack("<4I", 0x030000, first_size, 0, 0)
    entries += struct.pack("<4I", 0, len(second), first_size + len(gap) - index_at, 0)
    index = _head("<") + _directory(
        [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack("<I", 2)), (0xB002, 7, 32, entries)], 8, "<"
    )
    assert len(index) == index_size
    first = head + segment(0xE2, b"MPF\0" + index) + body[2:]
    assert len(first) == first_size
    return first + gap + second + b"film at 47.371234"


def png() -> bytes:
    """A PNG with EXIF, XMP as it is and compressed, and a raw profile of ImageMagick."""
    body = saved("PNG")
    texts = {
        b"eXIf": [exif_block(">")],
        b"iTXt": [b"XML:com.adobe.xmp\0\0\0\0\0" + XMP, b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)],
        b"zTXt": [b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n10\n" + exif_block().hex().encode())],
        b"tEXt": [b"Artist\0" + KEPT],
    }
    chunks = b"".join(
        struct.pack(">I", len(text)) + kind + text + struct.pack(">I", zlib.crc32(kind + text))
        for kind, contents in texts.items()
        for text in contents
    )
    return body[:33] + chunks + body[33:] + b"47.371234"


def gif() -> bytes:
    """A GIF with XMP in its application extension."""
    body = saved("GIF")
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    at = 13 + (3 << (body[10] & 7) + 1)
    return body[:at] + b"\x21\xff\x0bXMP DataXMP" + XMP + magic + body[at:]


def tiff() -> bytes:
    """A TIFF with directories of EXIF and GPS, XMP and IPTC."""
    image = pyvips.Image.new_from_buffer(saved("PNG"), "").copy()
    for name, block in (("exif-data", b"Exif\0\0" + exif_block()), ("xmp-data", XMP), ("iptc-data", iptc()[14 + 12 :])):
        image.set_type(pyvips.GValue.blob_type, name, block)
    plain = image.tiffsave_buffer(keep=31)
    # Its one directory goes to the end, with pointers to directories of EXIF and GPS behind it.
    (first,) = struct.unpack_from("<I", plain, 4)
    (count,) = struct.unpack_from("<H", plain, first)
    entries = [plain[first + 2 + 12 * k : first + 14 + 12 * k] for k in range(count)]
    entries = [entry for entry in entries if struct.unpack_from("<H", entry)[0] not in {0x8769, 0x8825}]
    at = len(plain) + len(plain) % 2
    shift = at + 2 + 12 * (len(entries) + 2) + 4
    block = exif_block()
    gps_at = struct.unpack_from("<I", block, block.index(struct.pack("<HHI", 0x8825, 4, 1)) + 8)[0]
    exif_at = struct.unpack_from("<I", block, block.index(struct.pack("<HHI", 0x8769, 4, 1)) + 8)[0]
    moved = _moved(_moved(bytearray(block), exif_at, shift), gps_at, shift)
    pointers = [struct.pack("<HHII", tag, 4, 1, shift + to) for tag, to in ((0x8769, exif_at), (0x8825, gps_at))]
    ordered = sorted(entries + pointers, key=lambda entry: struct.unpack_from("<H", entry))
    directory = struct.pack("<H", len(ordered)) + b"".join(ordered)
    return plain[:4] + struct.pack("<I", at) + plain[8:].ljust(at - 8, b"\0") + directory + bytes(4) + bytes(moved)


def _moved(block: bytearray, directory: int, shift: int) -> bytearray:
    """Add ``shift`` to the offsets of values in a directory of a little-endian block."""
    sizes = {2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    (count,) = struct.unpack_from("<H", block, directory)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        kind, number, place = struct.unpack_from("<HII", block, at + 2)
        if sizes[kind] * number > 4:
            struct.pack_into("<I", block, at + 8, place + shift)
    return block


def jxl() -> bytes:
    """A JPEG XL in boxes, with EXIF and XMP."""
    import imagecodecs
    import numpy

    stream = imagecodecs.jpegxl_encode(numpy.asarray(picture()), lossless=True, usecontainer=False)

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + kind + content

    return (
        box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"Exif", bytes(4) + exif_block())
        + box(b"xml ", XMP) + box(b"brob", b"Exif" + b"47.371234") + box(b"jxlc", bytes(stream))
    )  # fmt: skip


def with_secrets(name: str) -> bytes:
    """An original of a format, with all of them that the format can hold."""
    makers = {"jpeg": jpeg, "png": png, "gif": gif, "tiff": tiff, "jxl": jxl}
    if name in makers:
        return makers[name]()
    return saved(name.upper(), exif=b"Exif\0\0" + exif_block(), xmp=XMP, quality=80)
