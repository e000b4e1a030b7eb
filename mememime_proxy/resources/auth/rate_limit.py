"""How often one credential may ask: a bucket of tokens each, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from mememime_proxy.errors import RateError

_CREDENTIALS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rates:
    """Buckets that hold a minute's requests and fill evenly. Bounded: who has not asked for long has a full one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds."""
        self._clock = clock
        self._buckets: LRUCache[str, _Bucket] = LRUCache(_CREDENTIALS)

    def take(self, credential: str, per_minute: int | None) -> None:
        """Counts a request. RateError, with the time to wait, where there have been too many."""
        if per_minute is None:
            return
        now = self._clock()
        bucket = self._buckets.get(credential)
        if bucket is None:
            bucket = self._buckets[credential] = _Bucket(per_minute, now)
        bucket.tokens = min(per_minute, bucket.tokens + (now - bucket.filled) * per_minute / 60)
        bucket.filled = now
        if bucket.tokens < 1:
            error = RateError(f"{per_minute} requests a minute are allowed")
            error.retry_after = max(1, math.ceil((1 - bucket.tokens) * 60 / per_minute)) if per_minute else 60
            raise error
        bucket.tokens -= 1
