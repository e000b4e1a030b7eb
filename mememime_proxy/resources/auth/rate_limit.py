"""Rate limits of API keys: one token bucket for each key, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from mememime_proxy.errors import RateError

_MAX_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    updated: float
    """Seconds of the clock."""


class RateLimiter:
    """Buckets that hold the requests of a minute and fill evenly.

    Their number is bounded: a bucket that is dropped was not used for long, and would be full.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds."""
        self._clock = clock
        self._buckets: LRUCache[str, _Bucket] = LRUCache(_MAX_BUCKETS)

    def take(self, key: str, per_minute: int | None) -> None:
        """Count a request of ``key``; ``per_minute`` None = no limit.

        Raises RateError, with the time until the next request is allowed, where the limit is exceeded.
        """
        if per_minute is None:
            return
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(per_minute, now)
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.updated) * per_minute / 60)
        bucket.updated = now
        if bucket.tokens < 1:
            error = RateError(f"{per_minute} requests a minute are allowed")
            error.retry_after = max(1, math.ceil((1 - bucket.tokens) * 60 / per_minute)) if per_minute else 60
            raise error
        bucket.tokens -= 1
