"""Trials of memory that a worker has used before: nothing of one picture is to be seen in the next one (C17).

``python -m tests.support.heap_trials --runs 1000`` renders, in one worker after the other, a picture that is all of one
colour, so that it fills the heaps of decoder and encoder, and then a malformed grid of AVIF or a cut original. A result
that has the colour fails.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
from collections.abc import Iterator
from itertools import cycle, islice

from PIL import Image

from mememime_proxy.errors import ImageError
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob
from tests.hostile.files.heif_writer import Heif, Item, coded, grid_data, ispe, pixi
from tests.support.damage_samples import FILES

SECRET = (201, 37, 118)
"""A colour that none of the malformed pictures has."""
_SIDE = 640
_TILE = 64
_JOBS = 40
"""Of one worker; then another one starts."""
_DEADLINE = 60.0


def secrets() -> list[bytes]:
    """The picture in several formats, whose decoders have heaps of their own."""
    files = []
    for name, options in (
        ("PNG", {}),
        ("JPEG", {"quality": 95}),
        ("AVIF", {"speed": 10}),
        ("WEBP", {"lossless": True}),
    ):
        out = io.BytesIO()
        Image.new("RGB", (_SIDE, _SIDE), SECRET).save(out, name, **options)
        files.append(out.getvalue())
    return files


def _grid(
    tile: bytes, others: list[bytes], *, missing: int = 0, size: tuple[int, int] = (2 * _TILE, 2 * _TILE)
) -> bytes:
    _, configuration = coded()
    datas = [tile, *others]
    items = [Item(b"grid", grid_data(2, 2, *size), (4, 3)), *(Item(b"av01", data, (1, 0x8002, 3)) for data in datas)]
    for item in items[len(items) - missing :] if missing else ():
        item.extents = [(1 << 24, 5000)]
    boxes = [ispe(_TILE, _TILE), configuration, pixi(8, 8, 8), ispe(*size)]
    return Heif(items, boxes, [(b"dimg", 1, list(range(2, 2 + len(datas))))]).build()


def malformed() -> Iterator[tuple[str, bytes]]:
    """Yield grids with tiles that are smaller than they claim, cut, wrong or missing, and cut originals."""
    tile, small = coded(_TILE)[0], coded(16)[0]
    yield "grid of smaller tiles", _grid(small, [small] * 3)
    yield "grid with one smaller tile", _grid(tile, [tile, small, tile])
    yield "grid with a cut tile", _grid(tile, [tile[: len(tile) // 2], tile, tile])
    yield "grid with an empty tile", _grid(tile, [tile, b"", tile])
    yield "grid with a wrong tile", _grid(tile, [tile, bytes(len(tile)), tile])
    yield "grid with missing tiles", _grid(tile, [tile] * 3, missing=2)
    yield "grid that is larger than its tiles", _grid(tile, [tile] * 3, size=(4 * _TILE, 4 * _TILE))
    yield "grid of one column", _grid(tile, [tile] * 3, size=(1, 4))
    whole = _grid(tile, [tile] * 3)
    for share in (0.6, 0.8, 0.95):
        yield f"grid cut at {share:.0%}", whole[: int(share * len(whole))]
    for name in ("avif", "jpeg", "progressive", "interlaced", "webp", "interlaced-gif", "tiff", "tiles", "bmp"):
        data = FILES[name]()
        yield f"{name} that is cut", data[: int(0.7 * len(data))]


def shows_secret(body: bytes) -> bool:
    """Whether a pixel of a PNG is as good as the colour of the secret."""
    pixels = Image.open(io.BytesIO(body)).convert("RGB").get_flattened_data()
    return any(all(abs(a - b) <= 2 for a, b in zip(pixel, SECRET, strict=True)) for pixel in set(pixels))


async def trial(runs: int) -> tuple[int, list[str]]:
    """Return how many malformed originals gave a picture, and those whose picture has the secret."""
    pool = Pool(PoolConfig(size=1, max_jobs=_JOBS), RenderConfig())
    await pool.start()
    shown, leaks = 0, []
    try:
        pairs = zip(cycle(secrets()), islice(cycle(list(malformed())), runs), strict=False)
        for secret, (name, data) in pairs:
            assert shows_secret(await _rendered(pool, secret) or b""), "the secret itself is not shown"
            body = await _rendered(pool, data)
            if body is not None:
                shown += 1
                if shows_secret(body):
                    leaks.append(name)
    finally:
        await pool.close(0)
    return shown, leaks


async def _rendered(pool: Pool, data: bytes) -> bytes | None:
    descriptor = memfd("original", data)
    try:
        result = await pool.run(WorkerJob("render", Plan(format="png")), descriptor, _DEADLINE)
    except ImageError:
        return None
    finally:
        os.close(descriptor)
    return bytes(result.variant.body)


def main() -> int:
    """Run the trial; return 1 where a secret is shown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    options = parser.parse_args()
    shown, leaks = asyncio.run(trial(options.runs))
    print(f"{options.runs} malformed originals after a secret, {shown} gave a picture, {len(leaks)} show the secret")
    for name in leaks:
        print(name)
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
