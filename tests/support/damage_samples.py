"""Small pictures in every format and flavour, and damaged copies of them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image

from tests.support.psd_writer import psd

WIDTH, HEIGHT = 67, 41
DATA = Path(__file__).parents[1] / "data"


@cache
def noise(mode: str = "RGB") -> Image.Image:
    """Return a picture that does not compress to nothing, the same in every run."""
    rng = random.Random(1)
    bands = {"RGB": 3, "RGBA": 4, "CMYK": 4, "L": 1, "LA": 2}[mode]
    return Image.frombytes(mode, (WIDTH, HEIGHT), bytes(rng.randrange(256) for _ in range(WIDTH * HEIGHT * bands)))


def by_pillow(format_: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    """Return a file of ``picture``, or of noise."""
    file = io.BytesIO()
    (picture or noise()).save(file, format_, **options)
    return file.getvalue()


def animated(format_: str, **options: Any) -> bytes:
    """Return an animation of four frames."""
    first, *others = (noise("L").rotate(90 * number) if format_ == "GIF" else noise().rotate(90 * number)
                      for number in range(4))  # fmt: skip
    return by_pillow(format_, first, save_all=True, append_images=others, duration=50, **options)


def by_vips(saver: str, *, depth: int = 8, **options: Any) -> bytes:
    """Return a file of noise by one of libvips' encoders."""
    image = pyvips.Image.new_from_memory(noise().tobytes(), WIDTH, HEIGHT, 3, "uchar").copy(interpretation="srgb")
    if depth == 16:
        image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    result: bytes = getattr(image, f"{saver}_buffer")(**options)
    return result


def _jxl() -> bytes:
    numpy, imagecodecs = pytest.importorskip("numpy"), pytest.importorskip("imagecodecs")
    result: bytes = imagecodecs.jpegxl_encode(numpy.asarray(noise()), distance=1.0)
    return result


FILES: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: by_pillow("JPEG"),
    "optimized": lambda: by_pillow("JPEG", optimize=True, subsampling=0),
    "restarts": lambda: by_pillow("JPEG", restart_marker_rows=1),
    "progressive": lambda: by_pillow("JPEG", progressive=True),
    "gray": lambda: by_pillow("JPEG", noise("L")),
    "cmyk": lambda: by_pillow("JPEG", noise("CMYK")),
    "png": lambda: by_pillow("PNG"),
    "alpha": lambda: by_pillow("PNG", noise("LA")),
    "sixteen": lambda: by_vips("pngsave", depth=16),
    "interlaced": lambda: by_vips("pngsave", interlace=True),
    "palette": lambda: by_pillow("PNG", noise().quantize(16)),
    "webp": lambda: by_pillow("WEBP"),
    "translucent": lambda: by_pillow("WEBP", noise("RGBA")),
    "lossless": lambda: by_pillow("WEBP", noise("RGBA"), lossless=True),
    "webp-animation": lambda: animated("WEBP"),
    "gif": lambda: by_pillow("GIF", noise().quantize(64), interlace=False),
    "interlaced-gif": lambda: by_pillow("GIF", noise().quantize(64)),
    "gif-animation": lambda: animated("GIF"),
    "avif": lambda: by_pillow("AVIF", noise("RGBA")),
    "heic": (DATA / "plain.heic").read_bytes,
    "tiff": lambda: by_pillow("TIFF"),
    "lzw": lambda: by_pillow("TIFF", compression="tiff_lzw"),
    "deflate": lambda: by_vips("tiffsave", compression="deflate"),
    "tiles": lambda: by_vips("tiffsave", tile=True, tile_width=32, tile_height=32),
    "packbits": lambda: by_pillow("TIFF", compression="packbits"),
    "bmp": lambda: by_pillow("BMP"),
    "bmp-palette": lambda: by_pillow("BMP", noise().quantize(16)),
    "ico": lambda: by_pillow("ICO", noise("RGBA").resize((32, 32)), sizes=[(32, 32)]),
    "dib": lambda: by_pillow("ICO", noise("RGBA").resize((32, 32)), sizes=[(32, 32)], bitmap_format="bmp"),
    "psd": lambda: psd(noise()),
    "psd-stored": lambda: psd(noise("RGBA"), runs=False),
    "jxl": _jxl,
}
"""What makes the bytes of a sample, by its name."""


def zeroed(data: bytes, start: float, end: float = 1.0) -> bytes:
    """Return ``data`` with zeros between two shares of its length."""
    first, last = int(len(data) * start), int(len(data) * end)
    return data[:first] + bytes(last - first) + data[last:]


def flipped(data: bytes, place: float) -> bytes:
    """Return ``data`` with one byte changed, at a share of its length."""
    at = int(len(data) * place)
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def truncations(length: int) -> Iterator[int]:
    """Yield the lengths at which a file is cut: each byte of the first 4 KiB, then each hundredth."""
    yield from range(min(length, 4096))
    if length > 4096:
        yield from sorted({4096 + (length - 4096) * hundredth // 100 for hundredth in range(100)})
