"""Pictures of the largest size that a few bytes can hold, and headers that claim more. Rows C1, C4, C6."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import imagecodecs
import numpy as np

from tests.hostile.files.containers import jpeg_segment, riff_chunk, zeros
from tests.hostile.files.heif_writer import ispe, plain
from tests.hostile.records import Hostile
from tests.support.numbered_png import PNG_SIGNATURE, chunk


def _solid(side: int, bands: int = 3) -> object:
    import pyvips

    return pyvips.Image.black(side, side, bands=bands).copy(interpretation="srgb")


def _png(side: int, depth: int, color: int, interlace: int = 0) -> bytes:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    row = (side * depth * channels + 7) // 8 + 1
    data = zeros(row * side if not interlace else int(row * side * 1.2))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, color, 0, 0, interlace))
    palette = chunk(b"PLTE", bytes(6)) if color == 3 else b""
    blocks = [data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20)]
    return PNG_SIGNATURE + head + palette + b"".join(chunk(b"IDAT", block) for block in blocks) + chunk(b"IEND")


def png_one_bit(side: int) -> bytes:
    return _png(side, 1, 0)


def png_rgba(side: int) -> bytes:
    return _png(side, 8, 6)


def png_sixteen(side: int) -> bytes:
    return _png(side, 16, 6)


def png_interlaced(side: int) -> bytes:
    return _png(side, 8, 6, 1)


def png_interlaced_sixteen(side: int) -> bytes:
    return _png(side, 16, 6, 1)


def png_lying(side: int) -> bytes:
    """A header of that size, and data of ten kilobytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return PNG_SIGNATURE + head + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND")


def webp_lossless(side: int) -> bytes:
    return bytes(_solid(side).webpsave_buffer(lossless=True, effort=0))  # type: ignore[attr-defined]


def webp_lossy(side: int) -> bytes:
    return bytes(_solid(side).webpsave_buffer(Q=1, effort=0))  # type: ignore[attr-defined]


def avif(side: int) -> bytes:
    return bytes(_solid(side).heifsave_buffer(compression="av1", effort=0, Q=1))  # type: ignore[attr-defined]


def avif_twelve_bits(side: int) -> bytes:
    image = _solid(side).cast("ushort").copy(interpretation="rgb16")  # type: ignore[attr-defined]
    return bytes(image.heifsave_buffer(compression="av1", effort=0, Q=1, bitdepth=12))


def jpeg(side: int) -> bytes:
    return bytes(_solid(side).jpegsave_buffer(Q=1))  # type: ignore[attr-defined]


def jpeg_progressive(side: int) -> bytes:
    return bytes(_solid(side).jpegsave_buffer(Q=1, interlace=True))  # type: ignore[attr-defined]


def jpeg_cmyk(side: int) -> bytes:
    image = _solid(side, 4).copy(interpretation="cmyk")  # type: ignore[attr-defined]
    return bytes(image.jpegsave_buffer(Q=1, interlace=True))


def jxl(side: int) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.zeros((side, side, 3), np.uint8), effort=3, distance=1.0))


def jxl_lossless(side: int) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.zeros((side, side, 3), np.uint8), effort=2, lossless=True))


def jxl_sixteen(side: int) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.zeros((side, side, 4), np.uint16), effort=2, lossless=True))


def jxl_float(side: int) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.zeros((side, side, 3), np.float32), effort=1, distance=2.0))


