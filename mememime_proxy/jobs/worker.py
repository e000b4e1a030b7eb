"""The worker: takes chunks from the queue, runs their handlers under a lease, and records how they end."""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeVar

from mememime_proxy.errors import DatabaseError, JobTimeoutError, MememimeError, StorageFullError
from mememime_proxy.jobs.claims import LEASE, Busy, ChunkClaim, ChunkLostError, Claims
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.metrics import JobMetrics
from mememime_proxy.jobs.model import ChunkKey, ChunkOutcome, JobRow
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.service.logs import limited_logger

T = TypeVar("T")
_CANCEL_POLL: Final = 0.2
"""Seconds between two looks whether the jobs of running chunks were cancelled."""
_RECORD_INTERVAL: Final = 0.5
"""Seconds between two attempts to record the end of a chunk while the database is away."""
_CLAIM_RETRY: Final = 2.0
"""Seconds after which a chunk is brought again that could not be claimed, since the database is away."""


class _Stop(enum.Enum):
    """Why a handler was cancelled."""

    JOB_CANCELLED = "cancelled"
    LEASE_LOST = "lost"
    WORKER_STOPS = "released"


@dataclass(slots=True)
class _Run:
    """A chunk whose handler runs."""

    claim: ChunkClaim
    task: asyncio.Task[ChunkOutcome]
    stop: _Stop | None = None

    def cancel(self, reason: _Stop) -> None:
        if self.stop is None:
            self.stop = reason
            self.task.cancel()


