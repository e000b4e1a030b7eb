"""From a plan to a picture: caches, fetch, render, coalesce, fall back. No HTTP objects: plans in, outcomes out."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from mememime_proxy.descriptors import memfd
from mememime_proxy.errors import (
    MememimeError,
    RenderTimeoutError,
    SourceBrokenError,
    SourceError,
    SourceIncompleteError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
    UnknownFormatError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.plan import Plan
from mememime_proxy.proxy import responses
from mememime_proxy.proxy.caches import Caches
from mememime_proxy.proxy.locks import Lock, Locks
from mememime_proxy.proxy.logs import logger
from mememime_proxy.proxy.metrics import Metrics
from mememime_proxy.proxy.originals import Fetched, Source, State, dated, tellable
from mememime_proxy.proxy.outcome import Asked, Outcome, Picture, Unchanged
from mememime_proxy.proxy.results import Kept
from mememime_proxy.proxy.store import VariantStore
from mememime_proxy.proxy.tracing import Tracing
from mememime_proxy.proxy.variants import (
    SingleFlight,
    VariantKeys,
    content_etag,
    etags,
    make_etag,
    matches,
    source_validator,
)
from mememime_proxy.settings import Settings
from mememime_proxy.workers.pool import Job, Pool, VariantInfo

_PASSING = (SourceTimeoutError, SourceUnreachableError, SourceBrokenError, SourceIncompleteError)
"""Errors that say nothing about the original: what is kept of it may be served meanwhile."""


@dataclass(slots=True)
class _Work:
    """One variant on its way. ``client``: the validator that the client holds."""

    plan: Plan
    key: bytes
    source: Source
    client: str
    asked: Asked
    generation: str = ""
    lock: Lock | None = None
    spans: list[tuple[str, float]] = field(default_factory=list)


class Pictures:
    """Serves plans. Equal requests in flight share one fetch and one render; at most one job runs in a worker."""

    def __init__(
        self,
        settings: Settings,
        caches: Caches,
        pool: Pool,
        keys: VariantKeys,
        metrics: Metrics,
        fallback: bytes | None,
        tracing: Tracing | None = None,
    ) -> None:
        self._settings = settings
        self._originals = caches.originals
        self._results = caches.results
        self._generations = caches.generations
        self._store = caches.store
        self._locks = caches.locks
        self._pool = pool
        self._keys = keys
        self._metrics = metrics
        self._fallback = fallback
        self._tracing = tracing
        self._log = logger()
        self._flights: SingleFlight[Outcome] = SingleFlight()

    async def close(self) -> None:
        """Gives up what is under way."""
        await self._flights.drain()

    def key(self, plan: Plan) -> bytes:
        """The variant's key, for ``Asked.key``: who asks for one plan again, need not pay for it each time."""
        return self._keys.key(plan)

    async def get(self, plan: Plan, asked: Asked) -> Outcome:
        """The picture that ``plan`` describes, or that the client has it already.

        Raises the errors of sources and workers, RenderTimeoutError at the deadline.
        """
        if plan.format and not FORMATS[plan.format].writable and not FORMATS[plan.format].vector:
            raise UnsupportedFormatError(f"this installation does not write {plan.format}")
        key = asked.key or self._keys.key(plan)
        headers = tuple(sorted(asked.source_headers.items()))
        if headers:
            key = hashlib.blake2b(msgspec.msgpack.encode(headers), digest_size=16, key=key).digest()
        source = Source(plan.source, headers)
        known = etags(asked.if_none_match) if asked.if_none_match and self._settings.use_etag else ()
        if (held := await self._at_hand(key, source, known, asked)) is not None:
            return held
        client = self._client_validator(key, known, asked)
        # A purge does not wait for what is under way, and nobody who asks after it may share that.
        flight = (key, client, self._generations.last(plan.source))
        shared = flight in self._flights
        loop = asyncio.get_running_loop()
        try:
            work = partial(self._make, _Work(plan, key, source, client, asked))
            outcome = await self._flights.run(flight, work, asked.deadline - loop.time())
        except TimeoutError:
            raise RenderTimeoutError(f"the deadline passed {loop.time() - asked.deadline:.3f} s ago") from None
        if shared:
            self._metrics.coalesced.inc()
        if isinstance(outcome, Picture) and outcome.status == 200 and self._has(outcome, known, asked):
            return Unchanged(outcome.etag, outcome.modified, outcome.said)
        return outcome

    async def _at_hand(self, key: bytes, source: Source, known: tuple[str, ...], asked: Asked) -> Outcome | None:
        """What can be answered from memory, at the cost of a look at a local file at most."""
        generation = self._generations.known(source.url)
        if generation is None:
            return None
        try:
            state = await self._originals.known(source)
        except SourceError:
            return None  # to come up again where there is a fallback for it
        if state is None:
            return None
        kept = self._results.get(key)
        if kept is None or kept.state.validator != state.validator or kept.generation != generation:
            return self._unchanged(key, state, known, asked)
        picture = kept.picture
        self._metrics.caches.hit("variants")
        if self._has(picture, known, asked):
            return Unchanged(picture.etag, picture.modified, picture.said)
        return self._stale(picture) if state.stale else picture

    def _unchanged(self, key: bytes, state: State, known: tuple[str, ...], asked: Asked) -> Unchanged | None:
        """Whether the client has the variant of this state, which need not be at hand for that."""
        if not tellable(state.validator):
            return None
        etag = make_etag(key, state.validator)
        same = matches(etag, known) if known else self._unmodified(state.last_modified, asked)
        return Unchanged(etag, state.last_modified, state.said) if same else None

    def _has(self, picture: Picture, known: tuple[str, ...], asked: Asked) -> bool:
        """Whether the client has this picture already."""
        return matches(picture.etag, known) if known else self._unmodified(picture.modified, asked)

    def _stale(self, picture: Picture) -> Picture:
        self._metrics.stale.inc()
        return replace(picture, stale=True, serial=-picture.serial)

    def _unmodified(self, modified: str, asked: Asked) -> bool:
        settings = self._settings
        return (
            bool(asked.if_modified_since)
            and settings.use_last_modified
            and not responses.busted(settings, asked.if_modified_since)
            and responses.unmodified(modified, asked.if_modified_since)
        )

    def _client_validator(self, key: bytes, known: tuple[str, ...], asked: Asked) -> str:
        """The client's condition as a validator of the source; empty where it cannot be passed on."""
        for etag in known:
            if validator := source_validator(key, etag):
                return validator
        # RFC 9110 13.1.3: with If-None-Match, the date does not count.
        settings = self._settings
        counts = asked.if_modified_since and not asked.if_none_match and settings.use_last_modified
        return (
            dated(asked.if_modified_since) if counts and not responses.busted(settings, asked.if_modified_since) else ""
        )

    async def _make(self, work: _Work) -> Outcome:
        try:
            return await self._from_source(work)
        except (SourceError, SourceTooLargeError, UnknownFormatError) as error:
            if self._fallback is None:
                raise
            return await self._from_fallback(work, error)

    async def _from_source(self, work: _Work) -> Outcome:
        kept = self._results.get(work.key)
        self._metrics.caches.miss("variants")
        if self._store is None:
            work.generation = await self._generations.look(work.source.url)
        else:
            if (generation := self._generations.known(work.source.url)) is None:
                looking = self._generations.look(work.source.url)
                work.generation, stored = await asyncio.gather(looking, self._stored(work, self._store))
            else:
                work.generation, stored = generation, await self._stored(work, self._store)
            kept = kept if kept is not None and kept.generation == work.generation else stored
        kept = kept if kept is not None and kept.generation == work.generation else None
        if (outcome := await self._still(work, kept)) is not None:
            return outcome
        if self._store is None or self._locks is None:
            return await self._fresh(work, kept)
        try:
            # Another process of this machine may be at it; what it makes is in the store when its lock is free.
            work.lock = await self._lock(work, self._locks)
            stored = await self._stored(work, self._store)
            kept = stored if stored is not None and stored.generation == work.generation else kept
            return await self._still(work, kept) or await self._fresh(work, kept)
        finally:
            if work.lock is not None:
                work.lock.release()

    async def _stored(self, work: _Work, store: VariantStore) -> Kept | None:
        with self._span(work, "store"):
            return await store.get(work.source.url, work.key)

    @contextlib.contextmanager
    def _span(self, work: _Work, name: str) -> Iterator[None]:
        """Takes the time of a part of the work."""
        begun = time.perf_counter()
        try:
            with self._tracing.span(name) if self._tracing is not None else contextlib.nullcontext():
                yield
        finally:
            work.spans.append((name, time.perf_counter() - begun))

    async def _lock(self, work: _Work, locks: Locks) -> Lock | None:
        try:
            with self._span(work, "lock"):
                async with asyncio.timeout(self._left(work.asked)):
                    return await locks.acquire(work.key)
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            self._log.warning("the store's folder has no locks", detail=str(error))
            return None

    async def _still(self, work: _Work, kept: Kept | None) -> Picture | None:
        """What is kept, if its source is known to be in the same state still."""
        if kept is None:
            return None
        try:
            state = await self._originals.known(work.source)
        except SourceError:
            return None
        if state is None:
            if not self._originals.note(work.source, kept.state, time.time() - kept.checked):
                return None
        elif state.validator != kept.state.validator:
            return None
        self._serve(work, kept)
        return self._stale(kept.picture) if state is not None and state.stale else kept.picture

    def _serve(self, work: _Work, kept: Kept) -> None:
        """Counts an answer that was kept, and has it in memory from now on."""
        if self._results.get(work.key) is not kept:
            self._metrics.caches.hit("store")
            self._keep(work, kept)

    async def _fresh(self, work: _Work, kept: Kept | None) -> Outcome:
        """Asks the source, and renders unless what is kept holds still."""
        held = kept.state.validator if kept is not None else work.client
        try:
            found = await self._fetch(work, held)
        except SourceError as error:
            if kept is None or not _passing(error):
                raise
            self._originals.note(work.source, replace(kept.state, stale=True))
            self._serve(work, kept)
            return self._stale(kept.picture)
        state = found.state if isinstance(found, Fetched) else found
        if kept is not None and kept.state.validator == state.validator:
            self._originals.note(work.source, state)
            self._serve(work, kept)
            return kept.picture
        if not isinstance(found, Fetched):
            return Unchanged(make_etag(work.key, state.validator), state.last_modified, state.said)
        etag = make_etag(work.key, state.validator) if tellable(state.validator) else ""
        if etag and work.client == state.validator:
            # The client has it, whatever the source was asked.
            return Unchanged(etag, state.last_modified, state.said)
        body, info = await self._render(work, found.original.fd, found.original.fingerprint)
        size = found.original.size
        picture = Picture(body, info, etag or content_etag(body), state.last_modified, state.said, size)
        await self._put(work, Kept(picture, state, work.generation, work.source.url, time.time()))
        return replace(picture, spans=tuple(work.spans)) if self._settings.enable_debug_headers else picture

    async def _fetch(self, work: _Work, held: str) -> Fetched | State:
        with self._span(work, "fetch"):
            limit, left = work.plan.limits.max_src_file_size, self._left(work.asked)
            return await self._originals.get(work.source, held, limit, left)

    def _keep(self, work: _Work, kept: Kept) -> bool:
        """Whether it may be kept: it can be told from the next state, and no purge came in between."""
        good = bool(kept.state.validator) and work.generation == self._generations.last(work.source.url)
        if good:
            self._results.put(work.key, kept)
        return good

    async def _put(self, work: _Work, kept: Kept) -> None:
        if self._keep(work, kept) and self._store is not None:
            lock, work.lock = work.lock, None
            await self._store.put(work.key, kept, lock.release if lock is not None else _nothing)

    async def _from_fallback(self, work: _Work, error: MememimeError) -> Picture:
        data = self._fallback or b""
        descriptor = memfd("fallback", data)
        work.plan = replace(work.plan, source="fallback:")
        try:
            body, info = await self._render(work, descriptor, "")
        finally:
            os.close(descriptor)
        status = self._settings.fallback_image_http_code or error.status
        self._metrics.errors.labels(error.kind).inc()
        return Picture(body, info, content_etag(body), status=status, fallback=True, source_size=len(data))

    async def _render(self, work: _Work, descriptor: int, fingerprint: str) -> tuple[bytes, VariantInfo]:
        rendered = await self._pool.run(Job(plan=work.plan), descriptor, self._left(work.asked), fingerprint)
        self._metrics.span("queue").observe(rendered.waited)
        self._metrics.span("processing").observe(rendered.rendered)
        self._metrics.result_bytes.inc(len(rendered.body))
        work.spans += [("queue", rendered.waited), ("render", rendered.rendered)]
        if self._tracing is not None:
            self._tracing.past("queue", rendered.waited, rendered.rendered)
            self._tracing.past("render", rendered.rendered)
        return rendered.body, rendered.info

    def _left(self, asked: Asked) -> float:
        left = asked.deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise RenderTimeoutError("the deadline passed before the picture was begun")
        return left


def _nothing() -> None:
    """Where there is no lock."""


def _passing(error: SourceError) -> bool:
    if isinstance(error, SourceStatusError):
        return error.upstream >= 500 or error.upstream == 429
    return isinstance(error, _PASSING)
