"""A pool of worker processes: jobs in, results out. A job that crashes its process costs no other job.

Guarantees, once ``start`` has returned:

- At most ``size`` jobs run at once, each alone in its process, within the CPU time and memory that it was granted.
- What no job has been granted, none takes: grants are reserved in the memory budget first.
- Small jobs wait for small jobs only, where there are two workers or more; flows take turns (``scheduling``).
- ``run`` ends at its deadline: the worker is killed, and no CPU is spent on the job any more.
- A job is given to another worker when its first one died before reading it, when it costs more than was thought, and
  never otherwise.
- Cancelling ``run`` frees its place at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from mememime_proxy.cost import SMALL_RESERVE
from mememime_proxy.decoded import LoadedPixels
from mememime_proxy.errors import OverloadError, QuarantineError, ShuttingDownError, SourceIncompleteError, WorkerError
from mememime_proxy.memfd import read_all
from mememime_proxy.memory_budget import MemoryBudget, Permit, Use
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.dispatcher import JobDispatcher
from mememime_proxy.workers.job_pixels import JobPixels
from mememime_proxy.workers.libraries import outdated
from mememime_proxy.workers.missing_bytes import JobBytes, MissingBytes
from mememime_proxy.workers.parent.zygote_supervisor import ZygoteSupervisor
from mememime_proxy.workers.process_memory import WorkerMemory
from mememime_proxy.workers.quarantine import Quarantine, file_identity
from mememime_proxy.workers.scheduling.cost_model import CostModel
from mememime_proxy.workers.scheduling.flow import NO_FLOW, Flow
from mememime_proxy.workers.scheduling.grants import charged_cpu
from mememime_proxy.workers.scheduling.scheduler import Scheduler
from mememime_proxy.workers.scheduling.ticket import Ticket
from mememime_proxy.workers.stats import PoolEvent, PoolStats
from mememime_proxy.workers.wire import WorkerJob
from mememime_proxy.workers.worker_set import WorkerSet

__all__ = ["Flow", "JobFile", "JobPixels", "JobResult", "Pool", "PoolConfig", "PoolEvent", "PoolStats", "WorkerJob"]

_LARGE: Final = 1 << 20
"""Bytes from which a result is read outside the event loop (half a millisecond)."""
_KILL_TIMEOUT: Final = 5.0
"""Seconds that killed processes have to be reaped at the end; one in uninterruptible I/O may need longer."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """The result of a job as a sealed memory file, which is the owner's to close."""

    variant: Variant[bytes]
    """Without its body."""
    descriptor: int
    size: int
    queue_seconds: float
    render_seconds: float
    permit: Permit | None = None
    """Of the file's memory."""
    cpu_seconds: float = 0.0
    """CPU time of the worker."""
    decoded: LoadedPixels | None = None
    facts: bytes = b""
    """These two: see ``JobResult``."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of a job, with the seconds that it waited for a worker and ran in it."""

    variant: Variant[bytes]
    queue_seconds: float
    render_seconds: float
    permit: Permit | None = None
    """Of the body's memory: whoever holds the body holds this, too."""
    cpu_seconds: float = 0.0
    """CPU time of the worker."""
    decoded: LoadedPixels | None = None
    """What was loaded of the original, where its pixels could be handed back."""
    facts: bytes = b""
    """What was found out about a film, for further jobs of it."""


