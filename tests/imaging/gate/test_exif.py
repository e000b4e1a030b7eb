"""Orientation of EXIF blocks; P6: of several blocks the first counts, whatever the format and whatever XMP says."""

import io
import struct

import pytest
from PIL import Image

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.color.exif_tags import ADOBE_RGB_ENCODING
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.exif import MAX_ENTRIES
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
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


def block(*entries: tuple[int, int, int, int], times: int = 1) -> bytes:
    """A TIFF structure of one directory: tag, type, number of values and value of each entry."""
    lines = b"".join(struct.pack("<HHII", *entry) for entry in entries) * times
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(lines) // 12) + lines + bytes(4)


POINTERS = (0x8769, 0x8825, 0xA005)
COSTLY = {
    "pointers": block((0x0112, 3, 1, 6), *((tag, 4, 1, 8) for tag in POINTERS), times=1000),
    "one pointer": block((0x0112, 3, 1, 6), (0x8769, 4, 1, 8)),
    "entries": block((0x0112, 3, 1, 6), *((0x0100, 3, 1, 1) for _ in range(MAX_ENTRIES))),
    "values": block((0x0112, 3, 1, 6), *((0x010E, 2, 50_000, 8) for _ in range(100))) + bytes(50_000),
    "thumbnails": block((0x0112, 3, 1, 6), *((0x0202, 4, 1, 60_000) for _ in range(100))) + bytes(50_000),
}


def with_exif_item(tiff_block: bytes) -> bytes:
    """An AVIF with the block as it is: Pillow would write it anew."""
    placeholder = b"II*\0\x08\0\0\0".ljust(len(tiff_block), b"\0")
    data = saved("AVIF", quarters(), exif=b"Exif\0\0" + placeholder)
    assert data.count(placeholder) == 1
    return data.replace(placeholder, tiff_block)


WRITERS = {
    "jpeg": lambda b: jpeg(b"Exif\0\0" + b),
    "png": lambda b: png(b"Exif\0\0" + b),
    "webp": lambda b: webp(b"Exif\0\0" + b),
    "avif": with_exif_item,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kind", COSTLY)
def test_h2_exif_that_costs_too_much_never_reaches_libvips_and_the_picture_stays(name, kind):
    """66 KB of it took libexif ten seconds."""
    data = WRITERS[name](COSTLY[kind])
    header, decoded = inspect(data, ImageLimits(), RenderConfig())
    assert decoded != data
    assert len(decoded) == len(data) or name == "png"  # offsets in the file stay right
    assert (header.orientation, header.exif) == (1 if name == "avif" else 6, True)
    assert header.exif_entries == 0
    image = OriginalImage(header, decoded, RenderConfig()).load()
    assert not any(field.startswith("exif-") for field in image.get_fields())
    assert (image.width, image.height) == (32, 16)


@pytest.mark.parametrize("name", WRITERS)
def test_h2_exif_of_a_camera_stays(name):
    """A maker note of 40 KB, a thumbnail and five directories."""
    tiff_block = camera_block()
    data = WRITERS[name](tiff_block)
    header, decoded = inspect(data, ImageLimits(), RenderConfig())
    assert decoded is data
    assert header.exif_entries == 11
    assert header.metadata_bytes >= len(tiff_block)
    assert "exif-ifd0-Make" in OriginalImage(header, data, RenderConfig()).load().get_fields()


def camera_block() -> bytes:
    """Five directories, as cameras write them: 0, EXIF, interoperability, GPS, 1."""
    places = [8, 62, 104, 122, 140]
    directories = [
        ((0x010F, 2, 4, 0x006D6143), (0x0112, 3, 1, 6), (0x8769, 4, 1, places[1]), (0x8825, 4, 1, places[3])),
        ((0x927C, 7, 40_000, 200), (0xA001, 3, 1, 1), (0xA005, 4, 1, places[2])),
        ((0x0001, 2, 4, 0x00383952),),
        ((0x0001, 2, 2, 0x4E),),
        ((0x0201, 4, 1, 40_200), (0x0202, 4, 1, 10_000)),
    ]
    made = b"II*\0\x08\0\0\0"
    for place, entries in zip(places, directories, strict=True):
        assert len(made) == place
        made += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        made += struct.pack("<I", places[4] if place == 8 else 0)
    return made.ljust(50_200, b"\0")


def test_h2_colour_space_of_exif_that_is_left_out_counts():
    """A hundred descriptions in one place, and Adobe RGB in the EXIF directory."""
    count = 101
    exif_directory_at = 8 + 2 + 12 * count + 4
    first = block(*((0x010E, 2, 50_000, 8) for _ in range(count - 1)), (0x8769, 4, 1, exif_directory_at))
    costly = first + struct.pack("<HHHIII", 1, 0xA001, 3, 1, 2, 0) + bytes(50_000)
    for name in WRITERS:
        header, decoded = inspect(WRITERS[name](costly), ImageLimits(), RenderConfig())
        assert header.color == (ADOBE_RGB_ENCODING if name != "avif" else ColorEncoding())
        image = OriginalImage(header, decoded, RenderConfig()).load()
        assert ("icc-profile-data" in image.get_fields()) == (name != "avif")  # which says itself that it is sRGB


def test_h2_many_blocks_have_one_budget():
    ordinary = b"Exif\0\0" + block((0x0112, 3, 1, 6), *((0x0100 + n, 3, 1, 1) for n in range(200)))
    header, decoded = inspect(jpeg(*[ordinary] * 40), ImageLimits(), RenderConfig())
    assert header.orientation == 6
    assert header.exif_entries == 2010
    assert decoded.count(b"Exif\0\0") == 10


@pytest.mark.parametrize(
    "broken", [b"Exif", b"Exif\0\0", b"Exif\0\0JUNKJUNK", b"Exif\0\0II*\0", b"Exif\xff\xd8\xff\xe1" + bytes(50)]
)
def test_h2_block_that_is_no_tiff_structure_is_left_out(broken):
    """libexif would look for another block inside of it."""
    header, decoded = inspect(jpeg(broken), ImageLimits(), RenderConfig())
    assert header.orientation == 1
    assert b"Exif" not in decoded
