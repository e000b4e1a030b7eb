"""Limit of wrong logins: ten a minute from one address, in this process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from cachetools import LRUCache

from mememime_proxy.errors import RateError

MOST: Final = 10
WINDOW: Final = 60.0
"""Seconds."""
_ADDRESSES: Final = 10_000


class LoginLimit:
    """Counts refused logins by address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds."""
        self._clock = clock
        self._refused: LRUCache[str, deque[float]] = LRUCache(_ADDRESSES)

    def check(self, address: str) -> None:
        """Raise RateError where the address had MOST refused logins within the last WINDOW seconds."""
        times = self._refused.get(address)
        if times is None or len(times) < MOST:
            return
        wait = WINDOW - (self._clock() - times[0])
        if wait > 0:
            error = RateError(f"{MOST} wrong logins a minute are allowed")
            error.retry_after = max(1, round(wait))
            raise error

    def count(self, address: str) -> None:
        """Count a refused login."""
        times = self._refused.setdefault(address, deque(maxlen=MOST))
        times.append(self._clock())
