"""A pool in simulated time: the real scheduler, jobs whose service times are given, workers that only wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mememime_proxy.cost import JobClass
from mememime_proxy.errors import OverloadError
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.scheduling.cost_model import Prior
from mememime_proxy.workers.scheduling.flow import Flow
from mememime_proxy.workers.scheduling.scheduler import Scheduler
from mememime_proxy.workers.scheduling.ticket import Ticket
from mememime_proxy.workers.wire import WorkerJob


@dataclass(slots=True)
class Arrival:
    """A job that comes at ``time`` and runs for ``seconds``."""

    time: float
    seconds: float
    job_class: JobClass = JobClass.SMALL
    flow: Flow = field(default_factory=Flow)
    timeout: float = 10.0
    cpu: float = 0.02
    """Seconds that its flow is charged with when it comes."""


@dataclass(slots=True)
class Outcome:
    """What became of a job: ``status`` is ``done``, ``refused`` (at once) or ``shed``; ``latency`` in seconds."""

    arrival: Arrival
    status: str
    latency: float


class Simulation:
    """``run`` plays arrivals, in the order of their times."""

    def __init__(self, follow: Callable[[Outcome], Arrival | None] = lambda _: None, **config: Any) -> None:
        """``follow``: the job that comes because of an outcome, later than it."""
        self.now = 0.0
        self.scheduler = Scheduler(PoolConfig(**config), lambda: self.now)
        self.outcomes: list[Outcome] = []
        self.order: list[Arrival] = []
        """Jobs in the order of their beginning."""
        self._follow = follow
        self._arrivals: dict[Ticket, Arrival] = {}
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Arrival | Ticket]] = []

    def run(self, arrivals: Iterable[Arrival]) -> list[Outcome]:
        """Return the outcomes of all jobs."""
        for each in arrivals:
            self._push(each.time, each)
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            if isinstance(event, Arrival):
                self._arrive(event)
            else:
                self._end(event)
            while (ticket := self.scheduler.next(lambda _: True, lambda _: True)) is not None:
                self.order.append(self._arrivals[ticket])
                self._push(self.now + self._arrivals[ticket].seconds, ticket)
            for ticket in self.scheduler.shed():
                self._finish(ticket, "shed")
        return self.outcomes

    def _arrive(self, arrival: Arrival) -> None:
        try:
            self.scheduler.check(arrival.job_class, arrival.flow, arrival.timeout)
        except OverloadError:
            self._note(arrival, "refused")
            return
        ticket = Ticket(
            job=WorkerJob(),
            source=-1,
            size=0,
            flow=arrival.flow,
            prior=Prior(arrival.job_class, None, (0, 0), JobClass.LARGE),
            job_class=arrival.job_class,
            cost=None,
            cpu=arrival.cpu,
            created=self.now,
            deadline=self.now + arrival.timeout,
            answer=asyncio.Future(loop=_NoLoop()),  # type: ignore[arg-type]
        )
        self._arrivals[ticket] = arrival
        self.scheduler.add(ticket)

    def _end(self, ticket: Ticket) -> None:
        seconds = self._arrivals[ticket].seconds
        self.scheduler.charge(ticket, seconds)
        self.scheduler.end(ticket)
        self.scheduler.learn(ticket, seconds)
        self._finish(ticket, "done")

    def _finish(self, ticket: Ticket, status: str) -> None:
        self._note(self._arrivals.pop(ticket), status)

    def _note(self, arrival: Arrival, status: str) -> None:
        outcome = Outcome(arrival, status, self.now - arrival.time)
        self.outcomes.append(outcome)
        if (following := self._follow(outcome)) is not None:
            self._push(following.time, following)

    def _push(self, time: float, event: Arrival | Ticket) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), event))


class _NoLoop:
    def get_debug(self) -> bool:
        return False


def poisson(
    rate: float, seconds: float, mean: float, seed: int = 1, start: float = 0.0, **more: Any
) -> Iterator[Arrival]:
    """Yield jobs at random moments, ``rate`` a second; their times differ by up to a half from ``mean``."""
    random_ = random.Random(seed)
    now = start + random_.expovariate(rate)
    while now < start + seconds:
        yield Arrival(now, mean * random_.uniform(0.5, 1.5), **more)
        now += random_.expovariate(rate)
