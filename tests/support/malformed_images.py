"""Files for the gate: real ones by the encoders that we use, hostile ones by hand."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import imagecodecs
import numpy as np
import pyvips
from PIL import Image

from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.numbered_png import PNG_SIGNATURE, chunk
from tests.support.psd_writer import psd

WIDTH, HEIGHT = 61, 37
PROFILE = b"".join([struct.pack(">I", 132), bytes(124), b"acsp"[:4]])  # shape of a profile; nothing reads it here


@cache
def photo(mode: str = "RGB", width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Noise over a slope, so that encoders have something to do."""
    rng = np.random.default_rng(7)
    slope = np.linspace(0, 200, width, dtype=np.float64)[None, :, None] + rng.integers(0, 50, (height, width, 4))
    picture = Image.fromarray(slope.astype(np.uint8))
    return picture.convert("RGB").convert(mode) if mode == "P" else picture.convert(mode)


def saved(format_: str, image: Image.Image | None = None, **options: object) -> bytes:
    """The image as Pillow writes it."""
    out = io.BytesIO()
    (image or photo()).save(out, format_, **options)
    return out.getvalue()


def animation(format_: str, frames: int, **options: object) -> bytes:
    """Frames that differ, each one shown for 50 ms."""
    pictures = [photo().rotate(20 * index) for index in range(frames)]
    return saved(format_, pictures[0], save_all=True, append_images=pictures[1:], duration=50, loop=0, **options)


def exif(orientation: int) -> bytes:
    """An EXIF block with an orientation and nothing else."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


@cache
def real_files() -> dict[str, bytes]:
    """One file a format and flavour, all of WIDTH×HEIGHT pixels."""
    vips = pyvips.Image.new_from_array(np.asarray(photo()))
    pixels = np.asarray(photo())
    return {
        "jpeg": saved("JPEG"),
        "jpeg-progressive": saved("JPEG", progressive=True),
        "jpeg-grey": saved("JPEG", photo("L")),
        "jpeg-cmyk": saved("JPEG", photo("CMYK")),
        "jpeg-vips": vips.jpegsave_buffer(),
        "png": saved("PNG"),
        "png-alpha": saved("PNG", photo("RGBA")),
        "png-palette": saved("PNG", photo("P")),
        "png-grey": saved("PNG", photo("LA")),
        "png-interlaced": vips.pngsave_buffer(interlace=True),
        "gif": saved("GIF", photo("P")),
        "gif-animation": animation("GIF", 3),
        "webp": saved("WEBP"),
        "webp-lossless": saved("WEBP", photo("RGBA"), lossless=True),
        "webp-alpha": saved("WEBP", photo("RGBA")),
        "webp-animation": animation("WEBP", 3),
        "webp-exif": saved("WEBP", exif=exif(6)),
        "avif": saved("AVIF"),
        "avif-alpha": saved("AVIF", photo("RGBA")),
        "avif-sequence": animation("AVIF", 3),
        "avif-vips": vips.heifsave_buffer(compression="av1", effort=0),
        "tiff": saved("TIFF"),
        "tiff-deflate": vips.tiffsave_buffer(compression="deflate", tile=True),
        "tiff-big": vips.tiffsave_buffer(bigtiff=True),
        "bmp": saved("BMP"),
        "bmp-palette": saved("BMP", photo("P")),
        "ico": saved("ICO", sizes=[(WIDTH, HEIGHT)], bitmap_format="bmp"),
        "ico-png": saved("ICO", photo("RGBA"), sizes=[(16, 16), (WIDTH, HEIGHT)]),
        "psd": psd(photo()),
        "psd-alpha": psd(photo("RGBA"), runs=False),
        "jxl": imagecodecs.jpegxl_encode(pixels, effort=1),
        "jxl-container": imagecodecs.jpegxl_encode(np.asarray(photo("RGBA")), effort=1, usecontainer=True),
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"><g/></svg>'.encode(),
    }


def header_of(data: bytes, limits: ImageLimits | None = None, config: RenderConfig | None = None) -> ImageHeader:
    """What the gate says."""
    return inspect(data, limits or ImageLimits(), config or RenderConfig())[0]


def png(*chunks: bytes, width: int = 8, height: int = 8, depth: int = 8, after: tuple[bytes, ...] = ()) -> bytes:
    """A grey PNG that is whole, with further chunks in front of its pixels and behind them."""
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    pixels = zlib.compress((b"\0" + bytes((width * depth + 7) // 8)) * height, 9)
    return PNG_SIGNATURE + ihdr + b"".join(chunks) + chunk(b"IDAT", pixels) + b"".join(after) + chunk(b"IEND")


@cache
def zeros(length: int) -> bytes:
    """A zlib stream of that many zero bytes."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(length >> 20)]
    return b"".join([*parts, packer.compress(bytes(length & (1 << 20) - 1)), packer.flush()])


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of an ISO base media file."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)
