"""Caps: so many bytes or requests a second, over all transfers together."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_BURST = 0.25
"""Seconds' worth of units that may pass at once after a pause."""


class Pace:
    """Lets at most ``rate`` units a second pass, in the order of asking; 0 = any number."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._free = 0.0

    async def take(self, units: float = 1) -> None:
        """Returns when these units may pass."""
        if not self._rate:
            return
        now = self._clock()
        self._free = max(self._free, now - _BURST) + units / self._rate
        if self._free > now:
            await self._sleep(self._free - now)


def size(text: str) -> int:
    """Bytes of ``10M``, ``1.5 MiB`` or ``500kB``: letters count by 1,024, ``kB`` and its like by 1,000. ValueError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"found {text!r}, expected a size like 500k, 10M or 1.5GiB")
    number, letter, binary = found.groups()
    decimal = not binary and text.strip()[-1:] in "bB" and letter
    factor: int = (1000 if decimal else 1024) ** _POWERS[letter.lower()]
    return round(float(number) * factor)
