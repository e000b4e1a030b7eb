"""Single flight: concurrent callers with the same key share one task."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Generic, TypeVar

_MIN_TIMER_STEP = 0.01
"""Seconds between two checks for waiters whose deadline has passed."""

T = TypeVar("T")


class _Flight(Generic[T]):
    """A task and its waiters. One timer serves them all, set to the first of their deadlines."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self._loop = task.get_loop()
        self._waiters: dict[asyncio.Future[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        task.add_done_callback(self._on_done)

    async def wait(self, deadline: float) -> bool:
        """Return whether the task was done by ``deadline``, the loop's time. Neither that nor cancellation ends it."""
        if self.task.done():
            return True
        waiter = self._loop.create_future()
        self._waiters[waiter] = deadline
        if deadline < self._timer_at:
            self._set_timer(deadline)
        try:
            await waiter
        finally:
            self._waiters.pop(waiter, None)
        return self.task.done()

    @property
    def waiters(self) -> int:
        """How many callers wait."""
        return len(self._waiters)

    @property
    def is_abandoned(self) -> bool:
        """Whether no waiter is left."""
        return not self._waiters

    def _on_done(self, _: asyncio.Task[T]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wake_until(inf)

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        now = max(self._timer_at, self._loop.time())
        self._timer_at = inf
        next_deadline = self._wake_until(now)
        if next_deadline < inf:
            self._set_timer(max(next_deadline, now + _MIN_TIMER_STEP))

    def _wake_until(self, until: float) -> float:
        """Wake the waiters whose deadline is not later; return the first deadline of the others."""
        next_deadline = inf
        for waiter, deadline in self._waiters.items():
            if deadline > until:
                next_deadline = min(next_deadline, deadline)
            elif not waiter.done():
                waiter.set_result(None)
        return next_deadline


class SingleFlight(Generic[T]):
    """Runs one task for all callers with the same key.

    A cancelled waiter does not end the task; the task is cancelled when no waiter is left. An error is raised in all
    waiters of that moment and is not remembered.
    """

    def __init__(self) -> None:
        self._flights: dict[object, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: object) -> bool:
        return key in self._flights

    def waiters(self, key: object) -> int:
        """Return how many callers wait for the task with this key."""
        flight = self._flights.get(key)
        return flight.waiters if flight is not None else 0

    async def run(
        self,
        key: object,
        work: Callable[[], Coroutine[Any, Any, T]],
        timeout: float | None = None,  # noqa: ASYNC109 - of this waiter, who then leaves the task to the others
    ) -> T:
        """Return the result of ``work``, run for this caller or an earlier one. TimeoutError after ``timeout`` s."""
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(work()))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._remove(key, flight))
        try:
            if not await flight.wait(inf if timeout is None else asyncio.get_running_loop().time() + timeout):
                raise TimeoutError
            return flight.task.result()
        finally:
            if flight.is_abandoned and not flight.task.done():
                # A new caller must not join a task that is about to be cancelled.
                self._remove(key, flight)
                flight.task.cancel()

    async def drain(self) -> None:
        """Cancel all tasks and wait for their end."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    def _remove(self, key: object, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # retrieved, so that the event loop does not report it as never retrieved
