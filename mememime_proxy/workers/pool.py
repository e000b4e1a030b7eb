"""A pool of worker processes: jobs in, results out. A job that crashes its process costs no other job.

Guarantees, once ``start`` has returned:

- At most ``size`` jobs run at once, each alone in its process.
- ``run`` ends at its deadline: the worker is killed, and no CPU is spent on the job any more.
- A job is given to another worker when its first one died before reading it, and never otherwise.
- Cancelling ``run`` frees its place at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from mememime_proxy.errors import (
    BrokenImageError,
    MememimeError,
    OverloadError,
    QueueFullError,
    RenderTimeoutError,
    ShuttingDownError,
    WorkerError,
    error_from_code,
)
from mememime_proxy.memfd import close_all, read_all
from mememime_proxy.plan import RenderConfig
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.parent.exit_status import WorkerExit
from mememime_proxy.workers.parent.worker_process import Worker
from mememime_proxy.workers.parent.zygote_supervisor import ZygoteSupervisor
from mememime_proxy.workers.quarantine import Quarantine
from mememime_proxy.workers.stats import PoolEvent, PoolStats
from mememime_proxy.workers.wire import WorkerJob
from mememime_proxy.workers.worker_set import WorkerSet

__all__ = ["JobResult", "Pool", "PoolConfig", "PoolEvent", "PoolStats", "WorkerJob"]

_LARGE: Final = 1 << 20
"""Bytes from which a result is read outside the event loop (half a millisecond)."""
_KILL_TIMEOUT: Final = 5.0
"""Seconds that killed processes have to be reaped at the end; one in uninterruptible I/O may need longer."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of a job, with the seconds that it waited for a worker and ran in it."""

    variant: Variant[bytes]
    queue_seconds: float
    render_seconds: float


@dataclass(slots=True, eq=False)
class _Ticket:
    """A job that waits or runs. ``answer``: the reply and the descriptor of the result."""

    message: bytes
    source: int
    fingerprint: str
    created: float
    answer: asyncio.Future[tuple[wire.ResultReply, int]]
    begun: float = 0.0
    worker: Worker | None = None


