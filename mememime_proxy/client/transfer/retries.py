"""When a request is tried again, and when it is given up: exponential backoff with jitter, and Retry-After."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable

from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.transfer.response import TOO_MANY_REQUESTS, ServiceResponse

_ATTEMPTS = 8
_RATE_LIMIT_FACTOR = 5
"""A request that exceeds the rate limit (429) is retried so many times as often: other requests use the same key."""
_FIRST_WAIT, _MAX_WAIT, _MAX_RETRY_AFTER = 0.25, 30.0, 120.0
_MAX_DOUBLINGS = 30
"""Of the first wait: more exceed the longest one, and 1,024 of them a float."""


class Retries:
    """The attempts of one request: how long to wait before the next one, and when to give up."""

    def __init__(
        self,
        attempts: int = _ATTEMPTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        *,
        give_up_after: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``give_up_after``: seconds without any response after which to give up; 0 = after ``attempts``."""
        self._attempts, self._sleep, self._jitter = attempts, sleep, jitter
        self._give_up_after, self._clock = give_up_after, clock
        self._failures = self._rate_limited = 0
        self._silent_since: float | None = None

    def reset(self) -> None:
        """Count from the beginning, after progress."""
        self._failures = self._rate_limited = 0
        self._silent_since = None

    async def wait(self, reason: ClientError, response: ServiceResponse | None = None) -> None:
        """Return when it is time for the next attempt. Raises ``reason`` after the last one."""
        if response is not None and response.status == TOO_MANY_REQUESTS:
            self._rate_limited += 1
        else:
            self._failures += 1
        left = self._left(response)
        if left <= 0 or self._rate_limited >= self._attempts * _RATE_LIMIT_FACTOR:
            raise reason
        doublings = min(_MAX_DOUBLINGS, self._failures + self._rate_limited)
        seconds = min(_MAX_WAIT, _FIRST_WAIT * 2**doublings) * self._jitter()
        if response is not None and (text := response.headers.get("Retry-After", "")).isascii() and text.isdigit():
            seconds += min(_MAX_RETRY_AFTER, int(text))
        await self._sleep(min(seconds, left))

    def _left(self, response: ServiceResponse | None) -> float:
        """Return the seconds until it gives up; infinity where attempts are counted, and 0 after the last one."""
        if response is not None or not self._give_up_after:
            self._silent_since = None
            return 0 if self._failures >= self._attempts else math.inf
        now = self._clock()
        if self._silent_since is None:
            self._silent_since = now
        return self._silent_since + self._give_up_after - now
