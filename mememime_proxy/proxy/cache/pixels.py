"""Decoded pixels of originals in memory: what a render begins from instead of decoding once more.

Bounded by bytes. An entry leaves for another one only if that saves more: CPU time of the decoder for each byte, times
the renders that were asked for of the original, of which those of ten minutes ago count half.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from mememime_proxy.decoded import LoadKey
from mememime_proxy.memfd import memfd
from mememime_proxy.memory_budget import MemoryBudget, Permit, Use
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics

_MAX_ENTRIES: Final = 512
"""Entries at most; each has a file descriptor."""
_LARGEST: Final = 2
"""An entry may have half of the cache."""
_HALF_LIFE: Final = 600.0
"""Seconds after which a render counts half."""
REPEATED: Final = 1.25
"""Renders, as they count, from which there was more than one: another within twenty minutes."""


class PixelSource(NamedTuple):
    """What pixels were decoded from, and how: requests with equal ones may share them."""

    source: SourceKey
    validator: str
    epoch: str
    """Purge epoch of the source."""
    content: bytes
    """Of the bytes of the original: their number, and a digest of the first and the last of them."""
    configuration: bytes
    """Of the operator, as far as it decides about decoders."""


class PixelFile:
    """A memory file. Its descriptor is closed and its memory given back with the last reference to it."""

    __slots__ = ("fd", "permit", "purges", "size")

    def __init__(self, permit: Permit, size: int, purges: int) -> None:
        self.fd = memfd("pixels")
        self.permit = permit
        self.size = size
        self.purges = purges
        """How many purges there had been when it was opened."""

    def __del__(self) -> None:
        if (descriptor := getattr(self, "fd", -1)) >= 0:
            os.close(descriptor)


class _Entry:
    """``count``: renders of the original at the moment ``at``, as they count."""

    __slots__ = ("at", "count", "file", "is_proven", "seconds")

    def __init__(self, file: PixelFile, seconds: float, count: float, at: float) -> None:
        self.file = file
        self.seconds = seconds
        self.count = count
        self.at = at
        self.is_proven = False
        """Whether a render has begun from it."""

    @property
    def score(self) -> float:
        return score(self.count, self.seconds, self.file.size, self.at)


def decay(count: float, seconds: float) -> float:
    """Return how much ``count`` renders count after so many seconds."""
    return float(count * 2 ** (-seconds / _HALF_LIFE))


def score(count: float, seconds: float, size: int, at: float) -> float:
    """Return what decides between entries: the logarithm of the saving for each byte, as of one moment for all."""
    return math.log2(max(count, 1e-9) * max(seconds, 1e-9) / max(size, 1)) + at / _HALF_LIFE


class PixelCache:
    """Pixels by their source, and what of it was loaded."""

    def __init__(
        self, size: int, metrics: ProxyMetrics, budget: MemoryBudget, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``size`` in bytes; 0 = no pixels are held."""
        self.size = size
        self.largest = size // _LARGEST
        """Most bytes of an entry."""
        self.used = 0
        self._entries: dict[PixelSource, dict[LoadKey, _Entry]] = {}
        self._count = 0
        self._budget = budget
        self._metrics = metrics
        self._clock = clock
        self._purges = 0
        budget.add_cache(self._reclaim)
        metrics.watch_cache("pixels", lambda: self.used)

    def find(self, source: PixelSource) -> dict[LoadKey, PixelFile]:
        """Return all pixels of a source."""
        return {key: entry.file for key, entry in self._entries.get(source, {}).items()}

    def record_use(self, source: PixelSource, key: LoadKey, seconds: float) -> None:
        """Count a render that began from pixels, which saved it so many seconds."""
        self._metrics.cache_hits["pixels"].inc()
        self._metrics.decoding_saved.inc(seconds)
        entry = self._entries.get(source, {}).get(key)
        if entry is not None:
            now = self._clock()
            entry.count, entry.at = decay(entry.count, now - entry.at) + 1, now
            entry.is_proven = True

    def admits(self, size: int, seconds: float, count: float) -> bool:
        """Whether pixels of ``size`` bytes, decoded in ``seconds``, would be held after ``count`` renders.

        Those of an original of which one render was asked for replace nothing that was used.
        """
        if size > self.largest:
            return False
        candidate = score(count, seconds, size, self._clock())
        missing = self.used + size - self.size
        if missing <= 0:
            return self._count < _MAX_ENTRIES
        for entry in sorted((entry for _, _, entry in self._all()), key=lambda each: each.score):
            if entry.score >= candidate or (entry.is_proven and count < REPEATED):
                return False
            missing -= entry.file.size
            if missing <= 0:
                return True
        return False

    def open_file(self, limit: int, *, is_exact: bool) -> PixelFile | None:
        """Return an empty file for ``limit`` bytes; None where there is no memory for them.

        ``is_exact``: for about as many. If not, nothing makes room for what may never come.
        """
        budget = self._budget
        if not is_exact and budget.limit and budget.free < limit:
            return None
        permit = budget.try_reserve(limit, Use.PIXELS)
        if permit is None:
            return None
        try:
            return PixelFile(permit, limit, self._purges)
        except OSError:
            permit.release()
            return None

    def put(self, source: PixelSource, key: LoadKey, file: PixelFile, seconds: float, count: float) -> None:
        """Hold the pixels in a sealed file of ``file.size`` bytes, where they save more than what leaves for them.

        ``count``: renders of the original so far. Pixels of before a purge are dropped.
        """
        self._metrics.cache_misses["pixels"].inc()
        file.permit.change(file.size, Use.PIXELS)
        self._remove(source, key)
        if file.purges != self._purges or not self.admits(file.size, seconds, count):
            return
        while self._count and self.used + file.size > self.size:
            self._remove_least()
        self._entries.setdefault(source, {})[key] = _Entry(file, seconds, count, self._clock())
        self.used += file.size
        self._count += 1

    def drop_source(self, url: str) -> int:
        """Drop all pixels of a source and return the number of entries. What is under way is not held any more."""
        self._purges += 1
        return self.release_source(url)

    def release_source(self, url: str) -> int:
        """Let go of all pixels of a source, of which no more renders come, and return the number of entries."""
        dropped = [(source, key) for source, key, _ in self._all() if source.source.url == url]
        for source, key in dropped:
            self._remove(source, key)
        return len(dropped)

    def clear(self) -> None:
        """Let go of everything. What is under way is not held any more."""
        self._purges += 1
        self._entries.clear()
        self.used = self._count = 0

    def _all(self) -> list[tuple[PixelSource, LoadKey, _Entry]]:
        return [(source, key, entry) for source, keys in self._entries.items() for key, entry in keys.items()]

    def _remove(self, source: PixelSource, key: LoadKey) -> None:
        keys = self._entries.get(source, {})
        entry = keys.pop(key, None)
        if entry is None:
            return
        self.used -= entry.file.size
        self._count -= 1
        if not keys:
            del self._entries[source]

    def _remove_least(self) -> None:
        source, key, _ = min(self._all(), key=lambda each: each[2].score)
        self._remove(source, key)

    def _reclaim(self, size: int) -> None:
        """Drop entries until ``size`` bytes are given back; those that a render begins from are not."""
        target = self._budget.used - size
        while self._count and self._budget.used > target:
            self._remove_least()
