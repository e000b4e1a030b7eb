"""Purge epochs of sources: a purge begins a new one, and a variant of an older epoch is not valid, wherever it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from cachetools import LRUCache

_MAX_SOURCES = 1 << 16


class EpochStore(Protocol):
    """Storage of epochs that processes share. '' is the epoch of a source that was never purged."""

    async def read_epoch(self, source: str) -> str | None:
        """Return the present epoch; None where the store does not answer."""
        ...

    async def write_epoch(self, source: str, epoch: str) -> None:
        """Begin the epoch ``epoch``."""
        ...


class PurgeEpochs:
    """Epochs that this process knows. Without a store, no other process can begin one."""

    def __init__(self, store: EpochStore | None, freshness: float, clock: Callable[[], float] = monotonic) -> None:
        """``freshness``: seconds until an epoch is read again, and so until another process's purge is noticed."""
        self._store = store
        self._freshness = freshness
        self._clock = clock
        self._entries: LRUCache[str, tuple[str, float]] = LRUCache(_MAX_SOURCES)

    def last_seen(self, source: str) -> str:
        """Return the epoch that was seen last."""
        entry = self._entries.get(source)
        return entry[0] if entry is not None else ""

    def get_fresh(self, source: str) -> str | None:
        """Return the present epoch; None where it must be looked up."""
        entry = self._entries.get(source)
        if self._store is None:
            return entry[0] if entry is not None else ""
        return entry[0] if entry is not None and self._clock() < entry[1] else None

    async def lookup(self, source: str) -> str:
        """Return the present epoch, read from the store where necessary; the last one seen if that fails."""
        if self._store is None or (epoch := self.get_fresh(source)) is not None:
            return self.last_seen(source)
        last_epoch = self.last_seen(source)
        epoch = await self._store.read_epoch(source)
        if self.last_seen(source) == last_epoch:  # otherwise a purge came meanwhile, in this process
            self._entries[source] = (last_epoch if epoch is None else epoch, self._clock() + self._freshness)
        return self.last_seen(source)

    async def begin(self, source: str) -> None:
        """Begin a new epoch: at once in this process, and for the others when this returns."""
        epoch = secrets.token_hex(8)
        self._entries[source] = (epoch, self._clock() + self._freshness)
        if self._store is not None:
            await self._store.write_epoch(source, epoch)
