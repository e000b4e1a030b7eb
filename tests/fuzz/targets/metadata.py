"""Readers of metadata and of colour: they never fail, whatever an original has in it."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from mememime_proxy.errors import ImageError
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging import gate, metadata
from mememime_proxy.imaging.codecs.tiff.directory import BITS, WIDTH, Directory
from mememime_proxy.imaging.color import bmp_header, exif_tags, hevc, icc, nclx
from mememime_proxy.imaging.color.png_chunks import COLOR_CHUNKS, PngColor
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.privacy import exif as private_exif
from mememime_proxy.imaging.privacy import iptc, xmp
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.fuzz.target import Target


def _exif(data: bytes) -> None:
    assert 1 <= exif.orientation(memoryview(data)) <= 8
    exif_tags.color_encoding(data)
    rights = metadata.exif_rights(data)
    assert not rights or metadata.exif_rights(rights) == rights
    block = bytearray(data)
    followed = private_exif.remove_private(block)
    assert len(block) == len(data)
    again = bytearray(block)
    assert not followed or private_exif.remove_private(again), "what is cleaned cannot be read"
    assert not followed or again == block, "what is cleaned has something private in it"


def _exif_seeds() -> Iterable[bytes]:
    from tests.support.color_files import exif_block, exif_of_adobe_rgb
    from tests.support.malformed_images import exif as block_with_orientation
    from tests.support.private_metadata import exif_block as private_block

    for order in "<>":
        yield private_block(order)
        yield b"Exif\0\0" + private_block(order)
        yield exif_of_adobe_rgb(order)
    yield block_with_orientation(6)[6:]
    yield exif_block({0x0112: (3, b"\6\0"), 0x8298: (2, b"Somebody\0")}, {0xA001: (3, b"\1\0")})[6:]


def _icc(data: bytes) -> None:
    icc.is_srgb(data)
    icc.is_whole(data)
    icc.is_synthetic(data)
    assert icc.connection_space(data) in {"xyz", "lab"}
    assert len(icc.color_space(data)) <= 4
    encoding = icc.hdr_encoding(data)
    if encoding is not None:
        assert icc.hdr_encoding(icc.profile_for(encoding)) == encoding


def _icc_seeds() -> Iterable[bytes]:
    from tests.support.colorimetry import icc_profile

    for name in ("sRGB", "PQ", "HLG"):
        profile = icc_profile(name)
        yield profile[:2048]
        yield icc.profile_for(icc.hdr_encoding(profile) or icc.ColorEncoding())[:2048]


def _colors(data: bytes) -> None:
    """Chunks of PNG, boxes and bit streams of AVIF and HEIC, the profile of a BMP."""
    view = memoryview(data)
    for encoding in (nclx.from_colr(view, 0, len(view)), nclx.from_av1(view), hevc.from_configuration(view)):
        if encoding is not None:
            assert encoding.primaries.valid
    bmp_header.embedded_profile(view)
    color, kinds = PngColor(), sorted(COLOR_CHUNKS)
    for at in range(0, len(data), 33):
        color.add(kinds[data[at] % len(kinds)], view[at + 1 : at + 1 + (data[at] >> 2)])
    if encoding := color.encoding():
        assert encoding.primaries.valid
        icc.profile_for(encoding)


def _colors_seeds() -> Iterable[bytes]:
    from tests.imaging.color.test_hevc import SHAPES, record, sps
    from tests.support.color_files import chrm, gama

    yield b"nclx" + struct.pack(">HHHB", 9, 16, 9, 0x80)
    yield bytes.fromhex("0a0b00000024ced7bffc0201a0")
    for shape in SHAPES:
        yield bytes(record((33, sps((9, 16), **shape))))
    kinds = sorted(COLOR_CHUNKS)
    for kind, body in (
        (b"cHRM", chrm("Display P3")),
        (b"gAMA", gama(2.2)),
        (b"cICP", b"\x09\x10\0\1"),
        (b"sRGB", b"\0"),
    ):
        yield bytes([kinds.index(kind) + len(body) * 4]) + body


def _texts(data: bytes) -> None:
    """IPTC and XMP."""
    assert len(xmp.without_private(data)) == len(data)
    metadata.xmp_rights(data)
    metadata.iptc_rights(data)
    for erase in (iptc.erase_records, iptc.erase_resources):
        block = bytearray(data)
        erase(block, 0, len(block))
        assert len(block) == len(data)
        once = bytes(block)
        erase(block, 0, len(block))
        assert bytes(block) == once


def _texts_seeds() -> Iterable[bytes]:
    from tests.support.private_metadata import XMP
    from tests.support.private_metadata import iptc as records

    yield XMP
    yield records()
    yield b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(records())) + records()
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    yield (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="{rdf}" xmlns:d="http://purl.org/dc/elements/1.1/">'
        '<r:Description r:about="" d:rights="mine"><d:creator>me</d:creator><r:Description><d:rights/></r:Description>'
        "</r:Description></r:RDF></x:xmpmeta>"
    ).encode()


def _directory(data: bytes) -> None:
    """The directory of a TIFF that passed the gate, written anew."""
    if sniff(data) != "tiff":
        return
    gate.inspect(data, ImageLimits(), RenderConfig())
    directory = Directory(data)
    width, bits = directory.value(WIDTH, 0), directory.value(BITS, 8)
    again = Directory(directory.rewritten({WIDTH: (width & 0xFFFF,)}, frozenset()))
    assert again.value(WIDTH, 0) == width & 0xFFFF
    assert bits is not None


def _directory_seeds() -> Iterable[bytes]:
    from tests.support.malformed_images import real_files

    for name, data in real_files().items():
        if name.startswith("tiff"):
            yield data


TARGETS = (
    Target(
        name="metadata.exif",
        run=_exif,
        seeds=_exif_seeds,
        allowed=(),
        words=(b"II*\0", b"MM\0*", b"Exif\0\0"),
        max_length=8192,
    ),
    Target(name="metadata.icc", run=_icc, seeds=_icc_seeds, allowed=(), words=(b"acsp", b"RGB ", b"GRAY", b"cicp")),
    Target(name="metadata.colors", run=_colors, seeds=_colors_seeds, allowed=()),
    Target(
        name="metadata.texts",
        run=_texts,
        seeds=_texts_seeds,
        allowed=(),
        words=(b"8BIM", b"Photoshop 3.0\0", b"<rdf:RDF", b"<?xpacket", b"exif:GPSLatitude", b"dc:rights", b"\x1c\x02"),
    ),
    Target(name="metadata.directory", run=_directory, seeds=_directory_seeds, allowed=(ImageError,), max_length=8192),
)
