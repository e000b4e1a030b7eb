"""From a plan to a picture: caches, fetch, render, coalesce, fall back. No HTTP objects: plans in, outcomes out."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec

from mememime_proxy.errors import (
    MememimeError,
    RenderTimeoutError,
    SourceError,
    SourceIncompleteError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
    UnknownFormatError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.lookup import Keeping
from mememime_proxy.proxy.cache.memory import Kept
from mememime_proxy.proxy.cache.originals import Fetched, Source
from mememime_proxy.proxy.http.headers import busted, unmodified
from mememime_proxy.proxy.model import Asked, Outcome, Picture, Unchanged
from mememime_proxy.proxy.request_state import Work
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.proxy.variants.keys import (
    SingleFlight,
    VariantKeys,
    content_etag,
    etags,
    make_etag,
    matches,
    source_validator,
)
from mememime_proxy.proxy.variants.source_plan import settle, undressed
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState, date_validator, is_conditional
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import Pool, WorkerJob

_PASSING = (SourceTimeoutError, SourceUnreachableError, SourceResponseError, SourceIncompleteError)
"""Errors that say nothing about the original: what is kept of it may be served meanwhile."""


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
        dress: Callable[[Plan, str], Plan] = undressed,
    ) -> None:
        """``dress``: a plan with the options of the preset of a name. Raises PresetError."""
        self._settings = settings
        self._originals = caches.originals
        self._results = caches.results
        self._generations = caches.generations
        self._keeping = Keeping(caches, metrics)
        self._pool = pool
        self._keys = keys
        self._metrics = metrics
        self._fallback = fallback
        self._tracing = tracing
        self._dress = dress
        self._flights: SingleFlight[Outcome] = SingleFlight()

    async def close(self) -> None:
        """Gives up what is under way."""
        await self._flights.drain()

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
        client = self._client_validator(key, known, asked)
        # A purge does not wait for what is under way, and nobody who asks after it may share that.
        flight = (key, client, self._generations.last(plan.source))
        if flight not in self._flights:  # else it was just found that nothing is at hand
            if (held := await self._at_hand(key, source, known, asked)) is not None:
                return held
            flight = (key, client, self._generations.last(plan.source))
        shared = flight in self._flights
        loop = asyncio.get_running_loop()
        try:
            work = partial(self._make, Work(plan, key, source, client, asked, self._tracing))
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
        kept = self._results.get(key)
        if generation is None or (kept is None and not known and not asked.if_modified_since):
            return None
        try:
            state = await self._originals.known(source)
        except SourceError:
            return None  # to come up again where there is a fallback for it
        if state is None:
            return None
        if kept is None or kept.state.validator != state.validator or kept.generation != generation:
            return self._unchanged(key, state, known, asked)
        picture = kept.picture
        self._metrics.caches.hit("variants")
        if self._has(picture, known, asked):
            return Unchanged(picture.etag, picture.modified, picture.said)
        return self._keeping.stale(picture) if state.stale else picture

    def _unchanged(self, key: bytes, state: SourceState, known: tuple[str, ...], asked: Asked) -> Unchanged | None:
        """Whether the client has the variant of this state, which need not be at hand for that."""
        if not is_conditional(state.validator):
            return None
        etag = make_etag(key, state.validator)
        same = matches(etag, known) if known else self._unmodified(state.last_modified, asked)
        return Unchanged(etag, state.last_modified, state.cache_headers) if same else None

    def _has(self, picture: Picture, known: tuple[str, ...], asked: Asked) -> bool:
        """Whether the client has this picture already."""
        return matches(picture.etag, known) if known else self._unmodified(picture.modified, asked)

    def _unmodified(self, modified: str, asked: Asked) -> bool:
        settings = self._settings
        return (
            bool(asked.if_modified_since)
            and settings.use_last_modified
            and not busted(settings, asked.if_modified_since)
            and unmodified(modified, asked.if_modified_since)
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
            date_validator(asked.if_modified_since) if counts and not busted(settings, asked.if_modified_since) else ""
        )

    async def _make(self, work: Work) -> Outcome:
        try:
            return await self._from_source(work)
        except (SourceError, SourceTooLargeError, UnknownFormatError) as error:
            if self._fallback is None:
                raise
            return await self._from_fallback(work, error)

    async def _from_source(self, work: Work) -> Outcome:
        keeping = self._keeping
        try:
            kept = await keeping.look(work)
            if (picture := await keeping.still(work, kept)) is not None:
                return picture
            if kept is None:
                # Another process of this machine may be at it; then nobody needs to fetch the original again.
                kept = await keeping.turn(work)
                if (picture := await keeping.still(work, kept)) is not None:
                    return picture
            return await self._asking(work, kept)
        finally:
            work.release()

    async def _asking(self, work: Work, kept: Kept | None) -> Outcome:
        """Asks the source, and renders unless what is kept, here or by the client, holds still."""
        held = kept.state.validator if kept is not None else work.client
        try:
            with work.span("fetch"):
                limit = work.plan.limits.max_src_file_size
                found = await self._originals.get(work.source, held, limit, work.left())
        except SourceError as error:
            if kept is None or not _passing(error):
                raise
            return self._keeping.unconfirmed(work, kept)
        state = found.state if isinstance(found, Fetched) else found
        if kept is not None and kept.state.validator == state.validator:
            return self._keeping.confirmed(work, kept, state)
        etag = make_etag(work.key, state.validator) if is_conditional(state.validator) else ""
        if not isinstance(found, Fetched) or (etag and work.client == state.validator):
            # The client has it, whatever the source was asked.
            return Unchanged(etag, state.last_modified, state.cache_headers)
        kept = await self._keeping.turn(work)
        if kept is not None and kept.state.validator == state.validator:
            return self._keeping.confirmed(work, kept, state)
        original = found.original
        work.plan = settle(work.plan, original, self._dress)
        variant = await self._render(work, original.fd, original.fingerprint)
        picture = Picture(
            variant, etag or content_etag(variant.body), state.last_modified, state.cache_headers, original.size
        )
        await self._keeping.put(work, picture, state)
        if state.stale:
            picture = self._keeping.stale(picture)
        return replace(picture, spans=tuple(work.spans)) if self._settings.enable_debug_headers else picture

    async def _from_fallback(self, work: Work, error: MememimeError) -> Picture:
        data = self._fallback or b""
        descriptor = memfd("fallback", data)
        work.plan = replace(work.plan, source="fallback:")
        try:
            variant = await self._render(work, descriptor, "")
        finally:
            os.close(descriptor)
        status = self._settings.fallback_image_http_code or error.status
        self._metrics.errors.labels(error.kind, error.code).inc()
        return Picture(variant, content_etag(variant.body), status=status, fallback=True, source_size=len(data))

    async def _render(self, work: Work, descriptor: int, fingerprint: str) -> Variant[bytes]:
        rendered = await self._pool.run(WorkerJob(plan=work.plan), descriptor, work.left(), fingerprint)
        self._metrics.span("queue").observe(rendered.queue_seconds)
        self._metrics.span("processing").observe(rendered.render_seconds)
        self._metrics.result_bytes.inc(len(rendered.variant.body))
        work.rendered(rendered.queue_seconds, rendered.render_seconds)
        return rendered.variant


def _passing(error: SourceError) -> bool:
    if isinstance(error, SourceStatusError):
        return error.upstream >= 500 or error.upstream == 429
    return isinstance(error, _PASSING)
