"""Requests and results of the provider chain, and the entries of its cache. Independent of HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from mememime_proxy.errors import RenderTimeoutError
from mememime_proxy.memory_budget import Permit
from mememime_proxy.plan import Plan
from mememime_proxy.service.conditional import Preconditions
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.urls.source.source import RESOURCE_SCHEMES
from mememime_proxy.variant import Variant
from mememime_proxy.workers.scheduling.flow import NO_FLOW, Flow

NO_CONDITIONS = Preconditions()


def source_hash(source: str) -> str:
    """Return the name of a source in cache tags and in the keys of the store: 32 hexadecimal digits."""
    return hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


class Epoch(NamedTuple):
    """The purge epoch in which a variant is made."""

    name: str = ""
    """'' = before the first purge of the source."""
    assumed_at: float = 0.0
    """Unix time at which it was taken for the present one without a look at the store; 0 = it was the present one."""


class SourceKey(msgspec.Struct, frozen=True):
    """The URL of an original, and the request headers that its response depends on."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    is_local: bool = False
    """Whether it is a file of this machine, whose state costs microseconds and whose bytes need no copy."""
    reports_state: bool = False
    """Whether the sources report its state without a request, so that no cache has to hold it."""

    @classmethod
    def of(cls, url: str, headers: tuple[tuple[str, str], ...] = ()) -> SourceKey:
        """Return the key of the original at ``url``."""
        is_local = url[:6].lower() == "local:"
        return cls(url, headers, is_local, is_local or url.startswith(RESOURCE_SCHEMES))


@dataclass(slots=True)
class SpanRecorder:
    """Seconds that the parts of a request took. A part may be a span of a trace, too."""

    start_span: Callable[[str], AbstractContextManager[Any]] = contextlib.nullcontext
    add_span: Callable[[str, float, float], None] | None = None
    """Name, seconds, and the seconds since its end."""
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Record the part that the block is."""
        start = time.perf_counter()
        try:
            with self.start_span(name):
                yield
        finally:
            self.seconds.append((name, time.perf_counter() - start))

    def add(self, name: str, seconds: float, ended_before: float = 0.0) -> None:
        """Record a duration that was measured elsewhere; it ended ``ended_before`` seconds ago."""
        self.seconds.append((name, seconds))
        if self.add_span is not None:
            self.add_span(name, seconds, ended_before)


@dataclass(frozen=True, slots=True)
class VariantResult:
    """A variant and what its response says about it. All who wait for one render share it."""

    variant: Variant[bytes]
    etag: str
    state: SourceState
    """Of the source, when the variant was made or last revalidated."""
    source_size: int = 0
    status: int = 200
    """Differs from 200 for the fallback picture alone."""
    is_fallback: bool = False
    spans: tuple[tuple[str, float], ...] = ()
    """Seconds of the parts of the render, where debug headers are on."""
    tier: Literal["memory", "store", "render"] = field(default="memory", compare=False)
    """Where it comes from; of a render, where debug headers are on."""
    permit: Permit | None = field(default=None, repr=False, compare=False)
    """For the memory of the body: released with the last reference, in caches, queues and responses."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """Result of a conditional request: the client has the current variant."""

    etag: str
    state: SourceState
    is_damaged: bool = False
    """Whether that variant shows a damaged original."""
    has_all_headers: bool = True
    """Whether ``state`` has all headers of the source, and not only those that it sent with 304."""


Result = VariantResult | NotModified


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A result in the cache, with what decides whether it is still valid."""

    result: VariantResult
    source: str
    """URL of the original."""
    epoch: Epoch
    """Of the source when the variant was made."""
    checked_at: float = 0.0
    """Unix time at which the source was in the state of the result."""
    is_deferred: bool = False
    """Whether it is written to the store when it is requested once more."""


def _uncounted(_others: int) -> AbstractContextManager[None]:
    return contextlib.nullcontext()


class VariantRequest(msgspec.Struct, frozen=True):
    """A request on its way through the provider chain. A provider adds what it finds for those behind it.

    A ``msgspec.Struct``, because one is made for every request: a frozen dataclass takes ten times as long.
    """

    plan: Plan
    key: bytes
    """Of the variant."""
    source: SourceKey
    deadline: float
    """On the event loop's clock."""
    conditions: Preconditions = NO_CONDITIONS
    client_validator: str = ""
    """Validator of the source that the client's conditions carry."""
    flow: Flow = NO_FLOW
    """Whose render it is."""
    spans: SpanRecorder = msgspec.field(default_factory=SpanRecorder)
    epoch: Epoch = Epoch()
    """Of the source."""
    entry: CacheEntry | None = None
    """The cached entry, if it must be revalidated."""
    original: Original | None = None
    """Fetched for it on the way, or by the one who makes several requests of one original."""
    state: SourceState = SourceState()
    """Of ``original``."""
    pictures: asyncio.Task[tuple[Original, ...]] | None = None
    """The fetch of ``plan.pictures``, where it began beside that of the original."""
    siblings: int = 0
    """Further renders of the same original that are sure to come."""
    by_presets: bool = False
    """Whether presets alone decide its pixels."""
    is_locked: bool = False
    """Whether the chain holds the render lock of ``key``."""
    waiting: Callable[[int], AbstractContextManager[None]] = _uncounted
    """Entered while the request waits for another one's render; the argument: how many wait for it already.

    Raises OverloadError where too many wait.
    """

    def remaining_seconds(self) -> float:
        """Return the seconds until the deadline. Raises RenderTimeoutError after it."""
        seconds = self.deadline - asyncio.get_running_loop().time()
        if seconds <= 0:
            raise RenderTimeoutError("the deadline passed before the render began")
        return seconds


class VariantProvider(Protocol):
    """One provider of the chain: it answers a request, or passes it on to the next one with what it found."""

    async def get(self, request: VariantRequest) -> Result:
        """Return the variant, or that the client has it.

        Raises the errors of sources and workers, and RenderTimeoutError at the deadline.
        """
        ...
