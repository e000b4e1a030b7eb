"""Waiting for a condition."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable

_SHORTEST, _LONGEST = 0.001, 0.02
"""Shortest and longest seconds between two checks; doubled each time."""


async def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Return when ``condition()``, or the awaitable that it returns, is true; fail after ``seconds``."""
    end, pause = time.monotonic() + seconds, _SHORTEST
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return
        assert time.monotonic() < end, f"the condition did not hold within {seconds:g} s"
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST)
