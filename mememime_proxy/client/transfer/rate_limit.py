"""Throttling: a number of bytes or requests a second, over all transfers together."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_BURST = 0.25
"""Seconds' worth of units that may pass at once after a pause."""


class Throttle:
    """Lets at most ``rate`` units a second pass, in the order of their requests; 0 = no limit."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._next = 0.0
        """Time at which the next units may pass."""

    async def acquire(self, units: float = 1) -> None:
        """Return when these units may pass."""
        if not self._rate:
            return
        now = self._clock()
        self._next = max(self._next, now - _BURST) + units / self._rate
        if self._next > now:
            await self._sleep(self._next - now)


def parse_size(text: str) -> int:
    """Return the bytes of ``10M``, ``1.5 MiB`` or ``500kB``: units of 1,024, but ``kB`` and the like of 1,000.

    Raises ValueError.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"found {text!r}, expected a size like 500k, 10M or 1.5GiB")
    number, letter, binary = match.groups()
    is_decimal = not binary and text.strip()[-1:] in "bB" and letter
    factor: int = (1000 if is_decimal else 1024) ** _POWERS[letter.lower()]
    return round(float(number) * factor)
