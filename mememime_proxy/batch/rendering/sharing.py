"""What the items of one chunk share: rows of one original have one listing, one fetch and one decoding."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

V = TypeVar("V")


async def decode_once(renders: Sequence[Callable[[], Awaitable[V]]]) -> list[V]:
    """Return the results of renders of one original: the first one decodes it, and the others begin after that.

    Those that waited for its pixels would keep renders of other originals from the workers.
    """
    results = [await render() for render in renders[:1]]
    return results + await asyncio.gather(*(render() for render in renders[1:]))


class RowsLeft:
    """How many rows of a chunk have each original."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._left = Counter(sources)

    def end(self, source: str) -> bool:
        """Count a row that has ended, and return whether it was the last one of its original."""
        self._left[source] -= 1
        return self._left[source] <= 0


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
