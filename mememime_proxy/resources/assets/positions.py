"""Places in long lists: how many rows one has, and the key of every thousandth, without counting for each request.

A database counts to a place: OFFSET 900000 reads as many rows. So the keys of every STEP-th row are remembered for
each list, and a page begins at the nearest of them. They are found in steps of a few milliseconds, so that no
transaction is long. Other requests are answered by the former keys while newer ones are found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from cachetools import LRUCache

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.service.logs import logger

STEP: Final = 1000
"""Rows between two keys that are remembered."""
EXACT: Final = 10_000
"""Rows of a list that are counted for each request: shorter lists are always exact."""
_LISTS: Final = 64
"""Lists whose keys are remembered: a million rows are a thousand keys, some 150 kB."""
_REST: Final = 20
"""Times its duration that a search for keys waits until the next one: it takes one twentieth of a CPU at most."""
_MIN_AGE: Final = 2.0
"""Seconds for which keys are used before newer ones are searched."""


class RowKey(NamedTuple):
    """The place of a row in a list: the column that is sorted by, and the digest."""

    number: int
    sha256: str


class Listing(Protocol):
    """A list, as the database has it now. Both methods may raise DatabaseError."""

    async def key_after(self, key: RowKey | None, skipped: int) -> RowKey | None:
        """Return the key of the row behind ``key`` (None: of the first one) and ``skipped`` others; None: no more."""

    async def count_after(self, key: RowKey | None, most: int) -> int:
        """Return how many rows are behind ``key``, ``most`` at most."""


@dataclass(slots=True)
class _Keys:
    keys: list[RowKey]
    """The last row of each thousand."""
    total: int
    found: float
    duration: float

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self.found > max(_MIN_AGE, _REST * self.duration)


class Place(NamedTuple):
    """Where to begin to read: behind ``key``, with ``skipped`` rows left out."""

    key: RowKey | None
    skipped: int


class Positions:
    """Up to EXACT rows a list is exact. Beyond it, count and places are those of a few seconds ago."""

    def __init__(self) -> None:
        self._lists: LRUCache[Hashable, _Keys] = LRUCache(_LISTS)
        self._searches: dict[Hashable, asyncio.Task[_Keys]] = {}

    async def close(self) -> None:
        """Stop all searches."""
        for search in (searches := list(self._searches.values())):
            search.cancel()
        await asyncio.gather(*searches, return_exceptions=True)

    async def total(self, name: Hashable, listing: Listing) -> int:
        """Return how many rows the list called ``name`` has. DatabaseError."""
        if not self._is_long(name):
            count = await listing.count_after(None, EXACT + 1)
            if count <= EXACT:
                return count
        return (await self._keys(name, listing)).total

    async def place(self, name: Hashable, listing: Listing, offset: int) -> Place | None:
        """Return where the row number ``offset``, from 0, is read; None behind the end. DatabaseError."""
        if offset < STEP or (offset < EXACT and not self._is_long(name)):
            return Place(None, offset)
        found = await self._keys(name, listing)
        step = offset // STEP
        return Place(found.keys[step - 1], offset % STEP) if step <= len(found.keys) else None

    def _is_long(self, name: Hashable) -> bool:
        """Return whether the list had more than EXACT rows when it was searched last."""
        found = self._lists.get(name)
        return found is not None and found.total > EXACT

    async def _keys(self, name: Hashable, listing: Listing) -> _Keys:
        found = self._lists.get(name)
        if found is not None and not found.is_old:
            return found
        search = self._searches.get(name)
        if search is None:
            search = self._searches[name] = asyncio.create_task(self._search(name, listing))
        return await asyncio.shield(search) if found is None else found

    async def _search(self, name: Hashable, listing: Listing) -> _Keys:
        started, keys = time.monotonic(), list[RowKey]()
        key: RowKey | None = None
        try:
            while (following := await listing.key_after(key, STEP - 1)) is not None:
                keys.append(key := following)
            total = len(keys) * STEP + await listing.count_after(key, STEP)
            ended = time.monotonic()
            found = self._lists[name] = _Keys(keys, total, ended, ended - started)
        except (DatabaseError, StorageFullError) as error:
            logger().warning("positions.search_failed", detail=error.detail)
            raise
        finally:
            del self._searches[name]
        return found
