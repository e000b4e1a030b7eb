"""A clock for tests: its time changes only when the test changes it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class Clock:
    """A clock to set and to read, and a sleep that advances it at once."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def seconds(self) -> float:
        """Return the time in seconds, where ``now`` is in milliseconds."""
        return self.now / 1000

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
