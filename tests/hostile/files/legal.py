"""Large pictures and costly plans with nothing wrong in them: they take time, but not that of others. C5, C11, H1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import imagecodecs
import numpy as np

from tests.hostile.files.containers import saved
from tests.hostile.records import Hostile

_OPEN = (200, 422, 503)
"""A quiet proxy renders it, or says what it would cost."""


def _photograph(side: int, seed: int = 5) -> Any:
    """Noise on two scales: what compresses about as well as a photograph."""
    import pyvips

    coarse = pyvips.Image.gaussnoise(side // 32 + 2, side // 32 + 2, mean=128, sigma=60, seed=seed)
    bands = [coarse.resize(32, kernel="linear").crop(0, 0, side, side)
             + pyvips.Image.gaussnoise(side, side, sigma=12, seed=seed + band) for band in range(3)]  # fmt: skip
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")


def jpeg(side: int) -> bytes:
    return bytes(_photograph(side).jpegsave_buffer(Q=75))


def jpeg_progressive(side: int) -> bytes:
    return bytes(_photograph(side).jpegsave_buffer(Q=75, interlace=True))


def png(side: int) -> bytes:
    return bytes(_photograph(side).pngsave_buffer(compression=1))


def png_interlaced(side: int) -> bytes:
    return bytes(_photograph(side).pngsave_buffer(compression=1, interlace=True))


def png_noise(side: int) -> bytes:
    """No byte of it is saved by compression."""
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return bytes(imagecodecs.png_encode(pixels, level=0))


def webp(side: int) -> bytes:
    return bytes(_photograph(side).webpsave_buffer(Q=60, effort=0))


def webp_lossless(side: int) -> bytes:
    return bytes(_photograph(side).webpsave_buffer(lossless=True, effort=0))


def avif(side: int) -> bytes:
    return bytes(_photograph(side).heifsave_buffer(compression="av1", effort=0, Q=40))


def jxl(side: int) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(_photograph(side).numpy(), effort=3, distance=2.0))


def tiff(side: int) -> bytes:
    return bytes(_photograph(side).tiffsave_buffer(compression="lzw"))


def gif_animation(count: int) -> bytes:
    return _animation("GIF", count)


def webp_animation(count: int) -> bytes:
    return _animation("WEBP", count, method=0)


def _animation(format_: str, count: int, **options: object) -> bytes:
    from PIL import Image

    frames = [Image.fromarray(_small(number)) for number in range(count)]
    return saved(format_, frames[0], save_all=True, append_images=frames[1:], duration=50, loop=0, **options)


@cache
def _small(number: int) -> Any:
    return _photograph(400, number).numpy()


_ORIGINALS: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "jpeg-50": ("jpg", jpeg, 7000),
    "jpeg-progressive-50": ("jpg", jpeg_progressive, 7000),
    "png-16": ("png", png, 4000),
    "png-interlaced-16": ("png", png_interlaced, 4000),
    "png-noise-16": ("png", png_noise, 4000),
    "webp-50": ("webp", webp, 7000),
    "webp-lossless-25": ("webp", webp_lossless, 5000),
    "avif-25": ("avif", avif, 5000),
    "jxl-25": ("jxl", jxl, 5000),
    "tiff-16": ("tif", tiff, 4000),
}
_PLANS: dict[str, tuple[str, str]] = {
    "avif-4000": ("rs:fit:4000:4000", "avif"),
    "avif-2000": ("rs:fit:2000:2000", "avif"),
    "jxl-4000": ("rs:fit:4000:4000", "jxl"),
    "webp-4000": ("rs:fit:4000:4000", "webp"),
    "png-4000": ("rs:fit:4000:4000", "png"),
    "gif-2000": ("rs:fit:2000:2000", "gif"),
    "blur-1000": ("rs:fit:2000:2000/bl:1000", "jpeg"),
    "blur-million": ("rs:fit:2000:2000/bl:1000000", "jpeg"),
    "sharpen-20": ("rs:fit:4000:4000/sh:20", "jpeg"),
    "pixelate": ("rs:fit:4000:4000/pix:2", "jpeg"),
    "max-bytes": ("rs:fit:2000:2000/mb:1000", "webp"),
    "max-bytes-avif": ("rs:fit:1000:1000/mb:1000", "avif"),
    "watermark-replicated": ("rs:fit:4000:4000/wm:0.5:re:0:0:0.01", "jpeg"),
    "trim": ("t:10/rs:fit:200:200", "jpeg"),
    "trim-smart": ("t:255/rs:fill:200:200/g:sm", "jpeg"),
    "smart-crop": ("rs:fill:1000:100/g:sm", "jpeg"),
    "rotate-all": ("rs:fit:4000:4000/rot:90/fl:1:1", "jpeg"),
    "enlarge": ("rs:force:7000:7000:1", "jpeg"),
    "enlarge-dpr": ("rs:fit:3000:3000:1/dpr:8", "jpeg"),
    "extend": ("rs:fit:100:100/ex:1/mw:7000/mh:7000", "jpeg"),
    "padding": ("rs:fit:100:100/pd:3000:3000", "png"),
}


def records() -> Iterator[Hostile]:
    for name, (extension, build, size) in _ORIGINALS.items():
        yield Hostile(f"legal-{name}", "C5", extension, build, size, "rs:fit:160:160", statuses=_OPEN, legal=True)
    for name, (options, format_) in _PLANS.items():
        yield Hostile(f"plan-{name}", "C11", "jpg", jpeg, 4000, options, format_, _OPEN, legal=True)
    for name, build, format_ in (
        ("gif-to-webp", gif_animation, "webp"), ("gif-to-avif", gif_animation, "avif"),
        ("webp-to-gif", webp_animation, "gif"),
    ):  # fmt: skip
        yield Hostile(f"plan-{name}", "C11", "gif" if "gif-to" in name else "webp", build, 100, "rs:fit:400:400",
                      format_, _OPEN, legal=True)  # fmt: skip
    yield Hostile("legal-jpeg-50-original-size", "H1", "jpg", jpeg, 7000, "q:90", statuses=_OPEN, legal=True)
    yield Hostile("legal-jpeg-50-thumbnail", "H1", "jpg", partial(jpeg), 7000, "rs:fit:50:50", statuses=_OPEN,
                  legal=True)  # fmt: skip
