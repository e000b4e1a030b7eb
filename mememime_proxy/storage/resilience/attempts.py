"""Attempts at one request: retries inside its time, a second one beside a slow first, and an end to both."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mememime_proxy.errors import StorageError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.storage.resilience.breaker import Breaker
from mememime_proxy.storage.resilience.budget import Budget
from mememime_proxy.storage.resilience.latency import Latency
from mememime_proxy.storage.resilience.stats import StorageStats

T = TypeVar("T")

ATTEMPTS = 6
"""With one request in ten refused, one in 10⁶ is refused six times; three attempts would still lose one in 1,000."""
RETRY_SHARE, RETRY_RESERVE = 0.15, 20.0
"""One in ten refused takes 0.1 + 0.01 + … = 0.111 retries a request. 0.15 leaves a margin; the reserve covers a bad
start: the odds to exhaust it are e⁻¹⁵. In an outage there are never more than 15 % (and 20) requests on top."""
HEDGE_SHARE, HEDGE_RESERVE = 0.05, 5.0
BACKOFF, LONGEST_BACKOFF = 0.025, 0.5
_LEAST_HEDGE_DELAY = 0.01


class RetryableError(Exception):
    """Carries a storage error after which the same request may be sent again."""

    def __init__(self, error: StorageError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class Attempts:
    """Makes attempts for one bucket, under its breaker and its budgets.

    Only what nobody has seen anything of is tried again. Every time comes from ``clock`` and ``sleep``.
    """

    bucket: str
    stats: StorageStats
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    breaker: Breaker = field(init=False)
    retries: Budget = field(init=False)
    hedges: Budget = field(init=False)
    latency: Latency = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.clock)
        self.retries = Budget(RETRY_SHARE, RETRY_RESERVE)
        self.hedges = Budget(HEDGE_SHARE, HEDGE_RESERVE)
        self.latency = Latency()
        self.stats.breakers[self.bucket] = self.breaker

    async def run(
        self,
        operation: str,
        attempt: Callable[[], Awaitable[T]],
        *,
        timeout: float,  # noqa: ASYNC109 - all attempts together, pauses included
        discard: Callable[[T], None] | None = None,
    ) -> T:
        """What ``attempt`` returns, within ``timeout`` seconds.

        ``attempt`` raises RetryableError where it may be made again, any other StorageError where not. With
        ``discard`` a second attempt is made beside one that takes longer than 95 % of all do; the loser is cancelled,
        or given to ``discard`` where it has ended as well.
        """
        stats, started = self.stats, self.clock()
        stats.calls[operation] += 1
        self.retries.earn()
        try:
            return await self._until(started + timeout, attempt, discard)
        except StorageError as error:
            stats.errors[error.code] += 1
            raise
        finally:
            stats.seconds[operation] += self.clock() - started

    async def _until(
        self, deadline: float, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None] | None
    ) -> T:
        for number in range(1, ATTEMPTS + 1):
            if not self.breaker.allow():
                self.stats.refused += 1
                raise StorageUnavailableError(f"{self.bucket}: too many requests failed, waiting for it to recover")
            try:
                return await self._one(deadline, attempt, discard)
            except RetryableError as caught:
                pause = min(LONGEST_BACKOFF, BACKOFF * 2**number) * (0.5 + self.jitter() / 2)
                if number == ATTEMPTS or self.clock() + pause >= deadline or not self.retries.spend():
                    raise caught.error from None
                await self.sleep(pause)
                self.stats.retries += 1
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _one(
        self, deadline: float, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None] | None
    ) -> T:
        """One attempt, hedged where it may be, with what it tells the breaker."""
        started = self.clock()
        try:
            async with asyncio.timeout(deadline - started):
                if discard is None:
                    self.stats.requests += 1
                    value = await attempt()
                else:
                    value = await self._hedged(attempt, discard)
        except TimeoutError:
            self.breaker.failed()
            raise StorageTimeoutError(f"{self.bucket}: no answer in time") from None
        except RetryableError:
            self.breaker.failed()
            raise
        except StorageError:
            self.breaker.succeeded()
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        self.breaker.succeeded()
        if discard is not None:
            self.latency.add(self.clock() - started)
        return value

    async def _hedged(self, attempt: Callable[[], Awaitable[T]], discard: Callable[[T], None]) -> T:
        self.hedges.earn()
        self.stats.requests += 1
        usual = self.latency.p95
        if usual is None:
            return await attempt()
        first = asyncio.ensure_future(attempt())
        running = {first}
        try:
            done, _ = await asyncio.wait(running, timeout=max(usual, _LEAST_HEDGE_DELAY))
            if not done and self.hedges.spend():
                self.stats.requests += 1
                self.stats.hedges += 1
                running.add(asyncio.ensure_future(attempt()))
            while True:
                done, pending = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                winner = next((each for each in done if each.exception() is None), None)
                # One that failed is no reason to give up the other, unless the storage said something of the object.
                failed = next((each for each in done if not isinstance(each.exception(), RetryableError)), None)
                if (chosen := winner or failed or (None if pending else next(iter(done)))) is not None:
                    running.discard(chosen)
                    self.stats.hedges_won += chosen is winner and chosen is not first
                    return chosen.result()
                running = pending
        finally:
            for loser in running:
                loser.cancel()
                loser.add_done_callback(lambda task: _drop(task, discard))


def _drop(task: asyncio.Future[T], discard: Callable[[T], None]) -> None:
    if not task.cancelled() and task.exception() is None:
        discard(task.result())
