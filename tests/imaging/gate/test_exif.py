"""Orientation of EXIF blocks; P6: of several blocks the first counts, whatever the format and whatever XMP says."""

import io
import struct

import pytest
from PIL import Image

from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.malformed_images import exif, header_of, saved
from tests.support.numbered_png import chunk

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
EMPTY = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
"""A block without an orientation."""
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="3"/></rdf:RDF></x:xmpmeta>'
)


def quarters() -> Image.Image:
    """Red, green above blue, white: 32×16."""
    image = Image.new("RGB", (32, 16), WHITE)
    for color, place in ((RED, (0, 0)), (GREEN, (16, 0)), (BLUE, (0, 8))):
        image.paste(color, (*place, place[0] + 16, place[1] + 8))
    return image


def segment(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def jpeg(*blocks: bytes) -> bytes:
    data = saved("JPEG", quarters(), quality=95, subsampling=0)
    return data[:2] + b"".join(segment(block) for block in blocks) + data[2:]


def png(*blocks: bytes) -> bytes:
    data = saved("PNG", quarters())
    return data[:33] + b"".join(chunk(b"eXIf", block[6:]) for block in blocks) + data[33:]


def png_behind_the_pixels(*blocks: bytes) -> bytes:
    data = saved("PNG", quarters())
    return data[:-12] + b"".join(chunk(b"eXIf", block[6:]) for block in blocks) + data[-12:]


def webp(*blocks: bytes, flags: int = 0x08) -> bytes:
    picture = saved("WEBP", quarters(), lossless=True)[12:]
    parts = [(b"VP8X", bytes([flags, 0, 0, 0, 31, 0, 0, 15, 0, 0]))]
    start = b"".join(kind + struct.pack("<I", len(body)) + body for kind, body in parts)
    tail = b"".join(b"EXIF" + struct.pack("<I", len(block)) + block + bytes(len(block) % 2) for block in blocks)
    body = b"WEBP" + start + picture + tail
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(*orientations: int) -> bytes:
    entries = [(256, 4, 32), (257, 4, 16), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8)]
    entries += [(274, 3, value) for value in orientations] + [(277, 3, 3), (278, 4, 16), (279, 4, 1536)]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    start = struct.pack("<2sHI", b"II", 42, 8 + 1536)
    return start + quarters().tobytes() + struct.pack("<H", len(entries)) + directory + bytes(4)


def corner(data: bytes, **options: object) -> tuple[int, int, int]:
    """The upper left pixel of the rendered picture, rounded to 0 and 255."""
    body = bytes(Renderer(RenderConfig()).render(data, Plan(format="png", **options)).body)
    pixel = Image.open(io.BytesIO(body)).convert("RGB").getpixel((3, 2))
    return tuple(255 * (band > 127) for band in pixel)


WRITERS = [jpeg, png, png_behind_the_pixels, webp]
UPPER_LEFT = {1: RED, 2: GREEN, 3: WHITE, 4: BLUE, 5: RED, 6: BLUE, 7: WHITE, 8: GREEN}
"""The colour that an orientation brings to the upper left."""


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("first", "second"), [(6, 1), (1, 6), (3, 8), (8, 2), (2, 3), (5, 1), (7, 5), (4, 6)])
def test_p6_first_exif_block_decides_the_orientation(write, first, second):
    data = write(exif(first), exif(second))
    assert header_of(data).orientation == first
    assert corner(data) == UPPER_LEFT[first]
    assert corner(data, strip_metadata=False) == UPPER_LEFT[first]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("first", [EMPTY, b"Exif\0\0II", b"Exif\0\0rubbish!"], ids=["empty", "short", "rubbish"])
def test_p6_first_block_without_an_orientation_is_upright(write, first):
    assert header_of(write(first, exif(6))).orientation == 1
    assert corner(write(first, exif(6))) == RED


@pytest.mark.parametrize("turn", [1, 6])
def test_p6_orientation_in_xmp_is_ignored_beside_exif_and_without(turn):
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    assert corner(jpeg(xmp, exif(turn))) == corner(jpeg(exif(turn), xmp)) == UPPER_LEFT[turn]
    assert corner(jpeg(xmp)) == RED


def test_p6_orientation_of_webp_without_its_flag_is_ignored():
    assert header_of(webp(exif(6), flags=0)).orientation == 1


@pytest.mark.parametrize(("first", "second"), [(6, 1), (1, 6), (3, 8)])
def test_p6_first_orientation_tag_of_a_tiff_counts(first, second):
    data = tiff(first, second)
    assert header_of(data).orientation == first
    assert corner(data) == UPPER_LEFT[first]


def avif(container: int, block: int) -> bytes:
    """A file rotated by its container, with another orientation in its EXIF block."""
    tags = Image.Exif()
    tags[0x0112] = container  # written as irot and imir
    tags[0x0113] = block  # an unused tag, made the orientation below
    data = saved("AVIF", quarters(), quality=100, subsampling="4:4:4", exif=tags.tobytes())
    entry = struct.pack(">HHI", 0x0113, 3, 1), struct.pack("<HHI", 0x0113, 3, 1)
    assert sum(data.count(order) for order in entry) == 1
    for old, tag in zip(entry, (b"\x01\x12", b"\x12\x01"), strict=True):
        data = data.replace(old, tag + old[2:])
    return data


@pytest.mark.parametrize(("container", "block"), [(1, 6), (6, 1), (3, 8), (8, 8), (5, 3), (2, 6)])
def test_p6_exif_orientation_of_avif_yields_to_its_container(container, block):
    """Only ``irot`` and ``imir`` rotate: ISO/IEC 23000-22, 7.3.10."""
    data = avif(container, block)
    assert header_of(data).exif
    assert corner(data) == UPPER_LEFT[container]
    assert corner(data, strip_metadata=False) == UPPER_LEFT[container]
