"""F12: an upload is whole, or it says what is missing."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from mememime_proxy.errors import BrokenImageError, ImageError
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.damage.verification import verify
from mememime_proxy.imaging.gate import inspect as walk
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.damage_samples import FILES, by_pillow, noise, zeroed
from tests.support.tiff_writer import FLOAT, RGB, tiff

LIMITS = ImageLimits()
LARGE = noise().resize((400, 300), Image.Resampling.BICUBIC)
CODED = {
    "jpeg": lambda: by_pillow("JPEG", LARGE),
    "optimized": lambda: by_pillow("JPEG", LARGE, optimize=True),
    "restarts": lambda: by_pillow("JPEG", LARGE, restart_marker_rows=1),
    "progressive": lambda: by_pillow("JPEG", LARGE, progressive=True),
    "png": lambda: by_pillow("PNG", LARGE),
    "webp": lambda: by_pillow("WEBP", LARGE),
    "lossless": lambda: by_pillow("WEBP", LARGE, lossless=True),
    "gif": lambda: by_pillow("GIF", LARGE.quantize(64)),
    "avif": lambda: by_pillow("AVIF", LARGE),
    "lzw": lambda: by_pillow("TIFF", LARGE, compression="tiff_lzw"),
    "deflate": lambda: by_pillow("TIFF", LARGE, compression="tiff_deflate"),
    "packbits": lambda: by_pillow("TIFF", LARGE, compression="packbits"),
    "jxl": FILES["jxl"],
}
"""Large enough for a hole in their code."""


def facts(data):
    return inspect(data, LIMITS, RenderConfig())


@pytest.mark.parametrize("name", FILES)
def test_f12_whole_originals_are_accepted(name):
    assert facts(FILES[name]()).width > 0


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"bmp"}))
def test_f12_original_cut_anywhere_is_refused(name):
    data = FILES[name]()
    lengths = {*range(0, len(data), max(1, len(data) // 20)), len(data) - 1, len(data) - 2}
    for length in lengths - {len(data)}:
        with pytest.raises(ImageError):
            facts(data[:length])


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize(("start", "end"), [(0.34, 1), (0.67, 1), (0.9, 1), (0.5, 0.6), (0.3, 0.5), (0.8, 0.83)])
def test_f12_zeros_in_place_of_data_are_refused(name, start, end):
    data = CODED[name]()
    assert facts(data)
    with pytest.raises(ImageError):
        facts(zeroed(data, start, end))


@pytest.mark.parametrize("name", ["jpeg", "optimized", "restarts", "progressive"])
def test_f12_zeros_before_an_end_marker_are_refused(name):
    with pytest.raises(BrokenImageError):
        facts(zeroed(CODED[name](), 0.67)[:-2] + b"\xff\xd9")


def flat():
    picture = Image.new("RGB", (2000, 1500), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 400, 300), fill=(200, 30, 40))
    return picture


@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"optimize": True, "subsampling": 0}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"optimize": True, "restart_marker_blocks": 7}),
        ("WEBP", {}),
        ("WEBP", {"quality": 100, "method": 6}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {}),
        ("PNG", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "packbits"}),
    ],
)
@pytest.mark.parametrize("picture", [flat(), Image.new("RGB", (3000, 2000)), LARGE], ids=["drawing", "black", "photo"])
def test_f12_pictures_of_one_colour_are_not_taken_for_holes(format_, options, picture):
    data = by_pillow(format_, picture, **options)
    verify(data, walk(data, LIMITS, RenderConfig())[0])


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("jpeg", lambda data: data[:-2], "end marker"),
        ("restarts", lambda data: data.replace(b"\xff\xd1", b"\x00\x00", 1), "restart markers"),
        ("progressive", lambda data: data[: data.rindex(b"\xff\xda")] + b"\xff\xd9", "scans"),
        ("png", lambda data: data[:-4], "IEND"),
        ("png", lambda data: data[:-12], "without its end"),
        ("png", lambda data: zeroed(data, 0.5, 0.51), "IDAT"),
        ("webp", lambda data: data[:-40], "claims"),
        ("gif", lambda data: data[:-1], "trailer"),
        ("gif-animation", lambda data: data[: len(data) // 2], "trailer"),
        ("avif", lambda data: data[:-200], "ends in a picture"),
        ("tiff", lambda data: data[:-200], "strip or tile"),
    ],
)
def test_f12_refusal_names_what_is_missing(name, change, reason):
    with pytest.raises(BrokenImageError, match=reason):
        facts(change(FILES[name]()))


def test_f12_padding_before_the_end_marker_is_accepted():
    data = FILES["jpeg"]()
    assert facts(data[:-2] + bytes(3) + data[-2:]).width == 67


def test_f12_pictures_after_the_end_marker_are_not_looked_at():
    assert facts(FILES["jpeg"]() + FILES["gray"]()[:900]).width == 67


@pytest.mark.parametrize("bits", [32, 64])
def test_f12_deflated_strip_of_float_samples_is_accepted(bits):
    row = [(0.1, 0.2, 0.3)] * 400
    assert facts(tiff([row] * 400, RGB, bits, FLOAT, deflated=True)).width == 400


def test_f12_strips_that_share_their_bytes_are_not_read_without_end():
    strip = zlib.compress(bytes(1 << 24))
    count = 4096
    data = tiff([[(0, 0, 0)] * 8] * 8, RGB)
    shared = tiff(
        [[(0, 0, 0)] * 8] * 8, RGB, tags=[(324, 4, [len(data) + 100_000] * count), (325, 4, [len(strip)] * count)]
    )
    shared = shared.replace(struct.pack("<HHII", 259, 3, 1, 1), struct.pack("<HHII", 259, 3, 1, 8))
    for tag in (273, 279):  # the strip that is there
        shared = shared.replace(struct.pack("<HH", tag, 4), struct.pack("<HH", tag + 1, 4))
    with pytest.raises(BrokenImageError, match=r"strip or tile [1-9]\d? of 4096"):
        verify(shared.ljust(len(data) + 100_000, b"\0") + strip, walk(shared, LIMITS, RenderConfig())[0])
