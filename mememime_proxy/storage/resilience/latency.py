"""What is usual for a storage, so that what is not can be noticed."""

from __future__ import annotations

from collections import deque

_KEPT = 256
_LEAST = 32
_RENEW = 16


class Latency:
    """The 95th percentile of the last 256 times, renewed every 16; None before there are 32."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_KEPT)
        self._fresh = 0
        self.p95: float | None = None

    def add(self, seconds: float) -> None:
        """One more time."""
        self._times.append(seconds)
        self._fresh += 1
        if self._fresh >= _RENEW and len(self._times) >= _LEAST:
            self._fresh = 0
            self.p95 = sorted(self._times)[-(-len(self._times) * 95 // 100) - 1]
