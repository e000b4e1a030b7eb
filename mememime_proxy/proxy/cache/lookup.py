"""Variant cache: look up, revalidate, store. Memory first, then the store."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from mememime_proxy.errors import SourceError
from mememime_proxy.proxy.cache.memory import VariantMemory
from mememime_proxy.proxy.cache.originals import OriginalCache
from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.model import CacheEntry, SourceKey, VariantRequest, VariantResult
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.sources.model import SourceState


class VariantCache:
    """Entries of variants. An entry is fresh while its source is known to be in the same state, without a request."""

    def __init__(
        self,
        originals: OriginalCache,
        memory: VariantMemory,
        epochs: PurgeEpochs,
        store: VariantStore | None,
        metrics: ProxyMetrics,
    ) -> None:
        self._originals = originals
        self._memory = memory
        self._epochs = epochs
        self._store = store
        self._metrics = metrics

    def get_from_memory(self, request: VariantRequest) -> CacheEntry | None:
        """Return the entry in memory, whether or not it is fresh; None if the source's epoch must be looked up."""
        entry = self._memory.get(request.key)
        return entry if entry is not None and entry.epoch == self._epochs.get_fresh(entry.source) else None

    def is_epoch_known(self, source: SourceKey) -> bool:
        """Whether the purge epoch of a source is known without a look into the store."""
        return self._epochs.get_fresh(source.url) is not None

    async def get_state(self, source: SourceKey) -> SourceState | None:
        """Return the present state of a source where no request is needed for it, else None."""
        try:
            return await self._originals.get_state(source)
        except SourceError:
            return None  # it is raised again where a fallback picture can be the answer

    def serve_from_memory(self, entry: CacheEntry, state: SourceState) -> VariantResult:
        """Count a hit in memory and return the entry's result, whose source is in ``state``."""
        self._metrics.cache_hits["variants"].inc()
        return self._mark_stale(entry.result) if state.stale else entry.result

    async def lookup(self, request: VariantRequest) -> tuple[CacheEntry | None, str]:
        """Return the entry in memory or in the store, whether or not it is fresh, and the epoch of the source."""
        entry, url = self._memory.get(request.key), request.source.url
        self._metrics.cache_misses["variants"].inc()
        if entry is not None or self._store is None:
            epoch = await self._epochs.lookup(url)
        elif (fresh_epoch := self._epochs.get_fresh(url)) is not None:
            epoch, entry = fresh_epoch, await self._read(request, self._store)
        else:
            epoch, entry = await asyncio.gather(self._epochs.lookup(url), self._read(request, self._store))
        return (entry if entry is not None and entry.epoch == epoch else None), epoch

    async def lookup_stored(self, request: VariantRequest) -> CacheEntry | None:
        """Return the entry of the request's epoch in the store: another process may have written it by now."""
        entry = await self._read(request, self._store) if self._store is not None else None
        return entry if entry is not None and entry.epoch == request.epoch else None

    async def get_fresh_state(self, source: SourceKey, entry: CacheEntry) -> SourceState | None:
        """Return the state of the source if ``entry`` is fresh, else None."""
        state = await self.get_state(source)
        if state is None:
            recent = self._originals.is_recent(source, time.time() - entry.checked_at)
            return entry.result.state if recent else None
        return state if state.validator == entry.result.state.validator else None

    def serve(self, request: VariantRequest, entry: CacheEntry, state: SourceState) -> VariantResult:
        """Return the result of a fresh entry; hold it in memory, and its state for as long as it is recent."""
        self._originals.remember_state(request.source, entry.result.state, time.time() - entry.checked_at)
        self._hold(request, entry)
        return self._mark_stale(entry.result) if state.stale else entry.result

    def confirm(self, request: VariantRequest, entry: CacheEntry, state: SourceState) -> VariantResult:
        """Return the result of an entry whose source was just seen in the same state, with its present headers."""
        self._hold(request, entry)
        if state.stale:
            self._originals.remember_state(request.source, state)
            return self._mark_stale(entry.result)
        updated = entry.result.state.updated_by(state)
        if updated is not entry.result.state:
            entry = replace(entry, result=replace(entry.result, state=updated))
            self._put_in_memory(request, entry)
        self._originals.remember_state(request.source, entry.result.state)
        return entry.result

    def serve_stale(self, request: VariantRequest, entry: CacheEntry) -> VariantResult:
        """Return the result of an entry whose source cannot be asked, and do not ask it again for a while."""
        self._originals.remember_state(request.source, replace(entry.result.state, stale=True))
        self._hold(request, entry)
        return self._mark_stale(entry.result)

    async def save(self, request: VariantRequest, result: VariantResult) -> VariantResult:
        """Hold a new result in memory, and write it to the store in the background; return it for the response.

        StorageError where the store must not fail.
        """
        present = replace(result, state=replace(result.state, stale=False)) if result.state.stale else result
        entry = CacheEntry(present, request.source.url, request.epoch, time.time())
        if self._put_in_memory(request, entry) and self._store is not None:
            await self._store.put(request.key, entry)
        return self._mark_stale(result) if result.state.stale else result

    async def _read(self, request: VariantRequest, store: VariantStore) -> CacheEntry | None:
        with request.spans.measure("store"):
            return await store.get(request.source.url, request.key)

    def _hold(self, request: VariantRequest, entry: CacheEntry) -> None:
        """Put an entry that came from the store in memory."""
        if self._memory.get(request.key) is not entry:
            self._metrics.cache_hits["store"].inc()
            self._put_in_memory(request, entry)

    def _put_in_memory(self, request: VariantRequest, entry: CacheEntry) -> bool:
        """Hold an entry if its state can be compared and no purge came meanwhile; return whether that is so."""
        valid = bool(entry.result.state.validator) and entry.epoch == self._epochs.last_seen(entry.source)
        if valid:
            self._memory.put(request.key, entry)
        return valid

    def _mark_stale(self, result: VariantResult) -> VariantResult:
        self._metrics.stale.inc()
        return result if result.state.stale else replace(result, state=replace(result.state, stale=True))
