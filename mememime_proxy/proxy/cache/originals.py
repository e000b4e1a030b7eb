"""Originals in memory: fetched once for all who need one at the same time, kept while its source stays the same."""

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
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.variants.keys import SingleFlight
from mememime_proxy.sources.model import Original, SourceState, digest_validator
from mememime_proxy.sources.registry import Sources
from mememime_proxy.urls.source.source import RESOURCE_SCHEMES

_DESCRIPTORS = 256
"""Originals that are kept at most; each holds a file descriptor."""
_STATES = 1 << 14
_PROMPT = 1 << 20
"""Bytes up to which a digest is made on the event loop (about a millisecond)."""
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@dataclass(frozen=True, slots=True)
class Source:
    """Where an original is, and the request headers that may decide which bytes come."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def local(self) -> bool:
        """Whether it is a file of this machine: looking at one costs microseconds, and its bytes are at hand."""
        return self.url[:6].lower() == "local:"

    @property
    def told(self) -> bool:
        """Whether its state is the sources' to tell: they know it, or know for how long an answer about it counts."""
        return self.local or self.url.startswith(RESOURCE_SCHEMES)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An original in a state. Its descriptor is closed when nobody refers to it any more, and never before."""

    original: Original
    state: SourceState


class Originals:
    """See the module. An original that was just fetched is shared by all who waited for it, whatever is kept."""

    def __init__(
        self,
        sources: Sources,
        metrics: Metrics,
        *,
        size: int,
        freshness: float,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        outgoing: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """``size``: bytes kept. ``freshness``: seconds for which a source is not asked again.

        ``timeout``: seconds of a fetch. ``outgoing``: further headers of requests to sources, which decide nothing.
        """
        self._sources = sources
        self._metrics = metrics
        self._freshness = freshness
        self._timeout = timeout
        self._clock = clock
        self._outgoing = outgoing
        least = max(1, size // _DESCRIPTORS)
        self._kept: LRUCache[Source, Fetched] = LRUCache(size, lambda found: max(least, found.original.size))
        self._states: LRUCache[Source, tuple[SourceState, float]] = LRUCache(_STATES)
        self._flights: SingleFlight[Fetched | SourceState] = SingleFlight()
        self._purges = 0
        metrics.caches.watch("originals", lambda: self._kept.currsize)

    async def close(self) -> None:
        """Gives up fetches and lets go of everything."""
        await self._flights.drain()
        self._kept.clear()

    async def known(self, source: Source) -> SourceState | None:
        """The source's present state where that is known without asking anybody. Raises what a missing file raises."""
        if source.told:
            return await self._sources.stat(source.url)
        found = self._states.get(source)
        return found[0] if found is not None and self._clock() < found[1] else None

    def note(self, source: Source, state: SourceState, age: float = 0.0) -> bool:
        """The source was in this state ``age`` seconds ago. Whether that is recent enough to count."""
        counts = not source.told and 0 <= age < self._freshness
        if counts:
            self._states[source] = (state, self._clock() + self._freshness - age)
        return counts

    def forget(self, url: str) -> int:
        """Drops what is kept of a source; the number of originals. What is under way is shared with nobody new."""
        self._purges += 1
        self._sources.forget(url)
        for source in [source for source in self._states if source.url == url]:
            del self._states[source]
        found = [source for source in self._kept if source.url == url]
        for source in found:
            del self._kept[source]
        return len(found)

    async def get(self, source: Source, held: str, max_bytes: int, timeout: float) -> Fetched | SourceState:  # noqa: ASYNC109
        """The original, at most ``max_bytes`` (0 = any number); or its state, where that is ``held`` (a validator).

        Raises the errors of sources, and TimeoutError after ``timeout`` seconds of waiting.
        """
        if source.local:
            return await self._ask(source, held, max_bytes, timeout)
        kept = self._kept.get(source)
        if kept is not None and max_bytes and kept.original.size > max_bytes:
            raise SourceTooLargeError(f"the original has {kept.original.size} bytes, {max_bytes} are allowed")
        if kept is not None and (known := await self.known(source)) and known.validator == kept.state.validator:
            self._metrics.caches.hit("originals")
            if known.stale != kept.state.stale:
                kept = Fetched(kept.original, known)
            return kept.state if kept.state.validator == held else kept
        asked = held if kept is None else kept.state.validator
        work = partial(self._ask, source, asked, max_bytes, self._timeout)
        found = await self._flights.run((source, asked, max_bytes, self._purges), work, timeout)
        if isinstance(found, SourceState) and kept is not None:
            self._metrics.caches.hit("originals")
            found = Fetched(kept.original, found)
            self.note(source, found.state)
        elif isinstance(found, Fetched):
            self._metrics.caches.miss("originals")
        return found.state if isinstance(found, Fetched) and held and found.state.validator == held else found

    async def _ask(self, source: Source, held: str, max_bytes: int, timeout: float) -> Fetched | SourceState:  # noqa: ASYNC109
        purges, begun = self._purges, time.perf_counter()
        try:
            found = await self._sources.fetch_if_changed(
                source.url,
                held,
                max_bytes=max_bytes,
                timeout=timeout,
                headers={**dict(source.headers), **self._outgoing()},
            )
        finally:
            self._metrics.span("downloading").observe(time.perf_counter() - begun)
        if isinstance(found, SourceState):
            return found
        self._metrics.source_bytes.inc(found.size)
        if source.local:
            return Fetched(found, found.state)
        # From here on workers share it: none may change what the next one reads.
        fcntl.fcntl(found.fd, fcntl.F_ADD_SEALS, _SEALS)
        state = found.state
        if not state.validator:
            state = replace(state, validator=await _digest(found))
        fetched = Fetched(found, state)
        if purges == self._purges:
            self.note(source, fetched.state)
            if max(found.size, 1) <= self._kept.maxsize:
                self._kept[source] = fetched
        return fetched


async def _digest(original: Original) -> str:
    if original.size <= _PROMPT:
        return _digest_of(original)
    return await asyncio.to_thread(_digest_of, original)


def _digest_of(original: Original) -> str:
    digest = hashlib.blake2b(digest_size=16)
    if original.size:
        with mmap.mmap(original.fd, original.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as content:
            digest.update(content)
    return digest_validator(digest.hexdigest())
