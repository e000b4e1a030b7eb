"""What the items of one chunk share: rows of one original have one listing and one fetch."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class RecentResults(Generic[V]):
    """Results for the last few keys. Who needs one that is being made waits for it; a failure is made anew."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: OrderedDict[str, asyncio.Future[V]] = OrderedDict()

    async def get(self, key: str, make: Callable[[], Awaitable[V]]) -> V:
        """Return the result for a key; raises what ``make`` raises."""
        task = self._tasks.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._tasks[key] = asyncio.ensure_future(make())
        self._tasks.move_to_end(key)
        while len(self._tasks) > self._size and next(iter(self._tasks.values())).done():
            self._tasks.popitem(last=False)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel what is being made, and let go of all results."""
        tasks, self._tasks = list(self._tasks.values()), OrderedDict()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
