"""Stops asking a storage that fails, and notices soon when it is back."""

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
    """What happens to the next request."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Opens when half of at least 20 attempts within 10 s failed.

    While it is open nothing is let through. After a pause one attempt is, as a probe: a success closes the breaker, a
    failure doubles the pause, up to 4 s. So a storage that is back serves again within 4 s and the time of one attempt.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._pause = 0.0
        self._until = 0.0
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if not self._pause:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._until and not self._probing else BreakerState.HALF_OPEN

    def allow(self) -> bool:
        """Whether an attempt may be made; each True is answered by one ``succeeded``, ``failed`` or ``abandoned``."""
        if not self._pause:
            return True
        if self._probing or self._clock() < self._until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The storage answered, whatever it said of the object."""
        if self._pause:  # an attempt from before the opening says the same as a probe: it is back
            self._pause, self._probing, self._failures = 0.0, False, 0
            self._seen.clear()
        self._note(failed=False)

    def failed(self) -> None:
        """No answer, or one that says later."""
        if self._probing:
            self._probing = False
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
            self._until = self._clock() + self._pause
            return
        self._note(failed=True)
        if not self._pause and len(self._seen) >= LEAST and self._failures >= SHARE * len(self._seen):
            self._pause = FIRST_PAUSE
            self._until = self._clock() + self._pause

    def abandoned(self) -> None:
        """The attempt was given up before anything was known of it."""
        self._probing = False

    def _note(self, *, failed: bool) -> None:
        now = self._clock()
        self._seen.append((now, failed))
        self._failures += failed
        while self._seen[0][0] <= now - WINDOW:
            self._failures -= self._seen.popleft()[1]
