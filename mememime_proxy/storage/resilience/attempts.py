"""Attempts at the requests to one bucket: retries within a deadline and a budget, hedged reads, a circuit breaker."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mememime_proxy.errors import StorageError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.storage.resilience.breaker import Breaker
from mememime_proxy.storage.resilience.stats import StorageStats

T = TypeVar("T")

ATTEMPTS = 6
"""With one request in ten refused, one in 10⁶ is refused six times; three attempts would still lose one in 1,000."""
RETRY_SHARE, RETRY_RESERVE = 0.15, 20.0
"""One in ten refused takes 0.1 + 0.01 + … = 0.111 retries a request. 0.15 leaves a margin; the reserve covers a bad
start: the odds to exhaust it are e⁻¹⁵. In an outage there are never more than 15 % (and 20) additional requests."""
HEDGE_SHARE, HEDGE_RESERVE = 0.05, 5.0
BACKOFF, LONGEST_BACKOFF = 0.025, 0.5
_SHORTEST_HEDGE_DELAY = 0.01
_SAMPLES, _FIRST_SAMPLES, _RENEWAL = 256, 32, 16


class RetryableError(Exception):
    """Carries a storage error after which the same request may be sent again."""

    def __init__(self, error: StorageError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class RequestBudget:
    """A token bucket that ordinary requests fill, for additional ones: these stay below ``share`` of the ordinary ones.

    It starts full, and holds ``reserve`` tokens at most.
    """

    share: float
    reserve: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.reserve

    def earn(self) -> None:
        """Count an ordinary request."""
        self.tokens = min(self.reserve, self.tokens + self.share)

    def spend(self) -> bool:
        """Take a token for an additional request; return False where there is none."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class LatencyWindow:
    """The 95th percentile of the last 256 latencies, computed anew after every 16; None before there are 32."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_SAMPLES)
        self._request_count = 0
        self.p95: float | None = None

    def add(self, seconds: float) -> None:
        """Add one latency."""
        self._seconds.append(seconds)
        self._request_count += 1
        if self._request_count >= _RENEWAL and len(self._seconds) >= _FIRST_SAMPLES:
            self._request_count = 0
            self.p95 = sorted(self._seconds)[-(-len(self._seconds) * 95 // 100) - 1]


@dataclass(slots=True)
class Attempts:
    """Makes attempts for one bucket, under its breaker and its budgets.

    Once a part of the response was passed on, nothing is retried. Every time comes from ``clock`` and ``sleep``.
    """

    bucket: str
    stats: StorageStats
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    breaker: Breaker = field(init=False)
    retries: RequestBudget = field(init=False)
    hedges: RequestBudget = field(init=False)
    latency: LatencyWindow = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.clock)
        self.retries = RequestBudget(RETRY_SHARE, RETRY_RESERVE)
        self.hedges = RequestBudget(HEDGE_SHARE, HEDGE_RESERVE)
        self.latency = LatencyWindow()
        self.stats.breakers[self.bucket] = self.breaker

    async def run(
        self,
        operation: str,
        attempt: Callable[[], Awaitable[T]],
        *,
        timeout: float,  # noqa: ASYNC109 - all attempts together, pauses included
        discard: Callable[[T], None] | None = None,
    ) -> T:
        """Return the result of ``attempt`` within ``timeout`` seconds.

        ``attempt`` raises RetryableError where it may be made again, any other StorageError where not. With
        ``discard``, a second attempt is started beside one that takes longer than 95 % of all. The slower one is
        cancelled; its result, where it has one already, is passed to ``discard``.
        """
        stats, started = self.stats, self.clock()
        stats.calls[operation] += 1
        self.retries.earn()
        try:
            return await self._run_until(started + timeout, attempt, discard)
        except StorageError as error:
            stats.errors[error.code] += 1
            raise
        finally:
            stats.seconds[operation] += self.clock() - started

    async def _run_until(
        self, deadline: float, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None] | None
    ) -> T:
        for number in range(1, ATTEMPTS + 1):
            if not self.breaker.allow():
                self.stats.refused += 1
                raise StorageUnavailableError(f"{self.bucket}: too many requests failed, none is sent for now")
            try:
                return await self._run_once(deadline, attempt, discard)
            except RetryableError as caught:
                pause = min(LONGEST_BACKOFF, BACKOFF * 2**number) * (0.5 + self.jitter() / 2)
                if number == ATTEMPTS or self.clock() + pause >= deadline or not self.retries.spend():
                    raise caught.error from None
                await self.sleep(pause)
                self.stats.retries += 1
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _run_once(
        self, deadline: float, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None] | None
    ) -> T:
        """Make one attempt, hedged with ``discard``, and report its outcome to the breaker."""
        started = self.clock()
        try:
            async with asyncio.timeout(deadline - started):
                if discard is None:
                    self.stats.requests += 1
                    value = await attempt()
                else:
                    value = await self._run_hedged(attempt, discard)
        except TimeoutError:
            self.breaker.record_failure()
            raise StorageTimeoutError(f"{self.bucket}: no answer in time") from None
        except RetryableError:
            self.breaker.record_failure()
            raise
        except StorageError:
            self.breaker.record_success()
            raise
        except BaseException:
            self.breaker.cancel()
            raise
        self.breaker.record_success()
        if discard is not None:
            self.latency.add(self.clock() - started)
        return value

    async def _run_hedged(self, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None]) -> T:
        self.hedges.earn()
        self.stats.requests += 1
        delay = self.latency.p95
        if delay is None:
            return await attempt()
        first = asyncio.ensure_future(attempt())
        running = {first}
        try:
            done, _ = await asyncio.wait(running, timeout=max(delay, _SHORTEST_HEDGE_DELAY))
            if not done and self.hedges.spend():
                self.stats.requests += 1
                self.stats.hedges += 1
                running.add(asyncio.ensure_future(attempt()))
            while True:
                done, pending = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                winner = next((task for task in done if task.exception() is None), None)
                # After a retryable error the other attempt goes on; any other error is the storage's answer.
                answer = next((task for task in done if not isinstance(task.exception(), RetryableError)), None)
                if (task_with_result := winner or answer or (None if pending else next(iter(done)))) is not None:
                    running.discard(task_with_result)
                    self.stats.hedges_won += task_with_result is winner and task_with_result is not first
                    return task_with_result.result()
                running = pending
        finally:
            for task in running:
                task.cancel()
                task.add_done_callback(lambda task: _discard_result(task, discard))


def _discard_result(task: asyncio.Future[T], discard: Callable[[T], None]) -> None:
    if not task.cancelled() and task.exception() is None:
        discard(task.result())
