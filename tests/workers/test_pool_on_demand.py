"""A pool that is started when its first job comes."""

import asyncio
from typing import Any, ClassVar

import pytest

from mememime_proxy.errors import ShuttingDownError, WorkerError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.workers import pool_on_demand
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.pool_on_demand import PoolOnDemand
from tests.support.waiting import wait_until


class FakePool:
    made: ClassVar[list[Any]] = []
    gate = asyncio.Event()
    fails = False

    def __init__(self, _config, _render_config, watermark, **_more):
        self.made.append(self)
        self.watermark = watermark
        self.is_closed = False

    async def start(self):
        await self.gate.wait()
        if self.fails:
            raise WorkerError("no worker")

    async def close(self, _seconds):
        self.is_closed = True


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(FakePool, "made", [])
    monkeypatch.setattr(FakePool, "fails", False)
    monkeypatch.setattr(FakePool, "gate", asyncio.Event())
    FakePool.gate.set()
    monkeypatch.setattr(pool_on_demand, "Pool", FakePool)
    return PoolOnDemand(PoolConfig(), MemoryBudget(0), lambda _event: None)


async def test_pool_is_started_once_by_the_first_who_wants_it(pool):
    assert (pool.pool, pool.stats(), pool.forgive("local:///a")) == (None, None, 0)
    first, second = await asyncio.gather(pool.get(), pool.get())
    assert first is second is pool.pool
    assert len(FakePool.made) == 1


async def test_pool_that_does_not_start_is_not_started_again_at_once(pool, monkeypatch):
    monkeypatch.setattr(FakePool, "fails", True)
    for _ in range(2):
        with pytest.raises(WorkerError, match="no worker"):
            await pool.get()
    assert len(FakePool.made) == 1
    monkeypatch.setattr(pool, "_retry_at", 0.0)
    monkeypatch.setattr(FakePool, "fails", False)
    assert await pool.get() is FakePool.made[1]


async def test_closed_pool_is_not_started(pool):
    started = await pool.get()
    await pool.close()
    assert started.is_closed
    with pytest.raises(ShuttingDownError):
        await pool.get()


async def test_another_watermark_comes_with_another_pool(pool):
    former = await pool.get()
    pool.use_watermark(None)
    assert pool.pool is former, "it is the same one"
    pool.use_watermark(b"picture")
    assert pool.pool is None
    assert (await pool.get()).watermark == b"picture"
    await pool.close()
    assert former.is_closed


async def test_watermark_that_changes_during_the_start_is_the_one_in_use(pool):
    FakePool.gate.clear()
    starting = asyncio.create_task(pool.get())
    await wait_until(lambda: FakePool.made)
    pool.use_watermark(b"picture")
    FakePool.gate.set()
    assert await starting is pool.pool
    first, second = FakePool.made
    assert (first.watermark, first.is_closed, second.watermark) == (None, True, b"picture")