class Pool:
    """Create; ``render`` and ``watermark`` are the same for every job."""

    def __init__(
        self,
        config: PoolConfig,
        render: RenderConfig,
        watermark: bytes | None = None,
        *,
        budget: MemoryBudget | None = None,
        on_event: Callable[[PoolEvent], None] | None = None,
    ) -> None:
        """``budget``: of the service; without one, memory is not limited."""
        self.config = config
        self.disabled_formats: tuple[str, ...] = ()
        """Formats of originals that no worker reads from now on."""
        self.has_fonts: bool | None = None
        """Whether workers can draw text; None while nobody has looked (``self_test.has_fonts``)."""
        setup = wire.Setup(
            render,
            *(config.memory_limit, config.max_result, config.sandbox, config.test_operations),
            *(config.film, config.niceness, config.fonts_dir, config.identity),
        )
        self._zygotes = ZygoteSupervisor(setup, watermark, self._zygote_up, self._zygote_down)
        self._on_event = on_event or (lambda _event: None)
        self._budget = budget or MemoryBudget(0)
        self._quarantine = Quarantine()
        self._model = CostModel()
        self._memory = WorkerMemory(self._budget)
        self._small_permit: Permit | None = None
        self._closing = False

    async def start(self) -> None:
        """Return when ``size`` workers are ready. Raises WorkerError, with the reason, where they do not start.

        SandboxError where the configuration requires layers of the sandbox that workers do not have.
        """
        self._loop = asyncio.get_running_loop()
        self._scheduler = Scheduler(self.config, self._loop.time)
        self._dispatcher = JobDispatcher(self._scheduler, self._model, self._quarantine, self._budget, self._memory)
        self._workers = WorkerSet(self.config, self._zygotes, self._dispatcher, self._on_event)
        self._dispatcher.workers = self._workers
        self._small_permit = self._budget.reserve_now(self.config.express * SMALL_RESERVE, Use.SMALL_RENDERS)
        try:
            await self._zygotes.start()
            for library, version, least in outdated(self.libraries):
                detail = f"version {version}, expected {least} or newer"
                self._on_event(PoolEvent("library-outdated", library, detail=detail))
            self._workers.fill()
            async with asyncio.timeout(self.config.spawn_timeout):
                await self._workers.until_ready()
            await self._memory.start((self._zygotes.pid, *self.pids()), self.config.size + 1)
        except BaseException as error:
            await self.close(0)
            if isinstance(error, TimeoutError):
                raise WorkerError(f"workers do not start: {self._workers.start_error}") from error
            raise

    async def close(self, grace: float) -> None:
        """Accept no more jobs, wait ``grace`` seconds for those in progress, then end every process."""
        self._closing = True
        changed = self._dispatcher.changed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while not self._dispatcher.is_idle:
                    changed.clear()
                    await changed.wait()
        self._dispatcher.fail_all(lambda: ShuttingDownError("the service stops"))
        self._workers.stop()
        self._workers.kill_all("shutdown")
        await self._zygotes.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_TIMEOUT):
                await self._workers.until_gone()
        self._memory.close()
        if self._small_permit is not None:
            self._small_permit.release()

    @property
    def healthy(self) -> bool:
        """Whether a job could be done now or as soon as another ends."""
        return not self._closing and self._workers.ready > 0

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement that hold for every worker."""
        return self._workers.sandbox

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that read and write pictures; empty while there is no zygote."""
        return self._zygotes.libraries

    @property
    def zygote_pid(self) -> int:
        """Id of the zygote's process; 0 while there is none."""
        return self._zygotes.pid

    def pids(self) -> tuple[int, ...]:
        """Ids of the workers' processes."""
        return self._workers.pids()

    def stats(self) -> PoolStats:
        """Return the current numbers."""
        ratios = self._model.ratios
        classes = {
            name: replace(figures, cpu_ratio=ratios.get(name, 0.0)) for name, figures in self._scheduler.stats().items()
        }
        return PoolStats(
            size=self.config.size,
            workers=self._workers.ready,
            busy=self._scheduler.running,
            starting=self._workers.starting,
            queued=len(self._scheduler),
            quarantined=len(self._quarantine),
            zygote_starts=self._zygotes.starts,
            jobs=self._dispatcher.jobs,
            retries=self._dispatcher.retries,
            restarts=dict(self._workers.restarts),
            sandbox=self._workers.sandbox,
            libraries=self._zygotes.libraries,
            disabled_formats=self.disabled_formats,
            has_fonts=self.has_fonts,
            vips=self._workers.vips_memory(),
            classes=classes,
        )

    def forgive(self, source: str) -> int:
        """End the quarantine of the originals that came from the URL ``source``; return how many there were."""
        return self._quarantine.forgive(source)

    def check(self, plan: Plan, flow: Flow, timeout: float, ahead: int = 0) -> None:
        """Return if a render may be run within ``timeout`` seconds whose original has not been fetched.

        An original that is not known counts as small. ``ahead``: renders that come before it and do not wait yet.
        Raises as ``run`` where that would not begin the job.
        """
        if self._closing:
            raise ShuttingDownError
        if ahead or not self._scheduler.is_open:
            self._scheduler.check(self._model.class_of_source(plan, flow.source), flow, timeout, ahead)

    async def run(
        self,
        job: WorkerJob,
        source: int,
        timeout: float,  # noqa: ASYNC109 - of the whole
        flow: Flow = NO_FLOW,
        missing: MissingBytes | None = None,
        pixels: JobPixels | None = None,
    ) -> JobResult:
        """Run ``job`` on the file ``source`` within ``timeout`` seconds, including the wait for a worker.

        The descriptor stays the caller's and must stay open until this returns. ``flow``: whose job it is.
        ``missing``: what the file does not have yet; None = it has all. ``pixels``: of a render. Errors: those of the
        render; QuarantineError, CostLimitError, QueueFullError, OverloadError (it would wait too long),
        MemoryBudgetError, ShuttingDownError, RenderTimeoutError, WorkerCrashError, WorkerKilledError.
        """
        file = await self.run_to_file(job, source, timeout, flow, missing, pixels)
        body = await self._read(file.descriptor, file.size)
        variant = msgspec.structs.replace(file.variant, body=body)
        seconds = file.queue_seconds, file.render_seconds
        return JobResult(variant, *seconds, file.permit, file.cpu_seconds, file.decoded, file.facts)

    async def run_to_file(
        self,
        job: WorkerJob,
        source: int,
        timeout: float,  # noqa: ASYNC109 - of the whole
        flow: Flow = NO_FLOW,
        missing: MissingBytes | None = None,
        pixels: JobPixels | None = None,
    ) -> JobFile:
        """Run a job as ``run`` does, and return its result without reading it: it is the original of another job."""
        if self._closing:
            raise ShuttingDownError
        created = self._loop.time()
        parts = None if missing is None else JobBytes(missing)
        try:
            size = os.fstat(source).st_size
            identity = file_identity(source) if missing is None else missing.identity
            content = await self._quarantine.find(source, size, identity)
            # A render of pixels costs less than one that decodes.
            name = f"{job.operation} of pixels" if pixels is not None and pixels.given else job.operation
            prior = self._model.prior(name, job.plan, flow.source, source, size)
        except OSError as error:
            raise SourceIncompleteError(f"the original cannot be read: {error}") from error
        if self._quarantine.contains(content):
            raise QuarantineError("the original has ended workers: it is in quarantine")
        is_escalated = prior.is_escalated or self._quarantine.is_escalated(content)
        ticket = Ticket(
            job=msgspec.structs.replace(
                job,
                deadline=time.monotonic() + timeout,
                disabled_formats=self.disabled_formats,
                has_holes=parts is not None,
            ),
            source=source,
            size=size,
            flow=flow,
            prior=prior,
            job_class=prior.kind if is_escalated else prior.job_class,
            cost=prior.cost,
            cpu=0.0,
            created=created,
            deadline=created + timeout,
            answer=self._loop.create_future(),
            is_escalated=is_escalated,
            missing=parts,
            identity=identity,
            pixels=pixels,
        )
        ticket.cpu = charged_cpu(ticket, self._model.factor)
        self._admit(ticket, timeout)
        timer = self._loop.call_later(timeout, self._dispatcher.expire, ticket)
        try:
            reply, result = await ticket.answer
        except asyncio.CancelledError:
            self._dispatcher.abandon(ticket)
            raise
        finally:
            timer.cancel()
        ended = self._loop.time()
        waited, took = ticket.begun - ticket.created, ended - ticket.begun
        found = reply.decoded, reply.facts
        return JobFile(reply.variant, result, reply.size, waited, took, ticket.permit, reply.usage.cpu, *found)

    async def _read(self, result: int, size: int) -> bytes:
        if size < _LARGE:
            return _read_and_close(result, size)
        # The thread owns the descriptor: it has to close it also where the caller was cancelled.
        return await asyncio.shield(self._loop.run_in_executor(None, _read_and_close, result, size))

    def _admit(self, ticket: Ticket, timeout: float) -> None:
        """Begin the job or let it wait; refuse it at once when waiting would be in vain."""
        if self._zygotes.failures and not self._workers.ready:
            raise OverloadError("there are no workers: the zygote does not start")
        if not self._budget.results_fit:
            self._budget.refuse(0, Use.RESULTS)
        self._scheduler.check(ticket.job_class, ticket.flow, timeout)
        self._dispatcher.add(ticket)

    def _zygote_up(self) -> None:
        self._on_event(PoolEvent("zygote-ready", pid=self._zygotes.pid))
        self._workers.fill()

    def _zygote_down(self, stderr: str) -> None:
        self._on_event(PoolEvent("zygote-gone", pid=self._zygotes.pid, detail=stderr))


def _read_and_close(descriptor: int, size: int) -> bytes:
    try:
        return read_all(descriptor, size)
    finally:
        os.close(descriptor)
