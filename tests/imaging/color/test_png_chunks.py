"""P3: the colour chunks of PNG (third edition, 11.3.2)."""

import struct

import pytest

from mememime_proxy.color.encoding import ADOBE_RGB, BT709, DISPLAY_P3, LINEAR, SRGB_CURVE, HdrTransfer
from mememime_proxy.imaging.color.png_chunks import PngColor
from tests.support.color_files import chrm, gama


def encoding(*chunks):
    color = PngColor()
    for kind, body in chunks:
        color.add(kind, memoryview(body))
    return color.encoding()


P3, LINEAR_GAMMA = (b"cHRM", chrm("Display P3")), (b"gAMA", gama(1))
SRGB_CHUNK = (b"sRGB", b"\0")
PQ = (b"cICP", bytes((9, 16, 0, 1)))


def test_png_chunks_cicp_counts_before_srgb_and_that_before_gamma_and_primaries():
    assert encoding(LINEAR_GAMMA, SRGB_CHUNK, PQ).transfer is HdrTransfer.PQ
    assert encoding(LINEAR_GAMMA, P3, SRGB_CHUNK).srgb
    assert encoding(LINEAR_GAMMA, P3).transfer == LINEAR
    assert encoding() is None


def test_png_chunks_primaries_alone_have_srgbs_curve():
    color = encoding(P3)
    assert color.transfer == SRGB_CURVE
    assert color.primaries.near(DISPLAY_P3)


@pytest.mark.parametrize("value", [45000, 45455, 45454, 46000])
def test_png_chunks_gamma_of_about_one_over_2_2_stands_for_srgb(value):
    assert encoding((b"gAMA", struct.pack(">I", value))).srgb
    assert encoding((b"gAMA", struct.pack(">I", value)), (b"cHRM", chrm("sRGB"))).srgb


def test_png_chunks_gamma_of_one_over_2_2_is_that_power_with_other_primaries():
    color = encoding((b"gAMA", gama(2.2)), (b"cHRM", chrm("Adobe RGB")))
    assert color.transfer.g == pytest.approx(2.2, abs=0.001)
    assert color.primaries.near(ADOBE_RGB)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.8, 2.0, 2.4])
def test_png_chunks_other_gammas_are_powers(exponent):
    color = encoding((b"gAMA", gama(exponent)))
    assert color.transfer.g == pytest.approx(exponent, rel=0.001)
    assert color.primaries == BT709


@pytest.mark.parametrize(
    "chunk",
    [
        (b"gAMA", bytes(4)),
        (b"gAMA", b"\xff\xff\xff\xff"),
        (b"gAMA", b"\0\0"),
        (b"cHRM", bytes(32)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 1476464008, 0, 2097152000)),
        (b"cHRM", struct.pack(">8I", *([30000] * 8))),
        (b"cHRM", b"\1" * 12),
        (b"cICP", bytes((9, 16, 9, 1))),  # with a matrix
        (b"cICP", bytes((9, 16, 0, 0))),  # with the range of video
        (b"cICP", bytes((2, 2, 0, 1))),
        (b"cICP", bytes((99, 13, 0, 1))),
        (b"cICP", b"\1"),
        (b"sRGB", b""),
    ],
)
def test_png_chunks_that_are_not_valid_count_as_not_there(chunk):
    assert encoding(chunk) is None
    assert encoding(chunk, P3 if chunk[0] != b"cHRM" else LINEAR_GAMMA) is not None


def test_png_chunks_first_of_two_counts():
    assert encoding(LINEAR_GAMMA, (b"gAMA", gama(1.8))).transfer == LINEAR
