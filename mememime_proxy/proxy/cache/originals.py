"""Originals in memory: fetched once for concurrent requests, held while their source stays the same."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import mmap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from cachetools import LRUCache

from mememime_proxy.errors import SourceTooLargeError
from mememime_proxy.memfd import SEALS
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.cache.single_flight import SingleFlight
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.sources.model import Original, SourceState, digest_validator
from mememime_proxy.sources.registry import Sources

_MAX_DESCRIPTORS = 256
"""Originals that are held at most; each has a file descriptor."""
_MAX_STATES = 1 << 14
_SMALL = 1 << 20
"""Bytes up to which a digest is calculated on the event loop (about a millisecond)."""


@dataclass(frozen=True, slots=True)
class FetchedOriginal:
    """An original and its state. Its descriptor is closed with the last reference to it."""

    original: Original
    state: SourceState


class _HeldOriginals(LRUCache[SourceKey, FetchedOriginal]):
    """Originals by source; those used longest ago leave first."""

    def __setitem__(self, source: SourceKey, fetched: FetchedOriginal, *rest: object) -> None:
        former = self.get(source)
        super().__setitem__(source, fetched)
        if former is not None:
            _count_as(former, Use.ORIGINALS_IN_FLIGHT)
        _count_as(fetched, Use.ORIGINALS)

    def __delitem__(self, source: SourceKey, /, *rest: object) -> None:
        fetched = self[source]
        super().__delitem__(source)
        # Until the last render of it ends.
        _count_as(fetched, Use.ORIGINALS_IN_FLIGHT)


def _count_as(fetched: FetchedOriginal, use: Use) -> None:
    if (permit := fetched.original.permit) is not None:
        permit.change(permit.size, use)


class OriginalCache:
    """Originals and states of sources. Concurrent requests for an original share its fetch."""

    def __init__(
        self,
        sources: Sources,
        metrics: ProxyMetrics,
        budget: MemoryBudget,
        *,
        size: int,
        freshness: float,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        outgoing_headers: Callable[[], Mapping[str, str]] = dict,
        name: str = "originals",
        entries: int = _MAX_DESCRIPTORS,
    ) -> None:
        """``size``: bytes held, at most ``entries``, unless others need the memory. ``name``: in metrics.

        ``freshness``: seconds for which a source is not asked again. ``timeout``: seconds of a fetch.
        ``outgoing_headers``: further request headers, on which no bytes depend.
        """
        self._sources = sources
        self._metrics = metrics
        self._freshness = freshness
        self._timeout = timeout
        self._clock = clock
        self._outgoing_headers = outgoing_headers
        min_size = max(1, size // max(1, entries))
        self._originals = _HeldOriginals(size, lambda fetched: max(min_size, fetched.original.size))
        self._budget = budget
        budget.add_cache(self._reclaim)
        self._states: LRUCache[SourceKey, tuple[SourceState, float]] = LRUCache(_MAX_STATES)
        """With the time until which a state is fresh."""
        self._flights: SingleFlight[FetchedOriginal | SourceState] = SingleFlight()
        self._purges = 0
        self._name = name
        metrics.watch_cache(name, lambda: self._originals.currsize)

    async def close(self) -> None:
        """Cancel fetches and let go of all originals."""
        await self._flights.drain()
        self._originals.clear()

    async def get_state(self, source: SourceKey) -> SourceState | None:
        """Return the present state where no request is needed for it, else None. SourceError for a missing file."""
        if source.reports_state:
            return await self._sources.stat(source.url)
        entry = self._states.get(source)
        return entry[0] if entry is not None and self._clock() < entry[1] else None

    def is_recent(self, source: SourceKey, age: float) -> bool:
        """Whether a state that was seen ``age`` seconds ago may be taken for the present one."""
        return not source.reports_state and 0 <= age < self._freshness

    def remember_state(self, source: SourceKey, state: SourceState, age: float = 0.0) -> None:
        """Take ``state``, seen ``age`` seconds ago, for the present one while it is recent.

        It does not replace a state that was seen later.
        """
        if not self.is_recent(source, age):
            return
        fresh_until = self._clock() + self._freshness - age
        entry = self._states.get(source)
        if entry is None or entry[1] <= fresh_until:
            self._states[source] = (state, fresh_until)

    def drop_source(self, url: str) -> int:
        """Drop what is held of a source and return the number of originals. No new request joins a fetch under way."""
        self._purges += 1
        self._sources.forget(url)
        for source in [source for source in self._states if source.url == url]:
            del self._states[source]
        dropped = [source for source in self._originals if source.url == url]
        for source in dropped:
            del self._originals[source]
        return len(dropped)

    def drop_all(self) -> None:
        """Drop everything. No new request joins a fetch under way."""
        self._purges += 1
        self._sources.forget_all()
        self._states.clear()
        self._originals.clear()

    async def fetch_if_changed(
        self,
        source: SourceKey,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - of this caller, who then leaves the fetch to the others
        head: int = 0,
    ) -> FetchedOriginal | SourceState:
        """Return the original, at most ``max_bytes`` (0 = any number), or its state where that has ``validator``.

        ``head``: see ``Sources.fetch_if_changed``; an original of which only these bytes came is not held.

        Raises the errors of sources, and TimeoutError after ``timeout`` seconds of waiting.
        """
        if source.is_local:
            return await self._fetch(source, validator, max_bytes, timeout)
        entry = self._originals.get(source)
        if entry is not None and max_bytes and entry.original.size > max_bytes:
            raise SourceTooLargeError(f"the original has {entry.original.size} bytes, {max_bytes} are allowed")
        if entry is not None and (state := await self._present_state(source, entry)) is not None:
            self._metrics.cache_hits[self._name].inc()
            return state if state.validator == validator else FetchedOriginal(entry.original, state)
        condition = validator if entry is None else entry.state.validator
        fetch = partial(self._fetch, source, condition, max_bytes, self._timeout, head)
        fetched = await self._flights.run((source, condition, max_bytes, self._purges, head), fetch, timeout)
        if isinstance(fetched, FetchedOriginal):
            self._metrics.cache_misses[self._name].inc()
        elif entry is not None:
            self._metrics.cache_hits[self._name].inc()
            fetched = FetchedOriginal(entry.original, entry.state.updated_by(fetched))
            if self._originals.get(source) is entry:
                self._originals[source] = fetched
            self.remember_state(source, fetched.state)
        if isinstance(fetched, FetchedOriginal) and validator and fetched.state.validator == validator:
            return fetched.state
        return fetched

    def _reclaim(self, size: int) -> None:
        """Let go of originals until ``size`` bytes are given back; those that are being rendered are not."""
        target = self._budget.used - size
        while self._originals and self._budget.used > target:
            self._originals.popitem()

    async def _present_state(self, source: SourceKey, entry: FetchedOriginal) -> SourceState | None:
        """Return the present state if it is that of ``entry`` and needs no request."""
        state = await self.get_state(source)
        if state is None or state.validator != entry.state.validator:
            return None
        # What was remembered of an earlier response may have more headers.
        return entry.state if state.stale == entry.state.stale else state

    async def _fetch(
        self,
        source: SourceKey,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - of the fetch
        head: int = 0,
    ) -> FetchedOriginal | SourceState:
        purges, start = self._purges, time.perf_counter()
        try:
            fetched = await self._sources.fetch_if_changed(
                source.url,
                validator,
                max_bytes=max_bytes,
                timeout=timeout,
                headers={**dict(source.headers), **self._outgoing_headers()},
                head=head,
            )
        finally:
            self._metrics.observe_span("downloading", time.perf_counter() - start)
        if isinstance(fetched, SourceState):
            return fetched
        if fetched.film is not None:
            # No descriptor of it can be sealed yet, and what it will take of the cache is not known.
            return FetchedOriginal(fetched, fetched.state)
        self._metrics.source_bytes.inc(fetched.head or fetched.size)
        if source.is_local:
            return FetchedOriginal(fetched, fetched.state)
        # From here on workers share it: none may change what the next one reads.
        fcntl.fcntl(fetched.fd, fcntl.F_ADD_SEALS, SEALS)
        state = fetched.state
        if not state.validator:
            state = replace(state, validator=await _digest(fetched))
        result = FetchedOriginal(fetched, state)
        if purges == self._purges:
            self.remember_state(source, state)
            if not fetched.head and max(fetched.size, 1) <= self._originals.maxsize:
                self._originals[source] = result
        return result


async def _digest(original: Original) -> str:
    if original.size <= _SMALL:
        return _calculate_digest(original)
    return await asyncio.to_thread(_calculate_digest, original)


def _calculate_digest(original: Original) -> str:
    digest = hashlib.blake2b(digest_size=16)
    if original.size:
        with mmap.mmap(original.fd, original.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as content:
            digest.update(content)
    return digest_validator(digest.hexdigest())
