"""Variant cache: look up, revalidate, store. Memory first, then the store."""

from __future__ import annotations

import time
from dataclasses import replace

from mememime_proxy.errors import SourceError
from mememime_proxy.proxy.cache.memory import VariantMemory
from mememime_proxy.proxy.cache.originals import OriginalCache
from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs, is_valid
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.cache.write_policy import WritePolicy
from mememime_proxy.proxy.model import CacheEntry, Epoch, SourceKey, VariantRequest, VariantResult
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
        policy: WritePolicy,
    ) -> None:
        self._policy = policy
        self._originals = originals
        self._memory = memory
        self._epochs = epochs
        self._store = store
        self._metrics = metrics

    def get_from_memory(self, request: VariantRequest) -> CacheEntry | None:
        """Return the entry in memory, whether or not it is fresh; None if the source's epoch must be looked up."""
        entry = self._memory.get(request.key)
        if entry is None or (epoch := self._epochs.get_fresh(entry.source)) is None:
            return None
        return entry if is_valid(entry.epoch, epoch.name) else None

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

    async def lookup(self, request: VariantRequest) -> tuple[CacheEntry | None, Epoch]:
        """Return the entry in memory or in the store, whether or not it is fresh, and the epoch of the source.

        The store is asked for the epoch only where there is an entry: one read less for each variant that is made.
        """
        entry, url = self._memory.get(request.key), request.source.url
        self._metrics.cache_misses["variants"].inc()
        if entry is not None or self._store is None:
            epoch = await self._epochs.lookup(url)
        elif (entry := await self._read(request, self._store)) is not None:
            epoch = await self._epochs.lookup(url, verify=True)
        else:
            return None, self._epochs.assume(url)
        return (entry if entry is not None and is_valid(entry.epoch, epoch.name) else None), epoch

    async def lookup_stored(self, request: VariantRequest) -> CacheEntry | None:
        """Return the entry of the present epoch in the store: another process may have written it by now."""
        entry = await self._read(request, self._store) if self._store is not None else None
        if entry is None:
            return None
        epoch = request.epoch
        if epoch.assumed_at:
            epoch = await self._epochs.lookup(request.source.url, verify=True)
        return entry if is_valid(entry.epoch, epoch.name) else None

    async def locate(self, source: str, key: bytes) -> dict[str, float]:
        """Return where an entry of the present epoch is, `memory` or `store`, and the Unix time of each.

        The time is that at which its source was last in the state of the entry. StorageError, MemoryBudgetError.
        """
        entries = {"memory": self._memory.get(key)}
        if self._store is not None:
            entries["store"] = await self._store.get(source, key)
        epoch = await self._epochs.lookup(source)
        return {
            place: entry.checked_at
            for place, entry in entries.items()
            if entry is not None and is_valid(entry.epoch, epoch.name)
        }

    async def get_fresh_state(self, source: SourceKey, entry: CacheEntry) -> SourceState | None:
        """Return the state of the source if ``entry`` is fresh, else None."""
        state = await self.get_state(source)
        if state is None:
            recent = self._originals.is_recent(source, time.time() - entry.checked_at)
            return entry.result.state if recent else None
        return state if state.validator == entry.result.state.validator else None

    def may_store(self, request: VariantRequest) -> bool:
        """Whether the variant of a request may be written to the store, if it is made."""
        return self._policy.may_admit(request)

    async def store_deferred(self, request: VariantRequest, entry: CacheEntry) -> CacheEntry:
        """Write an entry that was not written when it was made, and is requested once more; return it."""
        if not entry.is_deferred or self._store is None:
            return entry
        entry = replace(entry, is_deferred=False)
        self._memory.put(request.key, entry)
        await self._store.put(request.key, entry)
        return entry

    def serve(self, request: VariantRequest, entry: CacheEntry, state: SourceState) -> VariantResult:
        """Return the result of a fresh entry; hold it in memory, and its state for as long as it is recent."""
        self._originals.remember_state(request.source, entry.result.state, time.time() - entry.checked_at)
        result = self._hold(request, entry)
        return self._mark_stale(result) if state.stale else result

    def confirm(self, request: VariantRequest, entry: CacheEntry, state: SourceState) -> VariantResult:
        """Return the result of an entry whose source was just seen in the same state, with its present headers."""
        result = self._hold(request, entry)
        if state.stale:
            self._originals.remember_state(request.source, state)
            return self._mark_stale(result)
        updated = entry.result.state.updated_by(state)
        if updated is not entry.result.state:
            entry = replace(entry, result=replace(entry.result, state=updated))
            self._put_in_memory(request, entry)
            result = entry.result if result.tier == "memory" else replace(result, state=updated)
        self._originals.remember_state(request.source, updated)
        return result

    def serve_stale(self, request: VariantRequest, entry: CacheEntry) -> VariantResult:
        """Return the result of an entry whose source cannot be asked, and do not ask it again for a while."""
        self._originals.remember_state(request.source, replace(entry.result.state, stale=True))
        return self._mark_stale(self._hold(request, entry))

    async def save(self, request: VariantRequest, result: VariantResult) -> VariantResult:
        """Hold a new result in memory, and write it to the store in the background; return it for the response.

        StorageError where the store must not fail.
        """
        present = replace(result, state=replace(result.state, stale=False)) if result.state.stale else result
        is_written = self._store is not None and self._policy.admits(request)
        is_deferred = self._policy.name == "second" and not is_written
        entry = CacheEntry(present, request.source.url, request.epoch, time.time(), is_deferred)
        if self._put_in_memory(request, entry) and self._store is not None and is_written:
            await self._store.put(request.key, entry)
        return self._mark_stale(result) if result.state.stale else result

    async def _read(self, request: VariantRequest, store: VariantStore) -> CacheEntry | None:
        with request.spans.measure("store"):
            return await store.get(request.source.url, request.key)

    def _hold(self, request: VariantRequest, entry: CacheEntry) -> VariantResult:
        """Put an entry that came from the store in memory; return its result, which says where it came from."""
        if self._memory.get(request.key) is entry:
            return entry.result
        self._metrics.cache_hits["store"].inc()
        self._put_in_memory(request, entry)
        return replace(entry.result, tier="store")

    def _put_in_memory(self, request: VariantRequest, entry: CacheEntry) -> bool:
        """Hold an entry if its state can be compared and no purge came meanwhile; return whether that is so."""
        valid = bool(entry.result.state.validator) and is_valid(entry.epoch, self._epochs.last_seen(entry.source))
        if valid:
            self._memory.put(request.key, entry)
        return valid

    def _mark_stale(self, result: VariantResult) -> VariantResult:
        self._metrics.stale.inc()
        return result if result.state.stale else replace(result, state=replace(result.state, stale=True))