class Pool:
    """Create; ``render`` and ``watermark`` are the same for every job."""

    def __init__(
        self,
        config: PoolConfig,
        render: RenderConfig,
        watermark: bytes | None = None,
        *,
        on_event: Callable[[PoolEvent], None] | None = None,
    ) -> None:
        self.config = config
        setup = wire.Setup(render, config.memory_limit, config.max_result, config.sandbox, config.test_operations)
        self._zygotes = ZygoteSupervisor(setup, watermark, self._zygote_up, self._zygote_down)
        self._on_event = on_event or (lambda _event: None)
        self._quarantine = Quarantine()
        self._queue: deque[_Ticket] = deque()
        self._running: dict[Worker, _Ticket] = {}
        self._lost_jobs: dict[Worker, _Ticket] = {}
        self._jobs = 0
        self._retries = 0
        self._mean = 0.0
        self._closing = False
        self._drained = asyncio.Event()

    async def start(self) -> None:
        """Return when ``size`` workers are ready. Raises WorkerError, with the reason, where they do not start."""
        self._loop = asyncio.get_running_loop()
        self._workers = WorkerSet(self.config, self._zygotes, self, self._on_event)
        try:
            await self._zygotes.start()
            self._workers.fill()
            async with asyncio.timeout(self.config.spawn_timeout):
                await self._workers.until_ready()
        except BaseException as error:
            await self.close(0)
            if isinstance(error, TimeoutError):
                raise WorkerError(f"workers do not start: {self._workers.start_error}") from error
            raise

    async def close(self, grace: float) -> None:
        """Accept no more jobs, wait ``grace`` seconds for those in progress, then end every process."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._queue or self._running or self._lost_jobs:
                    self._drained.clear()
                    await self._drained.wait()
        for ticket in (*self._queue, *self._running.values(), *self._lost_jobs.values()):
            _fail(ticket, ShuttingDownError("the service stops"))
        self._queue.clear()
        self._workers.stop()
        self._workers.kill_all("shutdown")
        await self._zygotes.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_TIMEOUT):
                await self._workers.until_gone()

    @property
    def healthy(self) -> bool:
        """Whether a job could be done now or as soon as another ends."""
        return not self._closing and self._workers.ready > 0

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement that hold for every worker."""
        return self._workers.sandbox

    @property
    def zygote_pid(self) -> int:
        """Id of the zygote's process; 0 while there is none."""
        return self._zygotes.pid

    def pids(self) -> tuple[int, ...]:
        """Ids of the workers' processes."""
        return self._workers.pids()

    def stats(self) -> PoolStats:
        """Return the current numbers."""
        return PoolStats(
            size=self.config.size,
            workers=self._workers.ready,
            busy=len(self._running),
            starting=self._workers.starting,
            queued=len(self._queue),
            quarantined=len(self._quarantine),
            zygote_starts=self._zygotes.starts,
            jobs=self._jobs,
            retries=self._retries,
            mean_seconds=self._mean,
            restarts=dict(self._workers.restarts),
            vips=self._workers.vips_memory(),
        )

    async def run(self, job: WorkerJob, source: int, timeout: float, fingerprint: str = "") -> JobResult:  # noqa: ASYNC109
        """Run ``job`` on the file ``source`` within ``timeout`` seconds, including the wait for a worker.

        The descriptor stays the caller's and must stay open until this returns. ``fingerprint`` names the original:
        one that crashes workers is refused for a while. Errors: those of the render; BrokenImageError (quarantine),
        QueueFullError, OverloadError (it would not be begun in time), ShuttingDownError, RenderTimeoutError,
        WorkerCrashError, WorkerKilledError.
        """
        if self._closing:
            raise ShuttingDownError
        if fingerprint and self._quarantine.contains(fingerprint):
            raise BrokenImageError("the original has crashed workers: it is in quarantine")
        message = wire.encode(msgspec.structs.replace(job, deadline=time.monotonic() + timeout))
        ticket = _Ticket(message, source, fingerprint, self._loop.time(), self._loop.create_future())
        self._admit(ticket, timeout)
        timer = self._loop.call_later(timeout, self._expire, ticket)
        try:
            reply, result = await ticket.answer
        except asyncio.CancelledError:
            self._abandon(ticket)
            raise
        finally:
            timer.cancel()
        ended = self._loop.time()
        body = await self._read(result, reply.size)
        variant = msgspec.structs.replace(reply.variant, body=body)
        return JobResult(variant, ticket.begun - ticket.created, ended - ticket.begun)

    async def _read(self, result: int, size: int) -> bytes:
        if size < _LARGE:
            return _read_and_close(result, size)
        # The thread owns the descriptor: it has to close it also where the caller was cancelled.
        return await asyncio.shield(self._loop.run_in_executor(None, _read_and_close, result, size))

    def _admit(self, ticket: _Ticket, timeout: float) -> None:
        """Begin the job or let it wait; refuse it at once when waiting would be in vain."""
        if self._zygotes.failures and not self._workers.ready:
            raise OverloadError("there are no workers: the zygote does not start")
        free = self._workers.idle and len(self._running) < self.config.size
        if self._queue or not free:
            if len(self._queue) >= self.config.queue_size:
                raise QueueFullError(f"{len(self._queue)} requests wait already")
            expected = (len(self._queue) + 1) * self._mean / self.config.size
            if expected > timeout:
                raise OverloadError(f"a wait of {expected:.1f} s is expected, {timeout:.1f} s are left")
        self._queue.append(ticket)
        self.worker_free()

    def _finished(self, ticket: _Ticket) -> None:
        """Count a job that ended in its worker; the mean forgets an eighth at a time, as TCP's round trip time does."""
        self._jobs += 1
        seconds = self._loop.time() - ticket.begun
        self._mean += (seconds - self._mean) / (8 if self._mean else 1)

    def _expire(self, ticket: _Ticket) -> None:
        """Fail a job whose deadline has passed."""
        if ticket.answer.done():
            return
        if ticket in self._queue:
            self._queue.remove(ticket)
            self._drained.set()
            _fail(ticket, RenderTimeoutError("the deadline passed while the request waited for a worker"))
            return
        self._finished(ticket)
        _fail(ticket, RenderTimeoutError("the deadline passed while the picture was rendered"))
        if ticket.worker is not None:
            ticket.worker.kill("deadline")

    def _abandon(self, ticket: _Ticket) -> None:
        """Cancel a job whose caller has gone."""
        if ticket in self._queue:
            self._queue.remove(ticket)
            self._drained.set()
        elif ticket.worker is not None:
            ticket.worker.kill("cancelled")
        if ticket.answer.done() and not ticket.answer.cancelled() and ticket.answer.exception() is None:
            os.close(ticket.answer.result()[1])

    def worker_free(self) -> None:
        """Give waiting jobs, the oldest first, to idle workers (``WorkerSetObserver``)."""
        while self._queue and self._workers.idle and len(self._running) < self.config.size:
            ticket = self._queue.popleft()
            worker = self._workers.take()
            ticket.begun, ticket.worker = self._loop.time(), worker
            self._running[worker] = ticket
            try:
                # If the worker has ended, job_lost has put the ticket back when this returns.
                worker.give(ticket.message, ticket.source)
            except (OSError, wire.WireError) as error:
                self._release(worker)
                self._workers.put_back(worker)
                _fail(ticket, WorkerError(f"the job cannot be handed over: {error}"))

    def job_done(self, worker: Worker, reply: wire.ResultReply | wire.ErrorReply, descriptor: int) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._release(worker)
        self._finished(ticket)
        if ticket.answer.done():
            close_all([descriptor] if descriptor >= 0 else [])
        elif isinstance(reply, wire.ResultReply):
            ticket.answer.set_result((reply, descriptor))
        else:
            if reply.exiting:
                self._quarantine.record(ticket.fingerprint)
            _fail(ticket, error_from_code(reply.code, reply.detail) or WorkerError(reply.detail))

    def job_lost(self, worker: Worker, received: bool) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._release(worker)
        if ticket.answer.done():
            return
        if received:
            self._lost_jobs[worker] = ticket
        else:
            self._retries += 1
            self._queue.appendleft(ticket)

    def job_explained(self, worker: Worker, end: WorkerExit) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._lost_jobs.pop(worker, None)
        self._drained.set()
        if ticket is not None:
            if end.crashed:
                self._quarantine.record(ticket.fingerprint)
            _fail(ticket, end.error())

    def _release(self, worker: Worker) -> _Ticket:
        ticket = self._running.pop(worker)
        ticket.worker = None
        self._drained.set()
        return ticket

    def _zygote_up(self) -> None:
        self._on_event(PoolEvent("zygote-ready", pid=self._zygotes.pid))
        self._workers.fill()

    def _zygote_down(self, stderr: str) -> None:
        self._on_event(PoolEvent("zygote-gone", pid=self._zygotes.pid, detail=stderr))


def _fail(ticket: _Ticket, error: MememimeError) -> None:
    if not ticket.answer.done():
        ticket.answer.set_exception(error)


def _read_and_close(descriptor: int, size: int) -> bytes:
    try:
        return read_all(descriptor, size)
    finally:
        os.close(descriptor)
