"""Circuit breaker: stops requests to a storage that fails, and detects when it is back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

WINDOW = 10.0
LEAST = 20
SHARE = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 4.0


class BreakerState(StrEnum):
    """State of a circuit breaker."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Opens when half of at least 20 attempts within 10 s failed.

    While it is open, no attempt is allowed. After a pause one is, as a probe: a success closes the breaker, a failure
    doubles the pause, up to 4 s. So requests to a storage that is back succeed within 4 s and the time of one attempt.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._pause = 0.0
        self._open_until = 0.0
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """The present state."""
        if not self._pause:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until and not self._probing else BreakerState.HALF_OPEN

    def allow(self) -> bool:
        """Return whether an attempt may be made.

        After True, the outcome has to be reported once: ``record_success``, ``record_failure`` or ``cancel``.
        """
        if not self._pause:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def record_success(self) -> None:
        """Report that the storage answered, also with an error about the object."""
        if self._pause:  # an attempt from before the opening shows the same as a probe: the storage is back
            self._pause, self._probing, self._failures = 0.0, False, 0
            self._outcomes.clear()
        self._record(failed=False)

    def record_failure(self) -> None:
        """Report that there was no answer, or one that asks to retry later."""
        if self._probing:
            self._probing = False
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
            self._open_until = self._clock() + self._pause
            return
        self._record(failed=True)
        if not self._pause and len(self._outcomes) >= LEAST and self._failures >= SHARE * len(self._outcomes):
            self._pause = FIRST_PAUSE
            self._open_until = self._clock() + self._pause

    def cancel(self) -> None:
        """Report that the attempt was cancelled before its outcome was known."""
        self._probing = False

    def _record(self, *, failed: bool) -> None:
        now = self._clock()
        self._outcomes.append((now, failed))
        self._failures += failed
        while self._outcomes[0][0] <= now - WINDOW:
            self._failures -= self._outcomes.popleft()[1]
