"""PNG by libvips' filters and libdeflate, read back by Pillow."""

import io
import struct
import zlib

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from mememime_proxy.imaging.codecs import png_writer
from mememime_proxy.imaging.codecs.png_writer import write_png

KEEP_NOTHING, KEEP_ICC = 0, 8


def noise(width, height, bands=3, *, deep=False):
    """Pixels without structure, the same each time."""
    planes = [pyvips.Image.gaussnoise(width, height, mean=128, sigma=40, seed=band) for band in range(bands)]
    image = planes[0].bandjoin(planes[1:]) if bands > 1 else planes[0]
    colours = ("grey16", "rgb16") if deep else ("b-w", "srgb")
    scaled = (image * 257).cast("ushort") if deep else image.cast("uchar")
    return scaled.copy(interpretation=colours[bands > 2]).copy_memory()


def chunks(data):
    """Type and content of each chunk, checksums held against the content."""
    at, found = 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + content) == struct.unpack_from(">I", data, at + 8 + length)[0]
        found.append((kind, content))
        at += 12 + length
    return found


@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 4), st.booleans(), st.booleans(),
    st.sampled_from(["none", "avg", "all"]),
)  # fmt: skip
def test_png_writer_pixels_are_exact(width, height, bands, deep, interlace, filters):
    image = noise(width, height, bands, deep=deep)
    data = write_png(image, keep=KEEP_NOTHING, interlace=interlace, filter=filters)
    kinds = [kind for kind, _ in chunks(data)]
    assert kinds[0] == b"IHDR"
    assert kinds.count(b"IDAT") == 1
    assert kinds[-1] == b"IEND"
    PillowImage.open(io.BytesIO(data)).verify()
    back = pyvips.Image.new_from_buffer(data, "")
    assert (back.width, back.height, back.bands, back.format) == (width, height, bands, image.format)
    assert (back - image).abs().max() == 0


def test_png_writer_pixels_beyond_the_bound_are_packed_by_zlib(monkeypatch):
    image = noise(300, 200)
    packed = write_png(image, keep=KEEP_NOTHING)
    monkeypatch.setattr(png_writer, "MAX_BYTES", 300 * 200 * 3 - 1)
    other = write_png(image, keep=KEEP_NOTHING)
    assert [kind for kind, _ in chunks(other)].count(b"IDAT") > 1
    assert (pyvips.Image.new_from_buffer(other, "") - pyvips.Image.new_from_buffer(packed, "")).abs().max() == 0
    monkeypatch.setattr(png_writer, "MAX_BYTES", 300 * 200 * 3)
    assert write_png(image, keep=KEEP_NOTHING) == packed


@pytest.mark.parametrize("blur", [0, 2])
def test_png_writer_no_more_bytes_than_by_zlib(blur):
    image = noise(400, 300)
    image = image.gaussblur(blur) if blur else image
    by_zlib = image.pngsave_buffer(keep=KEEP_NOTHING, filter="all", compression=6)
    assert len(write_png(image, keep=KEEP_NOTHING, filter="all")) <= len(by_zlib)


def test_png_writer_other_chunks_stay_as_they_are():
    image = noise(64, 64).icc_transform("srgb", input_profile="srgb").copy(xres=10.0, yres=10.0)
    stored = image.pngsave_buffer(keep=KEEP_ICC, compression=0)
    packed = write_png(image, keep=KEEP_ICC)
    others = [[chunk for chunk in chunks(data) if chunk[0] != b"IDAT"] for data in (stored, packed)]
    assert others[0] == others[1]
    assert {b"iCCP", b"pHYs"} <= {kind for kind, _ in others[0]}


def test_png_writer_palette():
    image = noise(200, 100).gaussblur(6)
    data = write_png(image, keep=KEEP_NOTHING, palette=True, bitdepth=4, filter="none")
    picture = PillowImage.open(io.BytesIO(data))
    assert picture.mode == "P"
    picture.load()
    assert [kind for kind, _ in chunks(data)].count(b"IDAT") == 1
