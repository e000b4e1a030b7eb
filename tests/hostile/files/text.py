"""Text, profiles and comments that are small until they are inflated, or many; in each container. Rows C2, C16, H3."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import imagecodecs

from tests.hostile.files import heif_writer
from tests.hostile.files.containers import (
    box,
    ico_of,
    jpeg_segment,
    jpeg_with,
    jxl_with,
    png_with,
    riff_chunk,
    saved,
    webp_with,
    zeros,
)
from tests.hostile.records import Hostile
from tests.support.numbered_png import chunk

_BOMB = 48 << 20
"""Bytes that libpng inflates in one chunk: its limit is 50 MB."""


def _itxt(keyword: bytes, language: bytes, translated: bytes, text: bytes, compressed: int = 1) -> bytes:
    return chunk(b"iTXt", keyword + bytes([0, compressed, 0]) + language + b"\0" + translated + b"\0" + text)


def ztxt(count: int) -> bytes:
    return png_with(*[chunk(b"zTXt", b"Comment\0\0" + zeros(_BOMB))] * count)


def ztxt_hundred(count: int) -> bytes:
    return png_with(*[chunk(b"zTXt", b"k%d\0\0" % n + zeros(8 << 20)) for n in range(count)])


def itxt(count: int) -> bytes:
    return png_with(*[_itxt(b"XML:com.adobe.xmp", b"", b"", zeros(_BOMB))] * count)


def _stream_without_zeros() -> bytes:
    """A whole zlib stream without a zero byte: one stored block of 257 bytes; RFC 1951, 3.2.4."""
    return zlib.compress(b"a" * 257, 0)


def itxt_language(count: int) -> bytes:
    """The language looks like compressed text itself: a walker that gives up its search takes that for the text."""
    return png_with(*[_itxt(b"k", _stream_without_zeros() + b"x" * 1100, b"", zeros(_BOMB))] * count)


def itxt_long_language(count: int) -> bytes:
    """The fields in front of the compressed text are long: a walker that bounds them does not find the text."""
    return png_with(*[_itxt(b"k", b"x" * 2000, b"", zeros(_BOMB))] * count)


def itxt_long_keyword(count: int) -> bytes:
    """A keyword longer than its 79 bytes: libpng warns, or goes on."""
    return png_with(*[_itxt(b"k" * 79, _stream_without_zeros(), _stream_without_zeros() + b"y" * 1100, zeros(_BOMB))]
                    * count)  # fmt: skip


def itxt_translated(count: int) -> bytes:
    return png_with(*[_itxt(b"k", b"en", b"y" * 4000, zeros(_BOMB))] * count)


def itxt_flag(count: int) -> bytes:
    """A compression flag that is neither 0 nor 1."""
    return png_with(*[_itxt(b"k", b"", b"", zeros(_BOMB), 255)] * count)


def itxt_after(count: int) -> bytes:
    return png_with(after=(_itxt(b"k", b"x" * 300, b"", zeros(_BOMB)),) * count)


def ztxt_after(count: int) -> bytes:
    return png_with(after=(chunk(b"zTXt", b"k\0\0" + zeros(_BOMB)),) * count)


def text_flood(count: int) -> bytes:
    return png_with(*[chunk(b"tEXt", b"k%d\0" % n) for n in range(count)])


def unknown_flood(count: int) -> bytes:
    return png_with(*[chunk(b"ruSt")] * count)


def palette_flood(count: int) -> bytes:
    return png_with(*[chunk(b"sPLT", b"n%d\0\x08" % n + bytes(6)) for n in range(count)])


def iccp(count: int) -> bytes:
    """A profile of 48 MB; the second ones are no part of a valid file."""
    return png_with(*[chunk(b"iCCP", b"p\0\0" + zeros(_BOMB))] * count)


def iccp_nested(count: int) -> bytes:
    return png_with(*[chunk(b"iCCP", b"p\0\0" + zlib.compress(zeros(_BOMB) * 3))] * count)


def exif_and_text(count: int) -> bytes:
    return png_with(chunk(b"eXIf", b"MM\0*" + bytes(60_000)), *[chunk(b"zTXt", b"k\0\0" + zeros(_BOMB))] * count)


def in_ico(build: Callable[[int], bytes], size: int) -> bytes:
    return ico_of(build(size))


def in_ico_twice(build: Callable[[int], bytes], size: int) -> bytes:
    return ico_of(png_with(side=16), build(size), sides=(16, 255))


def jpeg_comments(count: int) -> bytes:
    return jpeg_with(*[jpeg_segment(0xFE, b"")] * count)


def jpeg_large_comments(count: int) -> bytes:
    return jpeg_with(*[jpeg_segment(0xFE, b"x" * 65_000)] * count)


def jpeg_xmp(count: int) -> bytes:
    """Extended XMP in parts that contradict each other."""
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32
    parts = [head + struct.pack(">II", 0xFFFFFFFF, n) + b"<x>" * 20_000 for n in range(count)]
    return jpeg_with(*[jpeg_segment(0xE1, part) for part in parts])


def jpeg_profile_parts(count: int) -> bytes:
    parts = [b"ICC_PROFILE\0" + bytes([n % 256, 255]) + bytes(4000) for n in range(count)]
    return jpeg_with(*[jpeg_segment(0xE2, part) for part in parts])


def jpeg_iptc(count: int) -> bytes:
    """Photoshop resources of no length, as many as there is place for."""
    return jpeg_with(jpeg_segment(0xED, b"Photoshop 3.0\0" + (b"8BIM\x04\x04\0\0" + bytes(4)) * count))


def webp_xmp(length: int) -> bytes:
    return webp_with(riff_chunk(b"XMP ", b"<a>" * (length // 3)), flags=4)


def webp_unknown(count: int) -> bytes:
    return webp_with(*[riff_chunk(b"abcd", b"")] * count)


def gif_comments(count: int) -> bytes:
    data = saved("GIF")
    return data[:-1] + b"!\xfe\x01x\0" * count + b";"


def gif_applications(count: int) -> bytes:
    data = saved("GIF")
    at = 13 + 3 * (2 << (data[10] & 7))
    return data[:at] + (b"!\xff\x0bXMP DataXMP\x01x\0") * count + data[at:]


def jxl_brotli(length: int) -> bytes:
    """A compressed box of XMP: ISO/IEC 18181-2, 9.5."""
    return jxl_with(box(b"brob", b"xml ", imagecodecs.brotli_encode(b" " * length, level=5)))


def jxl_brotli_many(count: int) -> bytes:
    body = imagecodecs.brotli_encode(b" " * (16 << 20), level=5)
    return jxl_with(*[box(b"brob", b"Exif", body)] * count)


def jxl_boxes(count: int) -> bytes:
    return jxl_with(*[box(b"free")] * count)


def avif_xmp(length: int) -> bytes:
    file = heif_writer.plain()
    file.items.append(heif_writer.Item(b"mime", b"<a>" * (length // 3)))
    file.references.append((b"cdsc", 2, [1]))
    return file.build()


def _profile(tags: list[tuple[bytes, int, int]], data: bytes, space: bytes = b"RGB ", version: int = 4) -> bytes:
    """An ICC profile; ICC.1:2022, 7."""
    table = struct.pack(">I", len(tags)) + b"".join(struct.pack(">4sII", *tag) for tag in tags)
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", version << 24, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    return head.ljust(128, b"\0") + table + data


def profile_shared(length: int) -> bytes:
    """A hundred tags, all of them the same curve of as many points as fit."""
    start = 128 + 4 + 12 * 100
    curve = b"curv" + bytes(4) + struct.pack(">I", length // 2) + bytes(length)
    names = [b"rTRC", b"gTRC", b"bTRC", *(b"t%03d" % n for n in range(97))]
    return _profile([(name, start, len(curve)) for name in names], curve)


def profile_lut(grid: int) -> bytes:
    """A table of CMYK with a grid of that many points in four dimensions."""
    start = 128 + 4 + 24
    clut = bytes(grid**4 * 3)
    lut = b"mft1" + bytes(4) + bytes([4, 3, grid, 0]) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    body = lut + bytes(range(256)) * 4 + clut + bytes(range(256)) * 3
    return _profile([(b"A2B0", start, len(body)), (b"B2A0", start, len(body))], body, b"CMYK", 2)


def profile_names(count: int) -> bytes:
    """A description in that many languages, all with one text."""
    start = 128 + 4 + 12
    text = 16 + 12 * count
    records = b"".join(struct.pack(">2s2sII", b"en", b"US", 40_000, text) for _ in range(count))
    body = b"mluc" + bytes(4) + struct.pack(">II", count, 12) + records + bytes(40_000)
    return _profile([(b"desc", start, len(body))], body)


def profile_curves(count: int) -> bytes:
    """A matrix profile whose curves are made of many segments' worth of points."""
    start = 128 + 4 + 12 * 6
    xyz = b"XYZ " + bytes(4) + struct.pack(">3i", 0x6FA2, 0x38F5, 0x0390)
    curve = (
        b"curv" + bytes(4) + struct.pack(">I", count) + b"".join(struct.pack(">H", n & 0xFFFF) for n in range(count))
    )
    tags = [(name, start, len(xyz)) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    tags += [(name, start + len(xyz), len(curve)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    return _profile(tags, xyz + curve)


PROFILES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "shared": (profile_shared, 800_000),
    "lut": (profile_lut, 23),
    "names": (profile_names, 60_000),
    "curves": (profile_curves, 400_000),
}


def _profile_png(profile: Callable[[int], bytes], size: int) -> bytes:
    return png_with(chunk(b"iCCP", b"p\0\0" + zlib.compress(profile(size), 9)))


def _profile_jpeg(profile: Callable[[int], bytes], size: int) -> bytes:
    return saved("JPEG", icc_profile=profile(size))


def _profile_webp(profile: Callable[[int], bytes], size: int) -> bytes:
    return saved("WEBP", icc_profile=profile(size))


def _profile_avif(profile: Callable[[int], bytes], size: int) -> bytes:
    return saved("AVIF", icc_profile=profile(size), speed=10)


def _profile_tiff(profile: Callable[[int], bytes], size: int) -> bytes:
    return saved("TIFF", icc_profile=profile(size))


_PNG: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "ztxt": ("C2", ztxt, 20),
    "ztxt-hundred": ("C2", ztxt_hundred, 100),
    "itxt": ("C2", itxt, 20),
    "itxt-language": ("H3", itxt_language, 19),
    "itxt-long-language": ("H3", itxt_long_language, 19),
    "itxt-long-keyword": ("H3", itxt_long_keyword, 19),
    "itxt-translated": ("H3", itxt_translated, 17),
    "itxt-flag": ("H3", itxt_flag, 20),
    "itxt-after": ("H3", itxt_after, 20),
    "ztxt-after": ("C2", ztxt_after, 20),
    "text-flood": ("C2", text_flood, 50_000),
    "unknown-flood": ("C2", unknown_flood, 80_000),
    "palette-flood": ("C2", palette_flood, 38_000),
    "iccp": ("C2", iccp, 20),
    "iccp-nested": ("C2", iccp_nested, 20),
    "exif-and-text": ("C2", exif_and_text, 18),
}
_OTHERS: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "jpeg-comments": ("jpg", jpeg_comments, 240_000),
    "jpeg-large-comments": ("jpg", jpeg_large_comments, 15),
    "jpeg-xmp": ("jpg", jpeg_xmp, 15),
    "jpeg-profile-parts": ("jpg", jpeg_profile_parts, 240),
    "jpeg-iptc": ("jpg", jpeg_iptc, 5400),
    "webp-xmp": ("webp", webp_xmp, 990_000),
    "webp-unknown": ("webp", webp_unknown, 120_000),
    "gif-comments": ("gif", gif_comments, 190_000),
    "gif-applications": ("gif", gif_applications, 55_000),
    "jxl-brotli": ("jxl", jxl_brotli, 200 << 20),
    "jxl-brotli-many": ("jxl", jxl_brotli_many, 2000),
    "jxl-boxes": ("jxl", jxl_boxes, 120_000),
    "avif-xmp": ("avif", avif_xmp, 990_000),
}


def records() -> Iterator[Hostile]:
    for name, (row, build, size) in _PNG.items():
        yield Hostile(f"text-{name}", row, "png", build, size)
    for name in ("ztxt", "itxt-language", "itxt", "iccp"):
        row, build, size = _PNG[name]
        yield Hostile(f"text-{name}-in-ico", row, "ico", partial(in_ico, build), size)
        yield Hostile(f"text-{name}-in-ico-second", row, "ico", partial(in_ico_twice, build), size)
    for name, (extension, build, size) in _OTHERS.items():
        yield Hostile(f"text-{name}", "C2", extension, build, size)
    containers = {"png": ("png", _profile_png), "jpeg": ("jpg", _profile_jpeg), "webp": ("webp", _profile_webp),
                  "avif": ("avif", _profile_avif), "tiff": ("tif", _profile_tiff)}  # fmt: skip
    for kind, (profile, size) in PROFILES.items():
        for name, (extension, container) in containers.items():
            yield Hostile(f"profile-{kind}-{name}", "C16", extension, partial(container, profile), size)