class JobWorker:
    """Runs chunks, at most ``slots`` at a time, from ``start`` to ``close``."""

    def __init__(
        self,
        claims: Claims,
        queue: JobQueue,
        kinds: Collection[JobKind],
        metrics: JobMetrics,
        slots: int,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_end``: called when a job has ended here."""
        self._claims = claims
        self._queue = queue
        self._kinds = {kind.name: kind for kind in kinds}
        self._metrics = metrics
        self._slots = slots
        self._on_end = on_end
        self._runs: dict[ChunkKey, _Run] = {}
        self._closing = False
        self._log = limited_logger("error")
        metrics.watch_running(lambda: len(self._runs))

    def start(self) -> None:
        """Begin to take chunks."""
        self._loop = asyncio.create_task(self._queue.run(self._kinds.values(), self._slots, self._deliver))
        self._watchers = [asyncio.create_task(work()) for work in (self._renew, self._watch_cancellations)]

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - for handlers to end by themselves
        """Take no more chunks, wait for those that run, and give back what has not ended after ``timeout`` seconds."""
        self._queue.stop()
        await asyncio.wait((self._loop,), timeout=timeout)
        self._closing = True
        for run in self._runs.values():
            run.cancel(_Stop.WORKER_STOPS)
        await asyncio.wait((self._loop,), timeout=LEASE / 1000)
        tasks = (self._loop, *self._watchers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, key: ChunkKey) -> float | None:
        """Run a chunk; return the seconds after which it is to be brought again."""
        if self._closing:
            return 0.0
        try:
            claim = await self._claims.claim(key)
        except (DatabaseError, StorageFullError) as error:
            self._log.warning("chunk.claim_failed", error=error.code, detail=error.detail)
            return _CLAIM_RETRY
        if isinstance(claim, Busy):
            return claim.seconds
        if claim is None:
            self._on_end()  # it may have been the last one of its job
            return None
        return await self._run(claim)

    async def _run(self, claim: ChunkClaim) -> float | None:
        chunk, kind, started = claim.chunk, self._kinds[claim.chunk.kind], time.perf_counter()
        chunk.begin_item = lambda item: self._begin_item(chunk.key, item)
        task = asyncio.ensure_future(kind.run(chunk))
        run = self._runs[chunk.key] = _Run(claim, task)
        try:
            await asyncio.wait((task,), timeout=kind.timeout)
            timed_out = not task.done()
            task.cancel()
            await asyncio.wait((task,))
            result, end = await self._record(run, timed_out=timed_out)
        finally:
            task.cancel()
            del self._runs[chunk.key]
        self._metrics.count_chunk(chunk.kind, result, time.perf_counter() - started)
        if isinstance(end, Busy):
            return end.seconds
        if end is not None and end.has_ended:
            self._log.info("job.ended", job=end.id, kind=end.kind, state=end.state, error=end.error_code)
            self._on_end()
        return None

    async def _begin_item(self, key: ChunkKey, item: int) -> None:
        run = self._runs[key]
        try:
            await self._persist(lambda: self._claims.begin_item(run.claim, item))
        except ChunkLostError:
            run.cancel(_Stop.LEASE_LOST)
            await asyncio.get_running_loop().create_future()  # which ends by that cancellation

    async def _record(self, run: _Run, *, timed_out: bool) -> tuple[str, JobRow | Busy | None]:
        """Record how a handler has ended; return the result for the metrics, and the job or when to repeat it."""
        claim, claims = run.claim, self._claims
        error = self._error(run, timed_out=timed_out)
        if run.stop is _Stop.LEASE_LOST:
            return self._lost(claim), None
        try:
            if error is None:
                outcome = run.task.result()
                try:
                    return "done", await self._persist(lambda: claims.finish(claim, outcome))
                except ChunkLostError:
                    raise
                except Exception as failure:  # noqa: BLE001 - of ``outcome.finish``, which belongs to the kind
                    error = self._known(claim, failure)
            if run.stop is _Stop.JOB_CANCELLED:
                return "cancelled", await self._persist(lambda: claims.cancel(claim))
            if run.stop is _Stop.WORKER_STOPS:
                await self._persist(lambda: claims.release(claim))
                return "released", Busy(0.0)
            found = error
            end = await self._persist(lambda: claims.fail(claim, found))
        except ChunkLostError:
            return self._lost(claim), None
        self._log.warning(
            "chunk.failed",
            job=claim.chunk.key.job,
            chunk=claim.chunk.key.number,
            error=getattr(error, "code", MememimeError.code),
            detail=str(error),
            retried=isinstance(end, Busy),
        )
        return "retried" if isinstance(end, Busy) else "failed", end

    def _lost(self, claim: ChunkClaim) -> str:
        self._log.warning("chunk.lost", job=claim.chunk.key.job, chunk=claim.chunk.key.number)
        return "lost"

    def _error(self, run: _Run, *, timed_out: bool) -> MememimeError | OSError | None:
        """Return the error that a handler ended with; None for an outcome."""
        task, key = run.task, run.claim.chunk.key
        if task.cancelled():
            if timed_out:
                return JobTimeoutError(
                    f"chunk {key.number} took more than {self._kinds[run.claim.chunk.kind].timeout} s"
                )
            return MememimeError("the handler was cancelled")
        error = task.exception()
        return None if error is None else self._known(run.claim, error)

    def _known(self, claim: ChunkClaim, error: BaseException) -> MememimeError | OSError:
        """Return an error that the tables have a code for; one of the kind's code is in the log with its traceback."""
        if isinstance(error, MememimeError | OSError):
            return error
        self._log.error("chunk.crashed", job=claim.chunk.key.job, chunk=claim.chunk.key.number, exc_info=error)
        return MememimeError(f"{type(error).__name__}: {error}")

    async def _persist(self, record: Callable[[], Awaitable[T]]) -> T:
        """Record until the database is there: the lease protects the chunk while nobody else can take it either."""
        while True:
            try:
                return await record()
            except (DatabaseError, StorageFullError) as error:
                if self._closing:
                    raise ChunkLostError from error
                self._log.warning("chunk.record_failed", error=error.code, detail=error.detail)
                await asyncio.sleep(_RECORD_INTERVAL)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 3000)
            if not self._runs:
                continue
            try:
                lost = await self._claims.renew([run.claim for run in self._runs.values()])
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("chunk.renewal_failed", error=error.code, detail=error.detail)
                continue
            for claim in lost:
                # A chunk that has ended meanwhile has no lease either.
                if (run := self._runs.get(claim.chunk.key)) is not None and run.claim is claim and not run.task.done():
                    run.cancel(_Stop.LEASE_LOST)

    async def _watch_cancellations(self) -> None:
        while True:
            await asyncio.sleep(_CANCEL_POLL)
            if not self._runs:
                continue
            try:
                jobs = await self._claims.cancelling({key.job for key in self._runs})
            except (DatabaseError, StorageFullError):
                continue  # in the log by the renewal
            for key, run in self._runs.items():
                if key.job in jobs:
                    run.cancel(_Stop.JOB_CANCELLED)
