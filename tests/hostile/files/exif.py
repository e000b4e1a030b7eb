"""EXIF whose directories point at themselves, never end, or repeat one value many times; in each container.

libexif and libvips take time that grows with the square of the entries. Exif 3.0, section 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import partial

from tests.hostile.files import heif_writer
from tests.hostile.files.containers import box, jpeg_segment, jpeg_with, jxl_with, png_with, riff_chunk, webp_with
from tests.hostile.records import Hostile
from tests.support.numbered_png import chunk

EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
_SHORT, _LONG, _ASCII, _UNDEFINED, _RATIONAL = 3, 4, 2, 7, 5


def _directory(entries: bytes, following: int = 0) -> bytes:
    return struct.pack("<H", len(entries) // 12) + entries + struct.pack("<I", following)


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def _tiff(directory: bytes, rest: bytes = b"") -> bytes:
    return struct.pack("<2sHI", b"II", 42, 8) + directory + rest


def self_pointers(count: int, tag: int = EXIF_IFD) -> bytes:
    """All entries of the first directory say that the directory of ``tag`` is this one."""
    return _tiff(_directory(_entry(tag, _LONG, 1, 8) * count))


def mutual_pointers(count: int) -> bytes:
    """The directory's entries point at a second one, whose entries point back."""
    first = _directory(_entry(EXIF_IFD, _LONG, 1, 8 + 2 + 6 * count + 4) * (count // 2))
    return _tiff(first, _directory(_entry(GPS_IFD, _LONG, 1, 8) * (count // 2)))


def next_loop(count: int) -> bytes:
    """The next directory is this one."""
    return _tiff(_directory(b"".join(_entry(0x100 + n % 40, _SHORT, 1, 1) for n in range(count)), 8))


def big_endian(count: int) -> bytes:
    """Pointers to itself in the other byte order."""
    entry = struct.pack(">HHII", EXIF_IFD, _LONG, 1, 8)
    return struct.pack(">2sHIH", b"MM", 42, 8, count) + entry * count + bytes(4)


def binary_tree(depth: int) -> bytes:
    """Two pointers in each directory to the next one: 2^depth ways, no circle."""
    length = 2 + 24 + 4
    starts = [8 + length * level for level in range(1, depth + 1)]
    parts = [_directory(_entry(EXIF_IFD, _LONG, 1, at) + _entry(GPS_IFD, _LONG, 1, at)) for at in starts]
    return _tiff(b"".join(parts), _directory(_entry(0x0112, _SHORT, 1, 1)))


def wide_tree(count: int) -> bytes:
    """Every entry of a directory points at the next directory, which is as wide."""
    width = 70
    length = 2 + 12 * width + 4
    levels = count // width
    parts = [
        _directory(_entry((EXIF_IFD, GPS_IFD)[level % 2], _LONG, 1, 8 + length * (level + 1)) * width)
        for level in range(levels)
    ]
    return _tiff(b"".join(parts), _directory(_entry(0x0112, _SHORT, 1, 1)))


def values_of_ascii(count: int) -> bytes:
    """Texts without an end, all the same one, of tags that are converted to text."""
    start = 8 + 2 + 12 * count + 4
    length = max(1000, 62_000 - start)
    tags = (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298)
    entries = b"".join(_entry(tags[n % len(tags)], _ASCII, length, start) for n in range(count))
    return _tiff(_directory(entries), b"x" * length)


def distinct_tags(count: int) -> bytes:
    return _tiff(_directory(b"".join(_entry(n & 0xFFFF, _SHORT, 1, 1) for n in range(count))))


def known_tags(count: int) -> bytes:
    """One tag that libexif knows, again and again: its duplicates are searched for."""
    return _tiff(_directory(_entry(0x010E, _ASCII, 4, 0x41414141) * count))


def shared_value(count: int) -> bytes:
    """Each entry's value is the whole file: read once for each."""
    start = 8 + 2 + 12 * count + 4
    length = max(1000, 62_000 - start)
    entries = b"".join(_entry(0x9000 + n % 0x700, _UNDEFINED, length, start) for n in range(count))
    return _tiff(_directory(entries), bytes(length))


def huge_counts(count: int) -> bytes:
    return _tiff(_directory(b"".join(_entry(0x100 + n, _RATIONAL, 0x1FFFFFFF, 8) for n in range(count))))


def maker_note(count: int) -> bytes:
    """A maker note of Canon's, whose directory has many entries with one shared value."""
    make = b"Canon\0"
    inner = _directory(b"".join(_entry(1 + n % 30, _SHORT, 60, 8) for n in range(count)))
    exif_at = 8 + 2 + 2 * 12 + 4
    note_at = exif_at + 2 + 12 + 4
    first = _directory(_entry(0x010F, _ASCII, len(make), note_at + len(inner)) + _entry(EXIF_IFD, _LONG, 1, exif_at))
    second = _directory(_entry(MAKER_NOTE, _UNDEFINED, len(inner), note_at))
    return _tiff(first, second + inner + make)


BLOCKS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "self-pointers": (self_pointers, 5400),
    "gps-pointers": (partial(self_pointers, tag=GPS_IFD), 5400),
    "interop-pointers": (partial(self_pointers, tag=INTEROP_IFD), 5400),
    "mutual-pointers": (mutual_pointers, 5400),
    "next-loop": (next_loop, 5400),
    "distinct-tags": (distinct_tags, 5400),
    "known-tags": (known_tags, 5400),
    "shared-value": (shared_value, 2500),
    "huge-counts": (huge_counts, 5400),
    "maker-note": (maker_note, 5000),
    "big-endian": (big_endian, 5400),
    "binary-tree": (binary_tree, 2000),
    "wide-tree": (wide_tree, 5300),
    "texts": (values_of_ascii, 2500),
}
"""What makes a block of at most 65,000 bytes, and its number of entries. A directory has at most 65,535 entries."""


def in_jpeg(block: bytes) -> bytes:
    return jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + block))


def in_jpeg_repeatedly(block: bytes) -> bytes:
    return jpeg_with(*[jpeg_segment(0xE1, b"Exif\0\0" + block)] * 14)


def in_png(block: bytes) -> bytes:
    return png_with(chunk(b"eXIf", block))


def in_png_after(block: bytes) -> bytes:
    return png_with(after=(chunk(b"eXIf", block),))


def in_webp_unflagged(block: bytes) -> bytes:
    return webp_with(riff_chunk(b"EXIF", block))


def in_webp_twice(block: bytes) -> bytes:
    harmless = struct.pack("<2sHIH", b"II", 42, 8, 0) + bytes(4)
    return webp_with(riff_chunk(b"EXIF", harmless), riff_chunk(b"EXIF", block), flags=8)


def in_jpeg_second(block: bytes) -> bytes:
    """Behind a harmless block."""
    harmless = struct.pack("<2sHIH", b"II", 42, 8, 0) + bytes(4)
    parts = (b"Exif\0\0" + harmless, b"Exif\0\0" + block)
    return jpeg_with(*[jpeg_segment(0xE1, part) for part in parts])


def in_png_text(block: bytes) -> bytes:
    """As ImageMagick writes it: hexadecimal, in a text chunk."""
    text = b"\nexif\n%8d\n" % (len(block) + 6) + (b"Exif\0\0" + block).hex().encode() + b"\n"
    return png_with(chunk(b"tEXt", b"Raw profile type exif\0" + text))


def in_webp(block: bytes) -> bytes:
    return webp_with(riff_chunk(b"EXIF", block), flags=8)


def in_webp_prefixed(block: bytes) -> bytes:
    return webp_with(riff_chunk(b"EXIF", b"Exif\0\0" + block), flags=8)


def in_avif(block: bytes) -> bytes:
    file = heif_writer.plain()
    file.items.append(heif_writer.Item(b"Exif", struct.pack(">I", 0) + block))
    file.references.append((b"cdsc", 2, [1]))
    return file.build()


def in_jxl(block: bytes) -> bytes:
    return jxl_with(box(b"Exif", bytes(4), block))


def in_tiff(block: bytes) -> bytes:
    """The block itself, with the tags of a picture in front: a TIFF's own directory."""
    count = struct.unpack_from("<H", block, 8)[0]
    entries, rest = block[10 : 10 + 12 * count], block[10 + 12 * count :]
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)]
    front = b"".join(_entry(tag, _SHORT, 1, value) for tag, value in tags)
    count = min(65_535 - len(tags), len(entries) // 12)
    return _tiff(struct.pack("<H", count + len(tags)) + front + entries[: 12 * count] + rest)


CONTAINERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "jpeg": ("jpg", in_jpeg),
    "png": ("png", in_png),
    "webp": ("webp", in_webp),
    "avif": ("avif", in_avif),
    "jxl": ("jxl", in_jxl),
    "tiff": ("tif", in_tiff),
}
FURTHER: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "jpeg-repeated": ("jpg", in_jpeg_repeatedly),
    "jpeg-second": ("jpg", in_jpeg_second),
    "png-text": ("png", in_png_text),
    "png-after": ("png", in_png_after),
    "webp-unflagged": ("webp", in_webp_unflagged),
    "webp-twice": ("webp", in_webp_twice),
    "webp-prefixed": ("webp", in_webp_prefixed),
}


def _made(container: Callable[[bytes], bytes], block: Callable[[int], bytes], size: int) -> bytes:
    return container(block(size))


def records() -> Iterator[Hostile]:
    for kind, (block, size) in BLOCKS.items():
        for name, (extension, container) in CONTAINERS.items():
            yield Hostile(f"exif-{kind}-{name}", "H2", extension, partial(_made, container, block), size)
    for name, (extension, container) in FURTHER.items():
        yield Hostile(f"exif-self-pointers-{name}", "H2", extension, partial(_made, container, self_pointers), 5400)
    for name in ("png", "webp", "avif", "jxl"):  # containers without a limit of 64 KiB
        extension, container = CONTAINERS[name]
        for kind in ("self-pointers", "distinct-tags", "known-tags"):
            block, _ = BLOCKS[kind]
            yield Hostile(f"exif-{kind}-large-{name}", "H2", extension, partial(_made, container, block), 65_000)
    yield Hostile("exif-self-pointers-metadata-kept", "H2", "jpg", partial(_made, in_jpeg, self_pointers), 5400,
                  options="rs:fit:160:160/sm:0")  # fmt: skip
