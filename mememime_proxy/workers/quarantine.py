"""Quarantine of originals that crash workers, so that requests for them do not crash a worker each time."""

from __future__ import annotations

import time
from collections.abc import Callable

from cachetools import TTLCache

CRASHES = 2
"""Crashes within ``PERIOD`` after which the original is refused."""
PERIOD = 600.0
"""Seconds, counted from the last crash."""
_MAX_FINGERPRINTS = 4096
"""Maximum number of fingerprints; the oldest is dropped first."""


class Quarantine:
    """Counts crashes by the fingerprint of the original."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._crashes: TTLCache[str, int] = TTLCache(_MAX_FINGERPRINTS, PERIOD, timer=clock)

    def __len__(self) -> int:
        """How many originals are refused now."""
        self._crashes.expire()
        return sum(count >= CRASHES for count in self._crashes.values())

    def record(self, fingerprint: str) -> None:
        """Count a crash of a worker by this original. An empty fingerprint is ignored."""
        if fingerprint:
            self._crashes[fingerprint] = self._crashes.get(fingerprint, 0) + 1

    def contains(self, fingerprint: str) -> bool:
        """Whether this original is refused."""
        return self._crashes.get(fingerprint, 0) >= CRASHES
