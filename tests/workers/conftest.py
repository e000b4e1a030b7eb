from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mememime_proxy.memfd import memfd
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig, PoolEvent

PATIENCE = 30.0


class Watched:
    """A pool whose events can be waited for."""

    def __init__(self, **config: Any) -> None:
        self.events: list[PoolEvent] = []
        self._changed = asyncio.Event()
        self.pool = Pool(PoolConfig(test_operations=True, **config), RenderConfig(), on_event=self._note)

    def _note(self, event: PoolEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds; looked at after every event, and now and then."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await self._changed.wait()

    async def until_gone(self, reason: str, count: int = 1) -> None:
        """Wait until ``count`` workers have ended for ``reason``."""
        await self.until(lambda: self.pool.stats().restarts.get(reason, 0) >= count)

    async def until_whole(self) -> None:
        """Wait until all workers and the spare are there and every process that ended is reaped."""
        whole = self.pool.config.size + 1
        await self.until(lambda: self.pool.stats().workers == whole == len(self.pool.pids()))


def _descriptors_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def descriptors_open() -> Callable[[], int]:
    """A function that counts this process's descriptors."""
    return _descriptors_open


@pytest.fixture
async def open_pool() -> AsyncIterator[Callable[..., Awaitable[Watched]]]:
    """A function that starts a pool with the given configuration; closed at the end of the test."""
    opened: list[Watched] = []

    async def start(**config: Any) -> Watched:
        watched = Watched(**config)
        await watched.pool.start()
        opened.append(watched)
        return watched

    yield start
    for watched in opened:
        await watched.pool.close(0)


@pytest.fixture
def source() -> Iterator[int]:
    """A descriptor of an original of a few bytes."""
    descriptor = memfd("original", b"an original")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def left_behind() -> Callable[[], list[psutil.Process]]:
    """Processes below this one that a test has left; servers that other tests share were there before it."""
    before = set(psutil.Process().children(recursive=True))
    return lambda: [child for child in psutil.Process().children(recursive=True) if child not in before]
