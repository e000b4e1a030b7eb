"""Which items run at the same time in one process: any number of them, or one alone.

An item that ends its process ends whatever else runs there. One that may have done so runs alone, so that a second loss
is its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from mememime_proxy.errors import JobWorkerLostError
from mememime_proxy.jobs.model import Chunk
from mememime_proxy.jobs.retries import MAX_LOSSES, NO_ITEM


class ItemIsolation:
    """The items that run in this process."""

    def __init__(self) -> None:
        self._running = 0
        self._alone = 0
        """Items that run alone, or wait for that; no other begins before they have ended."""
        self._ended = asyncio.Event()
        """Set, and replaced, when an item ends."""

    @contextlib.asynccontextmanager
    async def begun(self, chunk: Chunk, item: int) -> AsyncIterator[JobWorkerLostError | None]:
        """Run an item of a chunk when it may begin; yield the error in place of its outcome, if it is not to run."""
        losses = chunk.losses.items.get(item, 0)
        if losses >= MAX_LOSSES:
            yield JobWorkerLostError(f"{losses} workers were lost while they ran this item")
            return
        if losses:
            await chunk.begin_item(NO_ITEM)  # while this one waits, others run
        async with self._alone_in_process() if losses else self._among_others():
            if chunk.runs_one_by_one:
                await chunk.begin_item(item)
            yield None

    @contextlib.asynccontextmanager
    async def _among_others(self) -> AsyncIterator[None]:
        while self._alone:
            await self._ended.wait()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._wake()

    @contextlib.asynccontextmanager
    async def _alone_in_process(self) -> AsyncIterator[None]:
        self._alone += 1
        try:
            while self._running:
                await self._ended.wait()
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1
        finally:
            self._alone -= 1
            self._wake()

    def _wake(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()
