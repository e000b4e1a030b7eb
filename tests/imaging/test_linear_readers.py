"""Readers of whole files beside the gate: their work is linear in the bytes, whatever offsets and numbers say."""

import struct
from functools import partial

import pytest

from mememime_proxy.imaging.damage import heif, png, tiff
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.metadata import exif_rights, iptc_rights
from mememime_proxy.imaging.privacy.original import without_private
from tests.hostile.catalogue import FILES
from tests.support.malformed_images import real_files
from tests.support.numbered_png import PNG_SIGNATURE, chunk
from tests.support.private_metadata import segment
from tests.support.work_meter import WorkMeter

LINES_A_BYTE, LINES = 12, 3_000
TOUCHED_A_BYTE, TOUCHED = 12, 200_000


def assert_linear(call, data):
    lines, touched = WorkMeter("imaging/privacy", "imaging/damage", "imaging/gate", "imaging/metadata").measure(call)
    assert lines <= LINES_A_BYTE * len(data) + LINES
    assert touched <= TOUCHED_A_BYTE * len(data) + TOUCHED


def directory(entries, following=0):
    return (
        struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *e) for e in entries)
        + struct.pack("<I", following)
    )


def jpeg_of(block):
    return b"\xff\xd8" + segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + block) + b"\xff\xd9"


@pytest.mark.parametrize(
    "entries",
    [
        [(0x02BC, 7, 50_000, 20)] * 400,  # XMP, parsed for each
        [(0x83BB, 7, 50_000, 20)] * 400,  # IPTC
        [(0x927C, 7, 50_000, 20)] * 400,  # maker notes, erased
        [(0x8825, 4, 1, 8)] * 400,  # GPS directories of 400 entries
        [(0x014A, 4, 12_000, 20)] * 400,  # sub-directories
    ],
)
def test_h2_privacy_of_exif_whose_values_overlap(entries):
    data = jpeg_of(directory(entries) + bytes(50_000 - 12 * len(entries)))
    assert_linear(partial(without_private, data, "jpeg"), data)


def test_h2_privacy_of_a_list_of_pictures_that_never_end():
    """Each of them would be read up to the end of the file."""
    pictures = b"\xff\xd8" * 20_000
    places = [struct.pack("<4xII4x", 2, 3_000 + 2 * n) for n in range(64)]
    index = b"MPF\0II*\0\x08\0\0\0" + directory([(0xB002, 7, 16 * len(places), 26)]) + b"".join(places)
    data = b"\xff\xd8" + segment(0xE2, index) * 30 + b"\xff\xd9" + pictures
    assert_linear(partial(without_private, data, "jpeg"), data)


@pytest.mark.parametrize("name", ["png", "webp", "gif", "tiff", "avif", "jxl", "jpeg"])
def test_privacy_of_hostile_files(name):
    records = [
        record.sized(min(record.size, 300)) for record in FILES.values() if record.row in {"H2", "H3", "H4", "H8"}
    ]
    extension = {"jpeg": "jpg", "tiff": "tif"}.get(name, name)
    for data in (record.body() for record in records if record.extension == extension):
        assert_linear(partial(without_private, data, name), data)


def test_h2_rights_of_iptc_and_exif_are_found_in_a_pass():
    record = struct.pack(">BBBH", 0x1C, 2, 80, 1) + b"a"
    assert iptc_rights(record * 200_000) == record * 200_000
    texts = [(0x8298, 2, 50_000, 8)] * 400
    rights = exif_rights(b"II*\0\x08\0\0\0" + directory(texts) + b"(c) Ann\0".ljust(50_000, b"\0"))
    assert 50_000 < len(rights) < 50_100


def test_h4_items_of_a_damaged_file_are_located_in_a_pass():
    for record in FILES.values():
        if record.row == "H4":
            data = record.sized(min(record.size, 300)).body()
            assert_linear(partial(without_private, data, "avif"), data)
            header = ImageHeader(format="avif", width=8, height=8)
            assert_linear(partial(heif.verify, memoryview(data), header), data)


def test_h2_tags_of_a_tiff_that_repeat_are_read_once():
    number = 20_000
    offsets = struct.pack("<I", 8) * number
    entries = [(tag, 4, number, 8) for tag in (273, 279) for _ in range(500)]
    data = b"II*\0" + struct.pack("<I", 8 + len(offsets)) + offsets + directory(entries)
    before = tiff._extents(tiff._values(memoryview(data)), 273, 279)
    assert len(before) == number
    assert_linear(partial(tiff.check_tiles, memoryview(data)), data)


@pytest.mark.parametrize("interlaced", [0, 1])
def test_h2_png_of_rows_of_one_pixel_is_repaired_in_a_pass(interlaced):
    """Fifty million rows took fifteen seconds."""
    height = 200_000
    ihdr = struct.pack(">IIBBBBB", 1, height, 8, 0, 0, 0, interlaced)
    data = PNG_SIGNATURE + chunk(b"IHDR", ihdr) + chunk(b"IDAT", b"\x78\x9c" + bytes(2_000)) + chunk(b"IEND")
    header = ImageHeader(format="png", width=1, height=height)
    lines, _ = WorkMeter("imaging/damage").measure(partial(png.repair, memoryview(data), header))
    assert lines < LINES


def test_privacy_of_real_files_is_linear_as_well():
    for name, data in real_files().items():
        assert_linear(partial(without_private, data, name.partition("-")[0]), data)
