"""Pictures of every format, size and kind of content, made and not committed; large ones are legal but costly."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyvips

from benchmarks.corpus import WORK

FOLDER = WORK / "cost"
SIZES = {"tiny": (320, 240), "small": (1280, 960), "medium": (4000, 3000), "large": (8000, 6200)}
"""Name to width and height; ``large`` has nearly the 50 million pixels of the default limit."""
CONTENTS = ("photo", "noise", "flat")
"""As a photograph has it (equal energy in each octave), white noise, and a gradient."""


@cache
def pixels(content: str, width: int, height: int) -> pyvips.Image:
    """Return an image of 8-bit sRGB; equal arguments give equal pixels."""
    if content == "flat":
        ramp = pyvips.Image.identity(ushort=True, size=width).embed(0, 0, width, height, extend="copy") / width * 200
        return ramp.bandjoin([ramp * 0.5 + 40, ramp * 0.25 + 80]).cast("uchar").copy(interpretation="srgb")
    channels = [_channel(content, width, height, seed) for seed in range(3)]
    image = channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")
    if content == "photo":
        matrix = pyvips.Image.new_from_array([[0.8, 0.15, 0.05], [0.75, 0.2, 0.05], [0.7, 0.15, 0.15]])
        image = image.recomb(matrix).cast("uchar")
    return image.copy_memory().copy(interpretation="srgb")


def _channel(content: str, width: int, height: int, seed: int) -> pyvips.Image:
    if content == "noise":
        data = random.Random(seed).randbytes(width * height)
        return pyvips.Image.new_from_memory(data, width, height, 1, "uchar")
    total, octave = pyvips.Image.black(width, height) + 128, 0
    while min(width, height) >> octave >= 4:
        across, down = -(-width >> octave) + 4, -(-height >> octave) + 4
        noise = pyvips.Image.gaussnoise(across, down, mean=0, sigma=3.2 * 1.55**octave, seed=seed * 99 + octave)
        total += noise.resize(1 << octave, kernel="cubic").crop(0, 0, width, height)
        octave += 1
    return total.cast("uchar")


def _by_vips(suffix: str, **options: object) -> Callable[[pyvips.Image], bytes]:
    return lambda image: bytes(image.write_to_buffer(suffix, **options))


def _sixteen(image: pyvips.Image) -> pyvips.Image:
    """Return 16 bits a channel, the lower ones noise."""
    low = pyvips.Image.gaussnoise(image.width, image.height, mean=128, sigma=60).cast("uchar")
    return (image.cast("ushort") * 256 + low).cast("ushort").copy(interpretation="rgb16")


def _alpha(image: pyvips.Image) -> pyvips.Image:
    return image.bandjoin(image.extract_band(0))


def _jxl(image: pyvips.Image, effort: int = 1, *, lossless: bool = False) -> bytes:
    import imagecodecs
    import numpy

    kind: dict[str, Any] = {"lossless": True} if lossless else {"distance": 1.0}
    return bytes(imagecodecs.jpegxl_encode(numpy.asarray(image.numpy()), effort=effort, **kind))


def _pillow(**options: object) -> Callable[[pyvips.Image], bytes]:
    def save(image: pyvips.Image) -> bytes:
        from PIL import Image

        mode = "RGB" if image.bands == 3 else "RGBA"
        picture = Image.frombuffer(mode, (image.width, image.height), image.write_to_memory(), "raw", mode, 0, 1)
        target = io.BytesIO()
        picture.save(target, **options)
        return target.getvalue()

    return save


def palette_bitmap(image: pyvips.Image, bits: int) -> bytes:
    """Return a BMP with a palette that is not grey."""
    from PIL import Image

    grey = Image.frombuffer("L", (image.width, image.height), image.extract_band(1).write_to_memory(), "raw", "L", 0, 1)
    picture = grey.convert("1") if bits == 1 else grey.convert("P")
    if bits == 8:
        picture.putpalette([7 * n % 256 for n in range(768)])
    target = io.BytesIO()
    picture.save(target, "BMP")
    return target.getvalue()


def rle_bitmap(image: pyvips.Image) -> bytes:
    """Return a BMP of 8 bits with runs: alternating runs of one pixel, the most codes that it can have."""
    width, height = image.width, image.height
    grey = image.extract_band(1).write_to_memory()
    rows = []
    for y in range(height):
        line = grey[y * width : (y + 1) * width]
        row = bytearray(2 * width)
        row[::2] = b"\x01" * width
        row[1::2] = line
        rows.append(bytes(row) + b"\0\0")
    body = b"".join(rows) + b"\0\1"
    palette = b"".join(bytes((n, n, n, 0)) for n in range(256))
    start = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 2835, 2835, 256, 0)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + info + palette + body


def animation(suffix: str, frames: int, **options: object) -> Callable[[pyvips.Image], bytes]:
    """Return a function that makes an animation whose frames are the picture, moved."""

    def make(image: pyvips.Image) -> bytes:
        pages = [image.wrap(x=7 * number, y=3 * number) for number in range(frames)]
        stacked = pyvips.Image.arrayjoin(pages, across=1).copy()
        stacked.set_type(pyvips.GValue.gint_type, "page-height", image.height)
        stacked.set_type(pyvips.GValue.array_int_type, "delay", [50] * frames)
        return bytes(stacked.write_to_buffer(suffix, **options))

    return make


ENCODERS: dict[str, Callable[[pyvips.Image], bytes]] = {
    "jpeg": _by_vips(".jpg", Q=90),
    "jpeg-444": _by_vips(".jpg", Q=95, subsample_mode="off"),
    "jpeg-progressive": _by_vips(".jpg", Q=90, interlace=True),
    "jpeg-progressive-444": _by_vips(".jpg", Q=95, interlace=True, subsample_mode="off"),
    "jpeg-grey": lambda image: bytes(image.colourspace("b-w").jpegsave_buffer(Q=90)),
    "jpeg-cmyk": lambda image: bytes(image.colourspace("cmyk").jpegsave_buffer(Q=90)),
    "png": _by_vips(".png", compression=4),
    "png-alpha": lambda image: bytes(_alpha(image).pngsave_buffer(compression=3)),
    "png-interlaced": _by_vips(".png", compression=3, interlace=True),
    "png-16": lambda image: bytes(_sixteen(image).pngsave_buffer(compression=2)),
    "png-16-alpha-interlaced": lambda image: bytes(
        _sixteen(_alpha(image)).pngsave_buffer(compression=2, interlace=True)
    ),
    "png-palette": _by_vips(".png", palette=True, effort=1, compression=3),
    "webp": _by_vips(".webp", Q=85, effort=1),
    "webp-lossless": _by_vips(".webp", lossless=True, effort=0),
    "webp-alpha": lambda image: bytes(_alpha(image).webpsave_buffer(Q=85, effort=1)),
    "gif": _by_vips(".gif", effort=1, dither=0),
    "gif-interlaced": _by_vips(".gif", effort=1, dither=0, interlace=True),
    "avif": _by_vips(".avif", Q=75, effort=0),
    "avif-444-10": lambda image: bytes(
        _sixteen(image).heifsave_buffer(Q=90, effort=0, compression="av1", bitdepth=10, subsample_mode="off")
    ),
    "avif-alpha": lambda image: bytes(_alpha(image).heifsave_buffer(Q=75, effort=0, compression="av1")),
    "jxl": _jxl,
    "jxl-lossless-1": lambda image: _jxl(image, lossless=True),
    "jxl-lossless-7": lambda image: _jxl(image, 7, lossless=True),
    "jxl-lossless-3-alpha": lambda image: _jxl(_alpha(image), 3, lossless=True),
    "jxl-alpha-7": lambda image: _jxl(_alpha(image), 7),
    "jxl-16": lambda image: _jxl(_sixteen(image)),
    "jxl-16-alpha": lambda image: _jxl(_sixteen(_alpha(image))),
    "tiff": _by_vips(".tif", compression="none"),
    "tiff-lzw": _by_vips(".tif", compression="lzw"),
    "tiff-deflate-tiles": _by_vips(".tif", compression="deflate", tile=True, tile_width=512, tile_height=512),
    "tiff-16-alpha": lambda image: bytes(_sixteen(_alpha(image)).tiffsave_buffer(compression="deflate")),
    "bmp": _pillow(format="BMP"),
    "bmp-alpha": lambda image: _pillow(format="BMP")(_alpha(image)),
    "bmp-palette": lambda image: palette_bitmap(image, 8),
    "bmp-1": lambda image: palette_bitmap(image, 1),
    "bmp-rle": rle_bitmap,
}
"""By kind: a function that makes a file of an image."""

ANIMATIONS: dict[str, Callable[[pyvips.Image], bytes]] = {
    "gif-20": animation(".gif", 20, effort=1, dither=0),
    "gif-200": animation(".gif", 200, effort=1, dither=0),
    "webp-20": animation(".webp", 20, Q=75, effort=0),
    "webp-lossless-20": animation(".webp", 20, lossless=True, effort=0),
}

ALL = ENCODERS | ANIMATIONS


def file(kind: str, content: str, size: str) -> Path:
    """Return the path of a picture, which is made where it is not there yet."""
    path = FOLDER / f"{kind}-{content}-{size}"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_bytes(ALL[kind](pixels(content, *SIZES[size])))
        temporary.rename(path)
    return path
