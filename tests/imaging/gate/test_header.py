"""Facts of a header that decide what decoding costs."""

import pytest
import pyvips

from tests.support.malformed_images import header_of

IMAGE = (pyvips.Image.black(48, 40, bands=3) + 90).cast("uchar").copy(interpretation="srgb")


@pytest.mark.parametrize(("options", "samples"), [({"subsample_mode": "off"}, 3.0), ({"subsample_mode": "on"}, 1.5)])
def test_jpeg_tells_its_samples_for_each_pixel(options, samples):
    assert header_of(IMAGE.jpegsave_buffer(**options)).subsampling == samples


@pytest.mark.parametrize(("marker", "coding"), [(0xC0, ""), (0xC9, "arithmetic"), (0xC3, "lossless")])
def test_jpeg_tells_its_code(marker, coding):
    data = IMAGE.jpegsave_buffer()
    at = data.index(b"\xff\xc0\x00\x11")
    assert header_of(data[: at + 1] + bytes([marker]) + data[at + 2 :]).coding == coding


@pytest.mark.parametrize(("options", "coding"), [({"lossless": True}, "lossless"), ({}, "")])
@pytest.mark.parametrize("keep", ["none", "all"])
def test_webp_tells_whether_it_is_lossless(options, coding, keep):
    image = IMAGE.copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x/>")
    assert header_of(image.webpsave_buffer(keep=keep, **options)).coding == coding


@pytest.mark.parametrize(
    ("options", "pixels", "coding"),
    [
        ({"tile": True, "tile_width": 16, "tile_height": 32, "compression": "lzw"}, 32 * 48, "5"),
        ({"tile": True, "tile_width": 256, "tile_height": 256}, 256 * 256, "1"),
        ({"compression": "none"}, 48 * 40, "1"),
    ],
)
def test_tiff_tells_what_is_decoded_at_a_time(options, pixels, coding):
    header = header_of(IMAGE.tiffsave_buffer(**options))
    assert (header.strip_pixels, header.coding) == (pixels, coding)
