"""The kind of jobs that a batch is: runs one chunk in a worker of jobs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import msgspec

from mememime_proxy.batch.commands import find_command
from mememime_proxy.batch.engines.item_isolation import ItemIsolation
from mememime_proxy.batch.metrics import BatchMetrics
from mememime_proxy.batch.model import BatchHandler, BatchItem, UnitLine, UnitOutcome
from mememime_proxy.batch.parts import BatchParts
from mememime_proxy.batch.runner import ChunkResult, ChunkRunner
from mememime_proxy.batch.spec import JOB_KIND, BatchSpec
from mememime_proxy.errors import JobStateError, MememimeError, TooManyErrorsError
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import Chunk, ChunkOutcome, Items
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.retries import MAX_TRIES, passes

_ITEM_TRIES: Final = 3
"""Tries of an item in one run of its chunk; a chunk with errors that pass runs again."""
_HANDLERS: Final = 4
"""Handlers that are open at once, of the batches that had a chunk last."""


class BatchChunks:
    """Runs the chunks of batches in one worker."""

    def __init__(self, parts: BatchParts, jobs: Jobs, metrics: BatchMetrics) -> None:
        self._parts = parts
        self._jobs = jobs
        self._metrics = metrics
        self._handlers: OrderedDict[BatchKey, _OpenHandler] = OrderedDict()
        self._lock = asyncio.Lock()
        self._isolation = ItemIsolation()

    def kind(self) -> JobKind:
        """Return the kind of jobs."""
        return JobKind(name=JOB_KIND, run=self.run, isolates=True)

    async def close(self) -> None:
        """Close all handlers."""
        for handler in self._handlers.values():
            await handler.stack.aclose()

    async def run(self, chunk: Chunk) -> ChunkOutcome:
        """Run a chunk. What failed is stored with its end; its first error is that of the chunk."""
        spec = msgspec.convert(chunk.job_input, BatchSpec)
        items = msgspec.convert(chunk.payload, list[BatchItem])
        self._metrics.observe_lag(time.time() - chunk.due / 1000)
        await self._stop_if_exceeded(chunk, spec)
        async with self._opened(spec) as handler:

            def count(outcome: UnitOutcome) -> None:
                self._metrics.count(spec.name, outcome)

            def report(result: ChunkResult) -> None:
                chunk.report(result.position, result.counted)

            width = 1 if chunk.runs_one_by_one else find_command(spec.command).width(self._parts.settings)
            runner = ChunkRunner(handler, width, count, _ITEM_TRIES)
            counts = Items(*chunk.counts) if chunk.position else Items()
            begun = ChunkResult(counts=counts, counted=counts, position=chunk.position)
            report(begun)
            result = await runner.run(items, begun, report, partial(self._isolation.begun, chunk))
        if not result.failures:
            return ChunkOutcome(counts=result.counts)
        raise self._failure(chunk, result)

    async def _stop_if_exceeded(self, chunk: Chunk, spec: BatchSpec) -> None:
        """Cancel the job where too many of its units have failed. TooManyErrorsError."""
        job = await self._jobs.find(chunk.key.job, None)
        failed, ended = job.counts.failed, sum(job.counts)
        if spec.max_errors.is_exceeded(failed, ended):
            with contextlib.suppress(JobStateError):
                await self._jobs.cancel(job.id, None)
            raise TooManyErrorsError(f"{failed} of {ended} failed, more than --max-errors allows")

    def _failure(self, chunk: Chunk, result: ChunkResult) -> MememimeError | OSError:
        """Return the error of a chunk: one that passes, if it is to run again."""
        errors = [outcome.error for outcome in result.failures if outcome.error is not None]
        passing = next((error for error in errors if passes(error)), None)
        if passing is not None and chunk.tries + 1 < MAX_TRIES:
            return passing
        chunk.report(result.position, result.counts)
        chunk.results = [msgspec.to_builtins(UnitLine.of(outcome)) for outcome in result.failures]
        # The chunk has ended: an error that passes would let it run again.
        return next((error for error in errors if not passes(error)), errors[0])

    @contextlib.asynccontextmanager
    async def _opened(self, spec: BatchSpec) -> AsyncIterator[BatchHandler]:
        """Yield the open handler of a batch; those of other batches are closed when nobody uses them."""
        key = (spec.name, msgspec.json.encode(spec.parameters))
        async with self._lock:
            if key not in self._handlers:
                stack = contextlib.AsyncExitStack()
                handler = await stack.enter_async_context(find_command(spec.command).open(self._parts, spec))
                self._handlers[key] = _OpenHandler(handler, stack)
            opened = self._handlers[key]
            opened.users += 1
            self._handlers.move_to_end(key)
        try:
            yield opened.handler
        finally:
            opened.users -= 1
            await self._close_unused()

    async def _close_unused(self) -> None:
        async with self._lock:
            for key in list(self._handlers)[:-_HANDLERS]:
                if not self._handlers[key].users:
                    await self._handlers.pop(key).stack.aclose()


BatchKey = tuple[str, bytes]


class _OpenHandler:
    """A handler, and who uses it."""

    def __init__(self, handler: BatchHandler, stack: contextlib.AsyncExitStack) -> None:
        self.handler = handler
        self.stack = stack
        self.users = 0
