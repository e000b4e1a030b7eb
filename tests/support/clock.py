"""Time that passes when it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class Clock:
    """A clock, and a sleep that moves it on at once."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
