"""P3: the colour encoding of AVIF and HEIC beside a profile."""

import struct

import pytest

from mememime_proxy.color.encoding import DISPLAY_P3, HdrTransfer
from mememime_proxy.imaging.color.nclx import from_av1, from_colr
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support import color_files, heif_boxes


def box(primaries, transfer):
    return memoryview(b"nclx" + struct.pack(">3HB", primaries, transfer, 6, 0x80))


def test_nclx_box_names_primaries_and_transfer():
    assert from_colr(box(12, 13), 0, 11).primaries == DISPLAY_P3
    assert from_colr(box(9, 16), 0, 11).transfer is HdrTransfer.PQ
    assert from_colr(box(1, 13), 0, 11).srgb
    assert from_colr(box(2, 2), 0, 11) is None
    assert from_colr(box(12, 13), 0, 6) is None
    assert from_colr(memoryview(b"prof" + bytes(200)), 0, 204) is None


def test_nclx_of_hdr_without_primaries_has_those_of_bt2100():
    assert from_colr(box(2, 18), 0, 11).code_points == (9, 18)
    assert from_colr(box(12, 2), 0, 11).code_points == (12, 13)


def header(data):
    return inspect(data, ImageLimits(), RenderConfig())[0]


@pytest.mark.parametrize(("name", "depth"), [("Display P3", 8), ("PQ", 10), ("HLG", 12)])
def test_nclx_is_taken_from_the_av1_sequence_header_where_the_container_has_none(name, depth):
    data = color_files.avif_by_nclx(name, depth).data
    assert data.count(b"colrnclx") == 1
    bare = data.replace(b"colrnclx", b"freenclx")
    assert header(bare).color == header(data).color
    assert header(bare).color.code_points == color_files.CODE_POINTS[name]


def test_nclx_av1_header_that_is_cut_says_nothing_and_raises_nothing():
    obu = memoryview(bytes((0x0A, 0x0B)) + bytes.fromhex("200000000000000000000000"))
    for length in range(len(obu)):
        from_av1(obu[:length])
    assert from_av1(memoryview(b"\x12\x00" * 20)) is None


def test_nclx_of_heic_is_in_the_header_of_its_gate():
    plain = (color_files.DATA / "plain.heic").read_bytes()
    assert header(heif_boxes.with_nclx(plain, 9, 18)).color.transfer is HdrTransfer.HLG
    assert header(plain).color is None or header(plain).color.srgb
