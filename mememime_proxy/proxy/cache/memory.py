"""Variants in memory, bounded by bytes; the least recently used leave first."""

from __future__ import annotations

from collections import defaultdict

from cachetools import LRUCache

from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.model import CacheEntry
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics

_OVERHEAD = 2048
"""Bytes that an entry takes besides its body."""


class VariantMemory(LRUCache[bytes, CacheEntry]):
    """Entries by the variant's key. The caller checks whether an entry is still valid.

    Where others need their memory, entries leave before the size is reached.
    """

    def __init__(self, size: int, metrics: ProxyMetrics, budget: MemoryBudget) -> None:
        """``size`` in bytes."""
        super().__init__(size, lambda entry: len(entry.result.variant.body) + _OVERHEAD)
        self._keys_by_source: defaultdict[str, set[bytes]] = defaultdict(set)
        self._budget = budget
        budget.add_cache(self._reclaim)
        metrics.watch_cache("variants", lambda: self.currsize)

    def put(self, key: bytes, entry: CacheEntry) -> None:
        """Hold an entry, if it fits at all."""
        if self.getsizeof(entry) <= self.maxsize:
            self[key] = entry
            self._keys_by_source[entry.source].add(key)
            if (permit := entry.result.permit) is not None:
                permit.change(len(entry.result.variant.body) + _OVERHEAD, Use.VARIANTS)

    def drop_source(self, source: str) -> int:
        """Drop every entry of a source and return their number."""
        keys = self._keys_by_source.pop(source, set())
        for key in keys:
            del self[key]
        return len(keys)

    def __delitem__(self, key: bytes, /, *rest: object) -> None:
        entry = self[key]
        super().__delitem__(key)
        if (permit := entry.result.permit) is not None:
            # Until the last response with it is sent.
            permit.change(len(entry.result.variant.body), Use.RESULTS)
        if (keys := self._keys_by_source.get(entry.source)) is not None:
            keys.discard(key)
            if not keys:
                del self._keys_by_source[entry.source]

    def _reclaim(self, size: int) -> None:
        """Drop entries until ``size`` bytes are given back; those of a response under way are not."""
        target = self._budget.used - size
        while self and self._budget.used > target:
            self.popitem()
