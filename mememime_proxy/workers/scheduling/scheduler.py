"""The scheduler of a pool: classes of jobs, lanes of workers, what waits, what is next, what is refused.

Two lanes: *express* workers take small jobs only, the *general* ones any class. Classes share the general lane by
weight; none but the small one may hold all of several general workers. Within a class, flows take turns
(``fair_queue``).

A job is refused at once where the expected wait in its own class is longer than it may be: than ``max_wait`` or a
quarter of its deadline, whichever is longer, and once a queue is standing (``standing_queue``), than a few jobs take.

With a single worker there is no express lane: a small job waits for the job that runs, for at most the CPU time that
this one was granted, and is next after it in most cases, by its weight.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mememime_proxy.cost import JobClass
from mememime_proxy.errors import OverloadError, QueueFullError
from mememime_proxy.workers.config import Lane, PoolConfig
from mememime_proxy.workers.scheduling.fair_queue import FairQueue
from mememime_proxy.workers.scheduling.flow import NO_FLOW, Flow
from mememime_proxy.workers.scheduling.standing_queue import StandingQueue
from mememime_proxy.workers.scheduling.ticket import Ticket
from mememime_proxy.workers.stats import ClassStats

WEIGHTS: Final = {
    JobClass.SMALL: 8.0,
    JobClass.LARGE: 4.0,
    JobClass.VECTOR: 2.0,
    JobClass.MODERN: 2.0,
    JobClass.ANIMATION: 2.0,
    JobClass.FILM: 2.0,
}
"""Shares of the general lane, of those classes that have jobs."""
_ANY_WORKER: Final = frozenset({JobClass.SMALL, JobClass.FILM})
"""Classes that may hold all general workers: small jobs end soon, and films share their workers with nothing else."""
_DEADLINE_SHARE: Final = 0.25
"""Share of its time that a job may be expected to wait."""
_STANDING_JOBS: Final = 4.0
"""Jobs for each worker that may wait while the queue is standing: for two workers, more than a browser asks for."""
_MIN_LIMIT: Final = 0.08
_MIN_TARGET: Final = 0.01
"""Seconds that a job may wait, and that it waits in a queue that drains, at least: no one notices less."""
_MEMORY_PATIENCE: Final = 0.5
"""Seconds that a job waits for memory while other classes may take it."""


@dataclass(slots=True, eq=False)
class _Class:
    """A class's queue and figures. ``time``: virtual, of the general lane."""

    name: JobClass
    weight: float
    cap: int
    """Workers of the general lane that it may have."""
    queue: FairQueue[Ticket] = field(default_factory=FairQueue)
    front: deque[Ticket] = field(default_factory=deque)
    """Jobs that were next already: they wait for memory, or for another worker than the one that was lost."""
    standing: StandingQueue = field(default_factory=StandingQueue)
    waiting: int = 0
    """Jobs in ``queue`` and ``front``."""
    running: int = 0
    on_general: int = 0
    """Running jobs that are in the general lane."""
    mean_seconds: float = 0.0
    mean_cpu: float = 0.0
    """Of the CPU seconds that jobs were charged with."""
    refused: int = 0
    time: float = 0.0

    @property
    def may_run(self) -> bool:
        """Whether one more of its jobs may have a worker of the general lane."""
        return self.on_general < self.cap

    def seconds(self, jobs: int, cpu: float) -> float:
        """Return how long jobs run that are charged with ``cpu`` seconds.

        What a job takes beyond that is the same for each: waits for a core, the event loop, messages.
        """
        if self.mean_seconds < self.mean_cpu:
            return cpu * self.mean_seconds / self.mean_cpu
        return cpu + jobs * (self.mean_seconds - self.mean_cpu)

    def pop(self) -> Ticket:
        """Remove and return the job that is next."""
        self.waiting -= 1
        return self.front.popleft() if self.front else self.queue.pop()

    def pop_last(self) -> Ticket:
        """Remove and return the newest job of the flow with the most; see ``FairQueue.pop_last``."""
        self.waiting -= 1
        return self.queue.pop_last()

    def push(self, ticket: Ticket) -> None:
        """Add a job at the end of its flow."""
        self.waiting += 1
        self.queue.push(ticket.flow, ticket, ticket.cpu)

    def put_back(self, ticket: Ticket) -> None:
        """Add a job that was next; it is the first to be so again."""
        self.waiting += 1
        self.front.appendleft(ticket)

    def remove(self, ticket: Ticket) -> bool:
        """Remove a job; False where it is not here."""
        if ticket in self.front:
            self.front.remove(ticket)
        elif not self.queue.remove(ticket.flow, ticket):
            return False
        self.waiting -= 1
        return True


