"""A pool that is started when its first job comes."""

import asyncio
from typing import Any, ClassVar

import pytest

from mememime_proxy.errors import ShuttingDownError, WorkerError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.workers import pool_on_demand
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.pool_on_demand import PoolOnDemand


class FakePool:
    made: ClassVar[list[Any]] = []
    fails = False

    def __init__(self, *_args, **_more):
        self.made.append(self)
        self.is_closed = False

    async def start(self):
        await asyncio.sleep(0)
        if self.fails:
            raise WorkerError("no worker")

    async def close(self, _seconds):
        self.is_closed = True


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(FakePool, "made", [])
    monkeypatch.setattr(FakePool, "fails", False)
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
