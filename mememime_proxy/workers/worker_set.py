"""The set of workers of a pool: starts missing ones, replaces lost, old and large ones.

There is one more than the pool may use at once. So the place of a worker that is lost or retired is taken at that
moment by one that is ready, and the next is forked (milliseconds) while work goes on.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from mememime_proxy.errors import SandboxError
from mememime_proxy.workers import wire
from mememime_proxy.workers.config import Lane, PoolConfig
from mememime_proxy.workers.parent.exit_status import WorkerExit
from mememime_proxy.workers.parent.worker_process import Worker, WorkerState
from mememime_proxy.workers.parent.zygote_supervisor import ZygoteSupervisor
from mememime_proxy.workers.sandbox import confine
from mememime_proxy.workers.stats import PoolEvent

_SPARE: Final = 1
_ORDERS: Final = 4
"""Workers ordered at once. Below the number of packets that a UNIX socket queues (net.unix.max_dgram_qlen, 10)."""
_SPREAD: Final = 0.2
"""Workers that started together are not replaced together: their numbers of jobs differ by up to this share."""
_WORTH_RECYCLING: Final = 128 << 20
"""Resident bytes from which an idle worker is replaced when a job waits for memory."""
_FAILED_START_DELAYS: Final = (0.0, 0.0, 0.1, 0.5, 2.0)
"""Seconds before the next order, by workers in a row that ended before they were ready."""


class WorkerSetObserver(Protocol):
    """An observer of a set of workers, which gives them their jobs."""

    def worker_free(self) -> None:
        """Handle a worker that may be idle now."""

    def job_needs(self, worker: Worker, need: wire.Need) -> None:
        """Handle a job that needs more bytes of its original."""

    def job_done(self, worker: Worker, reply: wire.JobReply, descriptor: int) -> None:
        """Handle a reply; ``descriptor`` as in ``WorkerObserver``."""

    def job_lost(self, worker: Worker, received: bool) -> None:
        """Handle the loss of a worker with its job; ``received``: whether it had read the job."""

    def job_explained(self, worker: Worker, end: WorkerExit) -> None:
        """Handle the exit of a worker that was lost with its job."""


class WorkerSet:
    """``config.size`` workers and a spare. Every change of a worker is passed on to the observer."""

    def __init__(
        self,
        config: PoolConfig,
        zygotes: ZygoteSupervisor,
        observer: WorkerSetObserver,
        on_event: Callable[[PoolEvent], None],
    ) -> None:
        self.restarts: Counter[str] = Counter()
        self.start_error = ""
        """What the last worker that was never ready wrote to stderr."""
        self.missing_layers: tuple[str, ...] = ()
        """Layers of the sandbox that were missing in a worker."""
        self._config = config
        self._zygotes = zygotes
        self._observer = observer
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._all: set[Worker] = set()
        self._starting: set[Worker] = set()
        self.idle: list[Worker] = []
        """Workers that could take a job; the one that worked last is at the end."""
        self._busy_workers: set[Worker] = set()
        self._lives: dict[Worker, int] = {}
        self._failed_starts = 0
        self._closing = False
        self._refill: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    def vips_memory(self) -> wire.VipsMemory:
        """Return what libvips counts in all workers, as of the last job of each; ``most``: of one of them."""
        workers = [worker.vips for worker in self._all]
        return wire.VipsMemory(
            sum(each.bytes for each in workers),
            max((each.most for each in workers), default=0),
            sum(each.blocks for each in workers),
        )

    @property
    def ready(self) -> int:
        """Workers that are idle or busy."""
        return len(self.idle) + len(self._busy_workers)

    @property
    def starting(self) -> int:
        """Workers that were ordered and are not ready yet."""
        return len(self._starting)

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement in force in every ready worker."""
        layers = [worker.sandbox for worker in (*self.idle, *self._busy_workers)]
        return tuple(layer for layer in layers[0] if all(layer in other for other in layers)) if layers else ()

    @property
    def growth(self) -> int:
        """Bytes by which all workers have grown since their first jobs."""
        return sum(max(0, worker.rss - worker.first_rss) for worker in self._all)

    def pids(self) -> tuple[int, ...]:
        """Ids of all workers' processes that are not reaped yet."""
        return tuple(worker.pid for worker in self._all if worker.pid)

    async def until_ready(self) -> None:
        """Wait until ``config.size`` workers are ready. SandboxError where they lack layers that are required."""
        while self.ready < self._config.size:
            if self.missing_layers and self._config.require_sandbox:
                raise SandboxError(f"MEMEMIME_REQUIRE_SANDBOX is set, and workers have no {self._lacks()}")
            self._changed.clear()
            await self._changed.wait()

    async def until_gone(self) -> None:
        """Wait until no process is left."""
        while self._all:
            self._changed.clear()
            await self._changed.wait()

    def has(self, lane: Lane) -> bool:
        """Whether an idle worker could take a job of this lane."""
        return any(worker.lane is lane or worker.lane is None for worker in self.idle)

    def take(self, lane: Lane) -> Worker:
        """Return the idle worker of the lane that worked last (its memory is warm); it counts as busy from now on.

        Where there is none, one that has had no job joins the lane.
        """
        worker = next((each for each in reversed(self.idle) if each.lane is lane), None)
        if worker is None:
            worker = next(each for each in self.idle if each.lane is None)
            worker.lane = lane
            if lane is Lane.GENERAL and self._config.lowers_priority:
                worker.lower_priority()
        self.idle.remove(worker)
        self._busy_workers.add(worker)
        return worker

    def put_back(self, worker: Worker) -> None:
        """Make a worker idle that was taken and got no job."""
        self._busy_workers.discard(worker)
        self.idle.append(worker)

    def fill(self) -> None:
        """Order the workers that are missing."""
        missing = self._config.size + _SPARE - self.ready - len(self._starting)
        if missing <= 0 or self._closing or self._refill is not None or not self._zygotes.usable:
            return
        for _ in range(min(missing, _ORDERS - len(self._starting))):
            try:
                worker = Worker(self._loop, self, self._config.sign)
            except OSError:
                # Out of descriptors; some are free again when connections end.
                self._fill_later(_FAILED_START_DELAYS[-1])
                return
            self._all.add(worker)
            self._starting.add(worker)
            self._zygotes.fork(worker)
        if self._watch is None:
            self._watch = self._loop.call_later(self._config.spawn_timeout, self._check_starting)

    def stop(self) -> None:
        """Order no more workers."""
        self._closing = True
        for timer in (self._refill, self._watch):
            if timer is not None:
                timer.cancel()

    def kill_all(self, reason: str) -> None:
        """End every worker; ``until_gone`` waits for it."""
        for worker in list(self._all):
            worker.kill(reason)

    def worker_ready(self, worker: Worker) -> None:
        """See ``WorkerObserver``."""
        if missing := confine.missing(worker.sandbox) if self._config.sandbox else ():
            if missing != self.missing_layers:
                self.missing_layers = missing
                self._on_event(PoolEvent("sandbox-incomplete", ", ".join(missing), worker.pid, self._lacks()))
            if self._config.require_sandbox:
                worker.kill("unconfined")
                self._changed.set()
                return
        self._failed_starts = 0
        self._starting.discard(worker)
        self._lives[worker] = round(self._config.max_jobs * (1 - _SPREAD * random.random()))  # noqa: S311 - no secret
        # At the bottom: the worker with the most recent job gets the next one.
        self.idle.insert(0, worker)
        self._changed.set()
        self._retire()
        self.fill()
        self._observer.worker_free()

    def worker_replied(self, worker: Worker, reply: wire.JobReply, descriptor: int) -> None:
        """See ``WorkerObserver``."""
        self.put_back(worker)
        if isinstance(reply, wire.ErrorReply) and reply.exiting:
            worker.kill("memory")
        self._retire()
        self._observer.job_done(worker, reply, descriptor)
        self._observer.worker_free()

    def worker_needs(self, worker: Worker, need: wire.Need) -> None:
        """See ``WorkerObserver``."""
        self._observer.job_needs(worker, need)

    def worker_lost(self, worker: Worker, received: bool) -> None:
        """See ``WorkerObserver``."""
        self._lives.pop(worker, None)
        if worker in self._starting:
            self._starting.discard(worker)
            self._delay()
        elif worker in self._busy_workers:
            self._busy_workers.discard(worker)
            self._observer.job_lost(worker, received)
        else:
            self.idle.remove(worker)
        self.fill()
        self._observer.worker_free()

    def worker_gone(self, worker: Worker, end: WorkerExit) -> None:
        """See ``WorkerObserver``."""
        self._all.discard(worker)
        self._changed.set()
        self._observer.job_explained(worker, end)
        if worker.jobs == 0 and end.notes:
            self.start_error = end.notes
        self.restarts[end.reason] += 1
        self._on_event(PoolEvent("worker-gone", end.reason, worker.pid, end.notes, worker.jobs))

    def _lacks(self) -> str:
        return confine.explain(self.missing_layers)

    def _delay(self) -> None:
        """Delay the next order after a failed start, so that failures do not cause many forks in a row."""
        delay = _FAILED_START_DELAYS[min(self._failed_starts, len(_FAILED_START_DELAYS) - 1)]
        self._failed_starts += 1
        if delay:
            self._fill_later(delay)

    def _fill_later(self, delay: float) -> None:
        if self._refill is None and not self._closing:
            self._refill = self._loop.call_later(delay, self._fill_again)

    def _fill_again(self) -> None:
        self._refill = None
        self.fill()

    def _check_starting(self) -> None:
        """Kill workers that did not start in time, and replace the zygote that did not fork them."""
        self._watch = None
        now = self._loop.time()
        late = [worker for worker in self._starting if now - worker.ordered >= self._config.spawn_timeout]
        for worker in late:
            worker.kill("not-started")
        if late:
            self._zygotes.renew()
        if self._starting:
            self._watch = self._loop.call_later(self._config.spawn_timeout, self._check_starting)

    def _retire(self) -> None:
        """Replace workers with too many jobs or too much memory, as long as enough others are ready."""
        for worker in list(self.idle):
            # An idle worker has no job, so it is killed; its loss orders a new one.
            if self.ready > self._config.size and worker.state is WorkerState.IDLE and self._worn(worker):
                worker.kill("recycled")

    def recycle_largest(self) -> None:
        """Replace the idle worker with the most memory, if it has enough for that to be worth it."""
        worker = max(self.idle, key=lambda each: each.rss, default=None)
        if worker is not None and worker.rss > _WORTH_RECYCLING and worker.state is WorkerState.IDLE:
            worker.kill("recycled")

    def _worn(self, worker: Worker) -> bool:
        is_old = self._config.max_jobs > 0 and worker.jobs >= self._lives[worker]
        return is_old or worker.rss > self._config.max_rss > 0
