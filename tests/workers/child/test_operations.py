"""The real renderer inside confined workers."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from PIL import Image

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import BrokenImageError, CostLimitError, ImageError, RenderTimeoutError
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.parent.signing import load_key
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob
from tests.support.signing_certificates import write_chain

OpenPool = Callable[..., Awaitable[Any]]
LONG = 60.0
TEXT = b"""<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60">
<rect width="200" height="60" fill="#fed"/><text x="5" y="45" font-size="40" font-family="sans-serif">Mememime</text>
</svg>"""


def picture(format_: str, width: int = 320, height: int = 240) -> bytes:
    """A gradient with some noise."""
    bands = [Image.radial_gradient("L"), Image.linear_gradient("L"), Image.effect_noise((256, 256), 60)]
    image = Image.merge("RGB", bands)
    out = io.BytesIO()
    image.resize((width, height)).save(out, format_)
    return out.getvalue()


async def render(pool: Pool, data: bytes, plan: Plan, seconds: float = LONG) -> Any:
    descriptor = memfd("original", data)
    try:
        return await pool.run(WorkerJob("render", plan), descriptor, seconds)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
async def test_operations_render_returns_a_smaller_picture(open_pool: OpenPool, source: str) -> None:
    pool = (await open_pool(size=1)).pool
    result = await render(pool, picture(source), Plan(width=80, format="png"))
    info = result.variant
    assert Image.open(io.BytesIO(result.variant.body)).size == (80, 60) == (info.width, info.height)
    assert (info.source_format, info.source_width, info.source_height) == (source.lower(), 320, 240)
    assert info.rendered


async def test_operations_confinement_changes_no_picture(open_pool: OpenPool) -> None:
    confined = (await open_pool(size=1)).pool
    free = (await open_pool(size=1, sandbox=False)).pool
    jobs = [(picture("JPEG"), format_) for format_ in ("jpeg", "png", "webp", "gif", "avif", "tiff", "bmp", "ico")]
    # Text needs fonts, and they are looked for in the file system.
    for data, format_ in [*jobs, (TEXT, "png")]:
        plan = Plan(width=100, format=format_)
        one, other = await render(confined, data, plan), await render(free, data, plan)
        assert one.variant == other.variant


async def test_operations_jpegli_encodes_in_confined_workers() -> None:
    config = RenderConfig(jpeg_encoder="jpegli", jpeg_progressive=True)
    data, plan = picture("JPEG"), Plan(width=100, format="jpeg")
    pool = Pool(PoolConfig(size=1), config)
    await pool.start()
    try:
        result = await render(pool, data, plan)
        assert {"landlock", "seccomp"} <= {layer.partition(" ")[0] for layer in pool.sandbox}
    finally:
        await pool.close(0)
    assert bytes(result.variant.body) == bytes(Renderer(config).render(data, plan).body)


async def test_operations_manifests_are_signed_by_the_service_for_confined_workers(tmp_path: Path) -> None:
    key = load_key(*write_chain(tmp_path), "es256")
    asked = []

    def sign(data: bytes) -> bytes:
        asked.append(data)
        return key.sign(data)

    pool = Pool(PoolConfig(size=1, identity=key.identity, sign=sign), RenderConfig(c2pa="always"))
    await pool.start()
    try:
        result = await render(pool, picture("JPEG"), Plan(width=100, format="webp"))
        plan = Plan(info=InfoFields(c2pa=True))
        descriptor = memfd("original", result.variant.body)
        described = await pool.run(WorkerJob("info", plan), descriptor, LONG)
        os.close(descriptor)
        assert {"landlock", "seccomp"} <= {layer.partition(" ")[0] for layer in pool.sandbox}
        assert pool.stats().restarts == {}
    finally:
        await pool.close(0)
    assert len(asked) == 1
    assert json.loads(described.variant.body)["c2pa"]["trusted"]


async def test_operations_watermark_reaches_the_workers() -> None:
    mark = io.BytesIO()
    Image.new("RGB", (10, 10), (255, 0, 0)).save(mark, "PNG")
    white = io.BytesIO()
    Image.new("RGB", (40, 40), (255, 255, 255)).save(white, "PNG")
    pool = Pool(PoolConfig(size=1), RenderConfig(), mark.getvalue())
    await pool.start()
    try:
        body = (await render(pool, white.getvalue(), Plan(watermark=Watermark(1.0), format="png"))).variant.body
    finally:
        await pool.close(0)
    result = Image.open(io.BytesIO(body)).convert("RGB")
    assert result.getpixel((20, 20)) == (255, 0, 0)
    assert result.getpixel((1, 1)) == (255, 255, 255)


async def test_operations_errors_of_the_renderer_arrive(open_pool: OpenPool) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    with pytest.raises(ImageError):
        await render(observed.pool, b"no picture at all", Plan(width=10))
    with pytest.raises(ImageError):
        await render(observed.pool, b"", Plan(width=10))
    with pytest.raises(BrokenImageError):
        await render(observed.pool, picture("PNG")[:40], Plan(width=10))
    assert observed.pool.stats().restarts == {}


async def test_operations_encoder_that_cannot_end_in_time_is_not_begun() -> None:
    pool = Pool(PoolConfig(size=1), RenderConfig(avif_speed=0))
    await pool.start()
    try:
        with pytest.raises(CostLimitError, match="CPU time are needed"):
            await render(pool, picture("PNG", 2000, 1500), Plan(format="avif"), 1.0)
        assert pool.stats().restarts == {}
    finally:
        await pool.close(0)


async def test_operations_call_that_lasts_ends_at_the_deadline(open_pool: OpenPool) -> None:
    pool = (await open_pool(size=1)).pool
    before = set(pool.pids())
    with pytest.raises(RenderTimeoutError):
        await run(pool, f"cost:modern 1.9 {1 << 30} 1000000 encode:2000", b"an original", 1.0)
    while len(before & set(pool.pids())) == len(before):  # noqa: ASYNC110 - no event without a callback
        await asyncio.sleep(0.005)
    gone = before - set(pool.pids())
    assert not any(psutil.pid_exists(pid) for pid in gone)


async def test_operations_memory_levels_off(open_pool: OpenPool) -> None:
    observed = await open_pool(size=1, max_jobs=0, max_rss=0)
    data = picture("JPEG", 1600, 1200)

    async def resident(jobs: int) -> int:
        for _ in range(jobs):
            await render(observed.pool, data, Plan(width=200, format="webp"))
        return max(psutil.Process(pid).memory_info().rss for pid in observed.pool.pids())

    early = await resident(20)
    assert await resident(60) < early + (8 << 20)


async def run(pool: Pool, operation: str, data: bytes, seconds: float = LONG) -> bytes:
    descriptor = memfd("original", data)
    try:
        return bytes((await pool.run(WorkerJob(operation, Plan()), descriptor, seconds)).variant.body)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
async def test_operations_facts_come_out_of_a_confined_worker(open_pool: OpenPool, source: str) -> None:
    pool = (await open_pool(size=1)).pool
    data = picture(source)
    found = msgspec.msgpack.decode(await run(pool, "inspect", data), type=AssetFacts)
    assert (found.format, found.width, found.height) == (source.lower(), 320, 240)
    assert found == inspect(data, Plan().limits, RenderConfig())


@pytest.mark.parametrize("source", ["JPEG", "PNG"])
async def test_operations_confined_worker_packs_again(open_pool: OpenPool, source: str) -> None:
    pool = (await open_pool(size=1)).pool
    data = picture(source)
    packed = await run(pool, "repack", data)
    assert 0 < len(packed) < len(data)
    assert Image.open(io.BytesIO(packed)).tobytes() == Image.open(io.BytesIO(data)).tobytes()
    assert await run(pool, "repack", packed) == b""


async def test_operations_truncated_original_is_refused_and_the_worker_continues(open_pool: OpenPool) -> None:
    pool = (await open_pool(size=1)).pool
    whole = picture("PNG")
    for operation in ("inspect", "repack"):
        with pytest.raises(ImageError):
            await run(pool, operation, whole[: len(whole) // 2])
    assert await run(pool, "inspect", whole)
    assert not pool.stats().restarts
