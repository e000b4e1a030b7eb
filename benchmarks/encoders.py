"""Settings of encoders and of libwebp's decoder beside those in use: CPU time, bytes and MS-SSIM of photographs.

Photographs fit into 512 px, one thread. The CPU time is the least of some runs. PNG is lossless, so that bytes are all
that differs.
"""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image

from benchmarks import corpus
from benchmarks.quality import ms_ssim

_BOX = 512
_RUNS = 3
_NONE, _SUB, _UP, _AVERAGE, _PAETH = 8, 16, 32, 64, 128
"""Filters of PNG, as libvips names them by bits."""
_FILTERS = {
    "all": _NONE | _SUB | _UP | _AVERAGE | _PAETH,
    "average, Paeth": _AVERAGE | _PAETH,
    "sub, up, average": _SUB | _UP | _AVERAGE,
    "average": _AVERAGE,
}
_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="512" height="384">
<rect width="512" height="384" fill="#fff"/>{}</svg>"""
_WORDS = "the quick brown fox " * 4


def _cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    least, result = float("inf"), None
    for _ in range(_RUNS):
        begun = time.process_time()
        result = work()
        least = min(least, time.process_time() - begun)
    return least, result


def _drawings() -> list[Any]:
    """Return lines of text, bars, and a ramp of colours."""
    import pyvips

    text = "".join(f'<text x="9" y="{15 * line}" font-size="12">{_WORDS}</text>' for line in range(26))
    bars = "".join(
        f'<rect x="{9 + 25 * bar}" y="{37 * bar % 300}" width="20" height="384" fill="#38a"/>' for bar in range(20)
    )
    ramp = (
        '<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#f00"/><stop offset="1" stop-color="#00f"/>'
        '</linearGradient></defs><rect width="512" height="384" fill="url(#g)"/>'
    )
    drawings = (pyvips.Image.svgload_buffer(_DRAWING.format(each).encode()) for each in (text, bars, ramp))
    return [drawing.flatten().copy_memory() for drawing in drawings]


def _lossy(images: list[Any], encode: Callable[[Any], bytes]) -> dict[str, Any]:
    seconds = score = 0.0
    size = 0
    for image in images:
        taken, body = _cpu(lambda image=image: encode(image))
        seconds += taken
        size += len(body)
        score += ms_ssim(Image.open(io.BytesIO(body)).convert("RGB"), Image.fromarray(image.numpy()))
    count = len(images)
    return {
        "ms": round(1000 * seconds / count, 1),
        "kB": round(size / count / 1000, 2),
        "MS-SSIM": round(score / count, 5),
    }


def _png(images: list[Any], drawings: list[Any]) -> dict[str, dict[str, Any]]:
    import deflate
    import pyvips

    from mememime_proxy.imaging.codecs.png_writer import _chunks

    def filtered(image: Any, flags: int) -> bytes:
        png = memoryview(image.pngsave_buffer(compression=0, filter=flags, keep=pyvips.ForeignKeep.NONE))
        parts = (png[begin + 8 : end - 4] for kind, begin, end in _chunks(png) if kind == b"IDAT")
        return zlib.decompress(b"".join(parts))

    rows = {}
    for name, flags in _FILTERS.items():
        seconds, raw = _cpu(lambda flags=flags: [filtered(image, flags) for image in images])
        drawn = [filtered(image, flags) for image in drawings]
        for level in (5, 6, 7):
            packing, packed = _cpu(lambda raw=raw, level=level: [deflate.zlib_compress(each, level) for each in raw])
            rows[f"PNG, filters {name}, libdeflate {level}"] = {
                "ms": round(1000 * (seconds + packing) / len(images), 1),
                "kB": round(sum(map(len, packed)) / len(images) / 1000, 2),
                "drawings, kB": round(sum(len(deflate.zlib_compress(each, level)) for each in drawn) / 1000, 2),
            }
    return rows


def _webp_decoder(names: list[str]) -> dict[str, dict[str, Any]]:
    """At the size of the result, as it is used; at a half or in whole, whose pixels other widths could begin from."""
    import pyvips

    rows = {}
    for label, scale in (("size of the result", 0.0), ("half", 0.5), ("whole", 1.0)):
        seconds = 0.0
        for name in names:
            data = (corpus.SET / name).read_bytes()
            head = pyvips.Image.webpload_buffer(data)
            exact = _BOX / max(head.width, head.height)

            def load(data: bytes = data, scale: float = scale or exact) -> Any:
                image = pyvips.Image.webpload_buffer(data, scale=scale, access="sequential")
                return image.resize(_BOX / max(image.width, image.height)).copy_memory()

            seconds += _cpu(load)[0]
        rows[f"WebP decoded at the {label}, resized"] = {"ms": round(1000 * seconds / len(names), 1)}
    return rows


def encoders(count: int) -> dict[str, dict[str, Any]]:
    """Return rows by setting, of ``count`` photographs; those in use are named so."""
    import pyvips

    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    keep = pyvips.ForeignKeep.NONE
    images = []
    for name in corpus.names("png")[:count]:
        image = pyvips.Image.new_from_file(str(corpus.SET / name))
        images.append(image.resize(_BOX / max(image.width, image.height)).copy_memory())

    def avif(image: Any, quality: int, speed: int) -> bytes:
        body: bytes = image.heifsave_buffer(compression="av1", Q=quality, effort=9 - speed, keep=keep)
        return body

    def webp(image: Any, quality: int, effort: int) -> bytes:
        body: bytes = image.webpsave_buffer(Q=quality, effort=effort, keep=keep)
        return body

    rows = {}
    for speed, qualities in ((8, (63,)), (9, (61, 62, 63))):
        for quality in qualities:
            in_use = " (in use)" * (speed == 8)
            rows[f"AVIF, libaom, speed {speed}, quality {quality}{in_use}"] = _lossy(
                images, lambda image, q=quality, s=speed: avif(image, q, s)
            )
    for effort, quality in ((4, 79), (2, 79), (2, 80), (3, 79), (5, 79)):
        in_use = " (in use)" * (effort == 4)
        rows[f"WebP, effort {effort}, quality {quality}{in_use}"] = _lossy(
            images, lambda image, q=quality, e=effort: webp(image, q, e)
        )
    return rows | _png(images, _drawings()) | _webp_decoder(corpus.names("webp")[:count])