class Scheduler:
    """Holds the jobs that wait. ``clock``: the event loop's."""

    def __init__(self, config: PoolConfig, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._express = config.express
        self._general = config.size - config.express
        self._free_express = self._express
        self._free_general = self._general
        self._classes = {
            name: _Class(name, weight, self._general if name in _ANY_WORKER else max(1, self._general - 1))
            for name, weight in WEIGHTS.items()
        }
        self._all = tuple(self._classes.values())
        self._small = self._classes[JobClass.SMALL]
        self._virtual = 0.0

    def __len__(self) -> int:
        return sum(own.waiting for own in self._all)

    @property
    def running(self) -> int:
        """Jobs in workers."""
        return sum(own.running for own in self._all)

    @property
    def is_open(self) -> bool:
        """Whether nothing waits, and a worker of the general lane is free: a job of any class may begin soon."""
        return self._free_general > 0 and not len(self)

    def expected_wait(self, job_class: JobClass, flow: Flow) -> float:
        """Return the seconds that a job which comes now may expect to wait for a worker."""
        own = self._classes[job_class]
        return self._expected_wait(own, flow, self._servers(own), 0)

    def _expected_wait(self, own: _Class, flow: Flow, servers: float, more: int) -> float:
        jobs, cpu = own.queue.ahead(flow)
        jobs += len(own.front) + more
        cpu += sum(ticket.cpu for ticket in own.front) + more * own.mean_cpu
        if not jobs and self._has_free_worker(own):
            return 0.0
        return own.seconds(jobs, cpu) / servers + self._until_free(own, servers)

    def _until_free(self, own: _Class, servers: float) -> float:
        """Return about the seconds until a worker is free that may take a job of the class."""
        if own is self._small and self._express:
            return own.mean_seconds / servers
        running = (each.mean_seconds for each in self._all if each.on_general)
        return max(running, default=0.0) / self._general

    def check(self, job_class: JobClass, flow: Flow, timeout: float, more: int = 0) -> None:
        """Return if a job may wait that has ``timeout`` seconds. Raises QueueFullError, OverloadError.

        ``more``: jobs of the class that will be added before it.
        """
        own = self._classes[job_class]
        if not own.waiting + more and self._has_free_worker(own):
            return
        # Those that come before it take the workers that are free.
        if (waiting := len(self) + max(0, more - self._free(own))) >= self._config.queue_size:
            own.refused += 1
            raise QueueFullError(f"{waiting} requests wait already")
        servers = self._servers(own)
        wait = self._expected_wait(own, flow, servers, more)
        limit = self._limit(own, flow, timeout, servers)
        if wait > limit:
            own.refused += 1
            own.standing.offer(own.mean_seconds)
            error = OverloadError(f"a wait of {wait:.2f} s is expected among {job_class} jobs, more than {limit:.2f} s")
            error.retry_after = max(1, math.ceil(wait))
            raise error

    def _limit(self, own: _Class, flow: Flow, timeout: float, servers: float) -> float:
        """Return the seconds that a job may expect to wait: less where its flow is why its queue is standing."""
        if not self._config.max_wait:
            return timeout
        limit = min(timeout, max(self._config.max_wait, timeout * _DEADLINE_SHARE))
        if not own.standing.is_standing or own.queue.displaces(flow):
            return limit
        return min(limit, _standing_limit(own))

    def add(self, ticket: Ticket) -> None:
        """Let a job wait."""
        own = self._classes[ticket.job_class]
        if not own.waiting:
            own.time = max(own.time, self._virtual)
        ticket.queued = self._clock()
        own.push(ticket)
        own.standing.offer(own.mean_seconds)

    def put_back(self, ticket: Ticket) -> None:
        """Let a job wait again that was next; it is the first to be so again."""
        self._classes[ticket.job_class].put_back(ticket)

    def remove(self, ticket: Ticket) -> bool:
        """Remove a job that waits; False where it does not."""
        return self._classes[ticket.job_class].remove(ticket)

    def clear(self) -> Iterator[Ticket]:
        """Remove and yield all jobs that wait."""
        for own in self._all:
            while own.waiting:
                yield own.pop()

    def next(self, has_worker: Callable[[Lane], bool], fits: Callable[[Ticket], bool]) -> Ticket | None:
        """Remove and return the next job that can begin; it runs in its ``lane`` until ``end``.

        ``has_worker``: whether a lane has an idle one. ``fits``: whether there is memory for a job in the general lane.
        """
        small = self._small
        if small.waiting and self._free_express and has_worker(Lane.EXPRESS):
            return self._begin(small, small.pop(), Lane.EXPRESS)
        if not self._free_general:
            return None
        waiting = [own for own in self._all if own.waiting and own.may_run]
        if not waiting or not has_worker(Lane.GENERAL):
            return None
        waiting.sort(key=lambda own: own.time)
        while waiting:
            own = waiting.pop(0)
            ticket = own.pop()
            if fits(ticket):
                self._virtual = max(self._virtual, own.time)
                own.time += ticket.cpu / own.weight
                return self._begin(own, ticket, Lane.GENERAL)
            own.put_back(ticket)
            if own is not small and self._clock() - ticket.queued > _MEMORY_PATIENCE:
                # Others must not take the memory again that it waits for. Small jobs take little, and not for long.
                waiting = [each for each in waiting if each is small]
        return None

    def _begin(self, own: _Class, ticket: Ticket, lane: Lane) -> Ticket:
        now = self._clock()
        own.running += 1
        if lane is Lane.GENERAL:
            own.on_general += 1
            self._free_general -= 1
        else:
            self._free_express -= 1
        target = max(own.mean_seconds, _MIN_TARGET)
        if (wait := now - ticket.queued) > target:
            own.standing.observe_late(now, target, self._servers(own))
        else:
            own.standing.observe_timely(wait, others=own.waiting > 0)
        ticket.lane, ticket.begun = lane, now
        return ticket

    def end(self, ticket: Ticket) -> None:
        """Note that a job has left its worker."""
        own = self._classes[ticket.job_class]
        own.running -= 1
        if ticket.lane is Lane.GENERAL:
            own.on_general -= 1
            self._free_general += 1
        else:
            self._free_express += 1

    def charge(self, ticket: Ticket, cpu: float) -> None:
        """Charge class and flow of a job with the CPU seconds that it took, in place of those it was charged with."""
        own = self._classes[ticket.job_class]
        own.queue.charge(ticket.flow, cpu - ticket.cpu)
        if ticket.lane is Lane.GENERAL:
            own.time += (cpu - ticket.cpu) / own.weight

    def learn(self, ticket: Ticket, seconds: float) -> None:
        """Note how long a job ran; its class's means forget an eighth at a time, as TCP's round trip time does."""
        own = self._classes[ticket.job_class]
        gain = 1 / 8 if own.mean_seconds else 1.0
        own.mean_seconds += (seconds - own.mean_seconds) * gain
        own.mean_cpu += (ticket.cpu - own.mean_cpu) * gain

    def shed(self) -> Iterator[Ticket]:
        """Remove and yield jobs of standing queues that would wait too long: the newest of those who have most."""
        if not self._config.max_wait:
            return
        for own in self._all:
            if own.standing.is_standing:
                servers = self._servers(own)
                most = _standing_limit(own) * servers / own.mean_seconds
                while len(own.queue) > most:
                    own.refused += 1
                    yield own.pop_last()

    def _has_free_worker(self, own: _Class) -> bool:
        if own is self._small and self._free_express:
            return True
        return self._free_general > 0 and own.may_run

    def _free(self, own: _Class) -> int:
        return self._free_general + (self._free_express if own is self._small else 0)

    def _servers(self, own: _Class) -> float:
        """Return the workers that a class has a right to, on average over time."""
        weights = own.weight + sum(
            each.weight for each in self._all if (each.waiting or each.on_general) and each is not own
        )
        share = self._general * own.weight / weights
        return self._express + share if own is self._small else min(own.cap, share)

    def stats(self) -> dict[JobClass, ClassStats]:
        """Return the figures of each class."""
        return {
            name: ClassStats(own.waiting, own.running, own.refused, self.expected_wait(name, NO_FLOW), own.mean_seconds)
            for name, own in self._classes.items()
        }


def _standing_limit(own: _Class) -> float:
    """Return the seconds that a job may expect to wait while the queue of its class is standing."""
    return max(_STANDING_JOBS * own.mean_seconds, _MIN_LIMIT)