def png_sixteen_lying(side: int) -> bytes:
    """As many bytes as a picture of that size may have at least, of which the first ones are a picture's."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 1))
    noise = np.random.default_rng(1).bytes(side * side * 8 // 1000)
    return PNG_SIGNATURE + head + chunk(b"IDAT", zlib.compress(bytes(20_000))[:20] + noise) + chunk(b"IEND")


def webp_lying(side: int) -> bytes:
    """The extended header of a canvas of 2^24 pixels a side."""
    head = riff_chunk(b"VP8X", bytes(4) + (side - 1).to_bytes(3, "little") * 2)
    body = b"WEBP" + head + riff_chunk(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(100))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless_lying(length: int) -> bytes:
    """A chunk that claims so many bytes, of a picture with 49 megapixels."""
    file = webp_lossless(7000)
    at = file.index(b"VP8L") + 4
    return file[:at] + struct.pack("<I", length) + file[at + 4 :]


def gif_lying(side: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + b"," + struct.pack(
        "<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"  # fmt: skip


def jpeg_lying(side: int) -> bytes:
    return b"\xff\xd8" + jpeg_segment(0xC0, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\x00") + b"\xff\xd9"


def avif_lying(side: int) -> bytes:
    """A size that the coded picture does not have."""
    file = plain()
    file.properties[0] = ispe(side, side)
    return file.build()


def tiff_lying(side: int) -> bytes:
    tags = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side), (279, 100)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + entries + bytes(4)


def tiff_sixteen_lying(side: int) -> bytes:
    """One strip of all rows, with four channels of 16 bits."""
    tags = [
        (256, side),
        (257, side),
        (258, 16),
        (259, 1),
        (262, 2),
        (273, 8),
        (277, 4),
        (278, side),
        (279, 8 * side * side),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + entries + bytes(4)


def bmp_lying(side: int, bits: int = 24, length: int = 100) -> bytes:
    start = 54 + (1024 if bits <= 8 else 0)
    head = struct.pack("<IIIIiiHHIIiiII", start + length, 0, start, 40, side, side, 1, bits, 0, 0, 0, 0, 0, 0)
    return b"BM" + head + bytes(start - 54 + length)


def bmp_palette_lying(side: int) -> bytes:
    return bmp_lying(side, 8)


def bmp_palette(side: int) -> bytes:
    """All of a picture, of one bit a pixel."""
    return bmp_lying(side, 1, (side + 31) // 32 * 4 * side)


def bmp_cut(side: int) -> bytes:
    """A megabyte of a picture."""
    return bmp_lying(side, 24, 1 << 20)


def jxl_lying(side: int) -> bytes:
    """The size header of a codestream, in 30 bits a side; ISO/IEC 18181-1, D.2."""
    bits = 0 | 3 << 1 | (side - 1) << 3  # not small; 30 bits; height
    count = 33
    bits |= 1 << count  # the ratio 1:1
    return b"\xff\x0a" + bits.to_bytes(8, "little") + bytes(60)


_FILES: dict[str, tuple[str, str, Callable[[int], bytes], int]] = {
    "png-1-bit-gigapixel": ("C1", "png", png_one_bit, 32_768),
    "png-1-bit-49": ("C1", "png", png_one_bit, 7000),
    "png-rgba-49": ("C1", "png", png_rgba, 7000),
    "png-16-bit-49": ("C1", "png", png_sixteen, 7000),
    "png-interlaced-49": ("C5", "png", png_interlaced, 7000),
    "png-interlaced-16-bit-49": ("C5", "png", png_interlaced_sixteen, 7000),
    "png-lying": ("C1", "png", png_lying, 32_768),
    "png-lying-49": ("C1", "png", png_lying, 7000),
    "webp-16383": ("C4", "webp", webp_lossless, 16_383),
    "webp-49": ("C4", "webp", webp_lossless, 7000),
    "webp-lossy-49": ("C4", "webp", webp_lossy, 7000),
    "avif-8192": ("C4", "avif", avif, 8192),
    "avif-49": ("C4", "avif", avif, 7000),
    "avif-16": ("C4", "avif", avif, 4096),
    "avif-12-bit-49": ("C4", "avif", avif_twelve_bits, 7000),
    "jpeg-49": ("C1", "jpg", jpeg, 7000),
    "jpeg-progressive-49": ("C5", "jpg", jpeg_progressive, 7000),
    "jpeg-cmyk-49": ("C5", "jpg", jpeg_cmyk, 7000),
    "jxl-49": ("H11", "jxl", jxl, 7000),
    "jxl-lossless-49": ("H11", "jxl", jxl_lossless, 7000),
    "jxl-16-bit-49": ("H11", "jxl", jxl_sixteen, 7000),
    "jxl-float-49": ("H11", "jxl", jxl_float, 7000),
    "webp-lying": ("C1", "webp", webp_lying, 1 << 24),
    "webp-lying-49": ("C1", "webp", webp_lying, 7000),
    "gif-lying": ("C6", "gif", gif_lying, 65_535),
    "gif-lying-49": ("C6", "gif", gif_lying, 7000),
    "jpeg-lying": ("C1", "jpg", jpeg_lying, 65_500),
    "jpeg-lying-49": ("C1", "jpg", jpeg_lying, 7000),
    "avif-lying": ("C1", "avif", avif_lying, 7000),
    "tiff-lying": ("C1", "tif", tiff_lying, 100_000),
    "tiff-lying-49": ("C1", "tif", tiff_lying, 7000),
    "bmp-lying": ("C1", "bmp", bmp_lying, 100_000),
    "bmp-lying-49": ("C1", "bmp", bmp_lying, 7000),
    "bmp-palette-lying-49": ("C1", "bmp", bmp_palette_lying, 7000),
    "bmp-palette-49": ("C1", "bmp", bmp_palette, 7000),
    "bmp-cut": ("C1", "bmp", bmp_cut, 4600),
    "tiff-16-bit-lying-49": ("C1", "tif", tiff_sixteen_lying, 7000),
    "png-16-bit-lying-49": ("C5", "png", png_sixteen_lying, 7000),
    "webp-lossless-lying": ("C1", "webp", webp_lossless_lying, 390_000_000),
    "jxl-lying": ("C1", "jxl", jxl_lying, 1 << 30),
    "jxl-lying-49": ("C1", "jxl", jxl_lying, 7000),
}


def records() -> Iterator[Hostile]:
    for name, (row, extension, build, size) in _FILES.items():
        # 49 megapixels are within the limits: a large picture, which takes its time, whatever its file's size.
        legal = (name.endswith("49") and "lying" not in name) or name == "avif-16"
        yield Hostile(f"solid-{name}", row, extension, build, size, legal=legal)
