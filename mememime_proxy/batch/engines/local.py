"""The engine `local`: chunks run in this process, without a database. What the destination lists says what is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from mememime_proxy.batch.model import BatchHandler, BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.runner import ChunkRunner
from mememime_proxy.batch.spec import ErrorLimit
from mememime_proxy.batch.totals import BatchTotals
from mememime_proxy.errors import TooManyErrorsError
from mememime_proxy.jobs.model import Items

_CHUNKS: Final = 2
"""Chunks at a time: the last items of one leave workers free for the next."""
_COUNTED: Final = {
    UnitState.DONE: Items(done=1),
    UnitState.SKIPPED: Items(skipped=1),
    UnitState.FAILED: Items(failed=1),
}


class LocalEngine:
    """Runs chunks in this process."""

    def __init__(
        self,
        handler: BatchHandler,
        width: int,
        limit: ErrorLimit,
        totals: BatchTotals,
        on_outcome: Callable[[UnitOutcome], object],
    ) -> None:
        """``width``: originals at a time in one chunk. ``on_outcome`` is called for each unit, after it is counted."""
        self._limit = limit
        self._totals = totals
        self._on_outcome = on_outcome
        self._runner = ChunkRunner(handler, width, self._count)
        self._exceeded = asyncio.Event()

    async def run(self, chunks: AsyncGenerator[list[BatchItem], None]) -> None:
        """Run all chunks. TooManyErrorsError, once those that run have been cancelled; the errors of the input."""
        work = asyncio.ensure_future(self._run_all(chunks))
        exceeded = asyncio.ensure_future(self._exceeded.wait())
        try:
            await asyncio.wait((work, exceeded), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                failed = self._totals.counts.failed
                raise TooManyErrorsError(f"{failed} of {self._totals.ended} failed, more than --max-errors allows")
            work.result()
        finally:
            for task in (work, exceeded):
                task.cancel()
            await asyncio.gather(work, exceeded, return_exceptions=True)

    async def _run_all(self, chunks: AsyncGenerator[list[BatchItem], None]) -> None:
        running: set[asyncio.Task[object]] = set()
        try:
            async with aclosing(chunks) as stream:
                async for chunk in stream:
                    running.add(asyncio.create_task(self._runner.run(chunk)))
                    if len(running) >= _CHUNKS:
                        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                        for task in ended:
                            task.result()
            for task in list(running):
                await task
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _count(self, outcome: UnitOutcome) -> None:
        self._totals.add(_COUNTED[outcome.state], outcome.size)
        self._on_outcome(outcome)
        if self._limit.is_exceeded(self._totals.counts.failed, self._totals.ended):
            self._exceeded.set()
