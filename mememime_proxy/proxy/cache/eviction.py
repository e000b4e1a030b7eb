"""Eviction: keeps a store of variants below a number of bytes, by removing the oldest entries."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import re
from email.utils import parsedate_to_datetime

from mememime_proxy.errors import StorageError
from mememime_proxy.proxy.cache.key_locks import KeyLocks
from mememime_proxy.proxy.cache.store import EPOCH_NAME
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.protocol import ObjectInfo, Storage

_INTERVAL = 600.0
"""Seconds between two rounds."""
_TARGET_SHARE = 0.9
"""Share of the limit that is left after a round that removed something."""
_LOCK_KEY = b"janitor\0" * 2
_STORE_KEY = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{32}}/(?:[0-9a-f]{{32}}|{EPOCH_NAME})")


class StoreEviction:
    """Evicts objects below ``prefix`` whose keys are those of a store; one process of a machine at a time."""

    def __init__(self, storage: Storage, prefix: str, limit: int, locks: KeyLocks | None) -> None:
        """``limit`` in bytes."""
        self._storage = storage
        self._prefix = prefix
        self._limit = limit
        self._locks = locks
        self._log = logger()
        self.size = 0
        """Bytes that the last round left."""

    def start(self) -> None:
        """Run rounds until ``close``, the first one at once."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Cancel a round that is under way."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def evict(self) -> int:
        """Remove the oldest objects above the limit and return the number of objects removed. StorageError, OSError.

        Nothing is removed while another process does it.
        """
        if self._locks is None:
            return await self._evict()
        lock = self._locks.try_acquire(_LOCK_KEY)
        if lock is None:
            return 0
        with lock:
            return await self._evict()

    async def _run(self) -> None:
        while True:
            try:
                await self.evict()
            except (StorageError, OSError) as error:
                self._log.warning("cache.eviction_failed", detail=str(error))
            await asyncio.sleep(_INTERVAL)

    async def _evict(self) -> int:
        objects: list[tuple[float, int, str]] = []
        total = 0
        async for info in self._storage.list(self._prefix):
            if _STORE_KEY.fullmatch(info.key, len(self._prefix)):
                objects.append((_written_at(info), info.size, info.key))
                total += info.size
        removed = 0
        if total > self._limit:
            heapq.heapify(objects)
            while objects and total > _TARGET_SHARE * self._limit:
                _, size, key = heapq.heappop(objects)
                await self._storage.delete(key)
                total -= size
                removed += 1
            self._log.info("cache.evicted", objects=removed, bytes_left=total)
        self.size = total
        return removed


def _written_at(info: ObjectInfo) -> float:
    try:
        return parsedate_to_datetime(info.last_modified).timestamp()
    except ValueError:
        return 0.0
