"""A pool of workers that is started when its first job comes: most services have none for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mememime_proxy.errors import ShuttingDownError, WorkerError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.pool import Pool, PoolEvent, PoolStats

_RETRY_DELAY: Final = 10.0
"""Seconds after which workers that did not start are started again."""
_RETIREMENT: Final = 60.0
"""Seconds in which workers that are replaced may end their jobs."""


class PoolOnDemand:
    """Starts its pool once, however many wait for it."""

    def __init__(self, config: PoolConfig, budget: MemoryBudget, on_event: Callable[[PoolEvent], None]) -> None:
        self._config = config
        self._budget = budget
        self._on_event = on_event
        self._watermark: bytes | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._pool: Pool | None = None
        self._starting: asyncio.Task[Pool] | None = None
        self._is_closed = False
        self._failure = ""
        self._retry_at = 0.0
        """When the workers may be started again after ``_failure``, on the event loop's clock."""

    @property
    def pool(self) -> Pool | None:
        """The pool; None while no job has come."""
        return self._pool

    async def get(self) -> Pool:
        """Return the pool. WorkerError where it does not start, ShuttingDownError."""
        if self._is_closed:
            raise ShuttingDownError
        if self._pool is not None:
            return self._pool
        if self._failure and asyncio.get_running_loop().time() < self._retry_at:
            raise WorkerError(self._failure)
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # A request that is cancelled leaves the start to the others.
        return await asyncio.shield(self._starting)

    def use_watermark(self, watermark: bytes | None) -> None:
        """Lay another watermark over results: workers that have the former one end their jobs, and are replaced."""
        if watermark == self._watermark:
            return
        self._watermark = watermark
        if self._pool is not None:
            task = asyncio.create_task(self._pool.close(_RETIREMENT))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
            self._pool = None

    async def _start(self) -> Pool:
        try:
            pool = await self._start_pool()
        except WorkerError as error:
            self._failure, self._retry_at = error.detail, asyncio.get_running_loop().time() + _RETRY_DELAY
            raise
        finally:
            self._starting = None
        self._pool = pool
        return pool

    async def _start_pool(self) -> Pool:
        """Return workers that are ready, with the watermark that is in use then."""
        while True:
            watermark = self._watermark
            pool = Pool(self._config, RenderConfig(), watermark, budget=self._budget, on_event=self._on_event)
            await pool.start()
            if watermark == self._watermark:
                return pool
            await pool.close(0)

    def stats(self) -> PoolStats | None:
        """Return the current numbers of the pool; None while no job has come."""
        return None if self._pool is None else self._pool.stats()

    def forgive(self, source: str) -> int:
        """End the quarantine of what came from the URL ``source``; return how much it was."""
        return 0 if self._pool is None else self._pool.forgive(source)

    async def close(self) -> None:
        """End the workers."""
        self._is_closed = True
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close(0)
        await asyncio.gather(*self._retiring, return_exceptions=True)
