"""Keeps a store of results below a number of bytes: what was written longest ago goes first."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import re
from email.utils import parsedate_to_datetime

from mememime_proxy.errors import StorageError
from mememime_proxy.proxy.cache.key_locks import Locks
from mememime_proxy.proxy.cache.store import MARK
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.protocol import ObjectInfo, Storage

_ROUND = 600.0
"""Seconds between two rounds."""
_LEFT = 0.9
"""Share of the limit that is left after a round that removed something."""
_KEY = b"janitor\0" * 2
_OURS = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{32}}/(?:[0-9a-f]{{32}}|{MARK})")


def _written(info: ObjectInfo) -> float:
    try:
        return parsedate_to_datetime(info.last_modified).timestamp()
    except ValueError:
        return 0.0


class Janitor:
    """Looks after all that has the form of a store's keys below ``prefix``; one process of a machine at a time."""

    def __init__(self, storage: Storage, prefix: str, limit: int, locks: Locks | None) -> None:
        """``limit`` in bytes."""
        self._storage = storage
        self._prefix = prefix
        self._limit = limit
        self._locks = locks
        self._log = logger()
        self.size = 0
        """Bytes that the last round left."""

    def start(self) -> None:
        """Makes its rounds until ``close``, the first one at once."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Ends a round that is under way."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _work(self) -> None:
        while True:
            try:
                await self.round()
            except (StorageError, OSError) as error:
                self._log.warning("cache.eviction_failed", detail=str(error))
            await asyncio.sleep(_ROUND)

    async def round(self) -> int:
        """Removes what is too much; the number of objects that went. StorageError, OSError."""
        lock = self._locks.take(_KEY) if self._locks is not None else None
        if self._locks is not None and lock is None:
            return 0
        with lock or contextlib.nullcontext():
            return await self._round()

    async def _round(self) -> int:
        found: list[tuple[float, int, str]] = []
        total = 0
        async for info in self._storage.list(self._prefix):
            if _OURS.fullmatch(info.key, len(self._prefix)):
                found.append((_written(info), info.size, info.key))
                total += info.size
        removed = 0
        if total > self._limit:
            heapq.heapify(found)
            while found and total > _LEFT * self._limit:
                _, size, key = heapq.heappop(found)
                await self._storage.delete(key)
                total -= size
                removed += 1
            self._log.info("cache.evicted", objects=removed, bytes_left=total)
        self.size = total
        return removed
