"""Small valid pictures, and what puts a block of metadata into each container."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import imagecodecs
import numpy as np
from PIL import Image

from tests.support.numbered_png import PNG_SIGNATURE, chunk

SIDE = 64


@cache
def picture(mode: str = "RGB", side: int = SIDE) -> Image.Image:
    """Noise over a slope."""
    rng = np.random.default_rng(3)
    pixels = np.linspace(0, 200, side)[None, :, None] + rng.integers(0, 50, (side, side, 4))
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def saved(format_: str, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    (image or picture()).save(file, format_, **options)
    return file.getvalue()


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    """A JPEG with segments behind its first marker."""
    data = saved("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def png_with(*chunks: bytes, after: tuple[bytes, ...] = (), side: int = 8) -> bytes:
    """A grey PNG with chunks in front of its pixels and behind them."""
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    pixels = zlib.compress(bytes((side + 1) * side), 9)
    return PNG_SIGNATURE + ihdr + b"".join(chunks) + chunk(b"IDAT", pixels) + b"".join(after) + chunk(b"IEND")


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def webp_with(*chunks: bytes, flags: int = 0, before: tuple[bytes, ...] = (), side: int = SIDE) -> bytes:
    """An extended WebP: ``before`` its picture (ICCP), and behind it. Flags: 8 EXIF, 4 XMP, 32 ICC, 2 animation."""
    simple = saved("WEBP", picture("RGB", side))
    head = riff_chunk(b"VP8X", struct.pack("<I", flags) + (side - 1).to_bytes(3, "little") * 2)
    body = b"WEBP" + head + b"".join(before) + simple[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


@cache
def jxl() -> bytes:
    """A JPEG XL in its container, without further boxes."""
    return bytes(imagecodecs.jpegxl_encode(np.asarray(picture()), effort=1, usecontainer=True))


def jxl_with(*boxes: bytes) -> bytes:
    """A JPEG XL with boxes behind its signature and file type."""
    data = jxl()
    at = 12
    at += struct.unpack_from(">I", data, at)[0]
    return data[:at] + b"".join(boxes) + data[at:]


def ico_of(*images: bytes, sides: tuple[int, ...] = ()) -> bytes:
    """An ICO of PNG or DIB images."""
    at = 6 + 16 * len(images)
    entries = b""
    for number, image in enumerate(images):
        side = sides[number] if sides else 8
        entries += struct.pack("<BBBBHHII", side & 255, side & 255, 0, 0, 1, 32, len(image), at)
        at += len(image)
    return struct.pack("<HHH", 0, 1, len(images)) + entries + b"".join(images)


@cache
def zeros(length: int) -> bytes:
    """A zlib stream of that many zero bytes."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(length >> 20)]
    return b"".join([*parts, packer.compress(bytes(length & (1 << 20) - 1)), packer.flush()])
