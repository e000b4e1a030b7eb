"""Results in memory, bounded by bytes, the least recently used leaving first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cachetools import LRUCache

from mememime_proxy.proxy.model import Picture
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.sources.model import SourceState

_OVERHEAD = 2048
"""Bytes that a result takes besides its body."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A result, the state of the source that it was made of, and the source's generation at that time."""

    picture: Picture
    state: SourceState
    generation: str
    source: str
    checked: float = 0.0
    """Unix time at which the source was seen in this state."""


class Results(LRUCache[bytes, Kept]):
    """By key of the variant. ``put`` and ``get`` never fail; whether a result still holds, its state tells."""

    def __init__(self, size: int, metrics: Metrics) -> None:
        """``size`` in bytes."""
        super().__init__(size, lambda kept: len(kept.picture.variant.body) + _OVERHEAD)
        self._by_source: defaultdict[str, set[bytes]] = defaultdict(set)
        metrics.caches.watch("variants", lambda: self.currsize)

    def put(self, key: bytes, kept: Kept) -> None:
        """Keeps a result, if it fits at all."""
        if self.getsizeof(kept) <= self.maxsize:
            self[key] = kept
            self._by_source[kept.source].add(key)

    def drop(self, source: str) -> int:
        """Drops every result of a source; their number."""
        keys = self._by_source.pop(source, set())
        for key in keys:
            del self[key]
        return len(keys)

    def __delitem__(self, key: bytes, /, *rest: object) -> None:
        kept = self[key]
        super().__delitem__(key)
        if (keys := self._by_source.get(kept.source)) is not None:
            keys.discard(key)
            if not keys:
                del self._by_source[kept.source]
