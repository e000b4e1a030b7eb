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


class ObservedPool:
    """A pool whose events can be waited for."""

    def __init__(self, **config: Any) -> None:
        self.events: list[PoolEvent] = []
        self._changed = asyncio.Event()
        self.pool = Pool(PoolConfig(test_operations=True, **config), RenderConfig(), on_event=self._note)

    def _note(self, event: PoolEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds; looked at after every event, and now and then."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await self._changed.wait()

    async def wait_until_ended(self, reason: str, count: int = 1) -> None:
        """Wait until ``count`` workers have ended for ``reason``."""
        await self.wait_until(lambda: self.pool.stats().restarts.get(reason, 0) >= count)

    async def wait_until_complete(self) -> None:
        """Wait until all workers and the spare are there and every process that ended is reaped."""
        whole = self.pool.config.size + 1
        await self.wait_until(lambda: self.pool.stats().workers == whole == len(self.pool.pids()))


def _descriptors_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def descriptors_open() -> Callable[[], int]:
    """A function that counts this process's descriptors."""
    return _descriptors_open


@pytest.fixture
async def open_pool() -> AsyncIterator[Callable[..., Awaitable[ObservedPool]]]:
    """A function that starts a pool with the given configuration; closed at the end of the test."""
    opened: list[ObservedPool] = []

    async def start(**config: Any) -> ObservedPool:
        observed = ObservedPool(**config)
        await observed.pool.start()
        opened.append(observed)
        return observed

    yield start
    for observed in opened:
        await observed.pool.close(0)


@pytest.fixture
def source() -> Iterator[int]:
    """A descriptor of an original of a few bytes."""
    descriptor = memfd("original", b"an original")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def remaining_processes() -> Callable[[], list[psutil.Process]]:
    """Return a function that lists the processes which a test has started and not ended.

    Servers that other tests share were there before the test, and may start processes of their own at any time
    (PostgreSQL its autovacuum, a browser its renderers): descendants of theirs do not count.
    """
    before = set(psutil.Process().children(recursive=True))

    def find() -> list[psutil.Process]:
        remaining = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process not in before and before.isdisjoint(process.parents()):
                    remaining.append(process)
        return remaining

    return find
