"""From a plan to a picture: fetch, render, coalesce, fall back. No HTTP objects: plans in, outcomes out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from mememime_proxy.errors import (
    MememimeError,
    RenderTimeoutError,
    SourceError,
    SourceTooLargeError,
    UnknownFormatError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.plan import Plan
from mememime_proxy.proxy import responses
from mememime_proxy.proxy.metrics import Metrics
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
from mememime_proxy.sources.original import Conditions, NotModified, Original
from mememime_proxy.sources.registry import Sources
from mememime_proxy.workers.pool import Job, Pool, VariantInfo
from mememime_proxy.workers.wire import memfd

_DATE_MARK = "@"
"""Stands before a Last-Modified date that is used as a validator; an entity tag starts with a quote or W/."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says besides its plan. ``deadline`` is on the event loop's clock."""

    deadline: float
    if_none_match: str = ""
    if_modified_since: str = ""
    source_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """One result, shared by all who wait for it. ``status`` differs from 200 for a fallback picture."""

    body: bytes
    info: VariantInfo
    etag: str = ""
    modified: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    source_size: int = 0
    status: int = 200
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The client has the current bytes already."""

    etag: str = ""
    modified: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


Outcome = Picture | Unchanged


class Pictures:
    """Serves plans. Equal requests in flight share one fetch and one render; at most one job runs in a worker."""

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        pool: Pool,
        keys: VariantKeys,
        metrics: Metrics,
        fallback: bytes | None,
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._pool = pool
        self._keys = keys
        self._metrics = metrics
        self._fallback = fallback
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
        key = self._keys.key(plan)
        known = etags(asked.if_none_match) if self._settings.use_etag else ()
        if (held := await self._unchanged_at_hand(plan, key, known, asked)) is not None:
            return held
        conditions = self._conditions(key, known, asked)
        flight = (key, conditions, tuple(sorted(asked.source_headers.items())))
        shared = flight in self._flights
        loop = asyncio.get_running_loop()
        try:
            work = partial(self._make, plan, key, conditions, asked)
            outcome = await self._flights.run(flight, work, asked.deadline - loop.time())
        except TimeoutError:
            raise RenderTimeoutError(f"the deadline passed {loop.time() - asked.deadline:.3f} s ago") from None
        if shared:
            self._metrics.coalesced.inc()
        if known and isinstance(outcome, Picture) and matches(outcome.etag, known):
            return Unchanged(outcome.etag, outcome.modified, outcome.said)
        return outcome

    async def _unchanged_at_hand(
        self, plan: Plan, key: bytes, known: tuple[str, ...], asked: Asked
    ) -> Unchanged | None:
        """Answers a conditional request without opening the source, where its validators are cheap to have."""
        if not known and not asked.if_modified_since:
            return None
        held = await self._sources.stat(plan.source)
        if held is None:
            return None
        etag = make_etag(key, held.etag)
        same = matches(etag, known) if known else self._unmodified(held.last_modified, asked)
        return Unchanged(etag, held.last_modified) if same else None

    def _unmodified(self, modified: str, asked: Asked) -> bool:
        settings = self._settings
        return (
            settings.use_last_modified
            and not responses.busted(settings, asked.if_modified_since)
            and responses.unmodified(modified, asked.if_modified_since)
        )

    def _conditions(self, key: bytes, known: tuple[str, ...], asked: Asked) -> Conditions:
        """The client's condition in the source's own terms; empty where it cannot be passed on."""
        for etag in known:
            validator = source_validator(key, etag)
            if validator.startswith(_DATE_MARK):
                return Conditions(last_modified=validator.removeprefix(_DATE_MARK))
            if validator:
                return Conditions(etag=validator)
        # RFC 9110 13.1.3: with If-None-Match, the date does not count.
        settings = self._settings
        dated = asked.if_modified_since and not asked.if_none_match and settings.use_last_modified
        if dated and not responses.busted(settings, asked.if_modified_since):
            return Conditions(last_modified=asked.if_modified_since)
        return Conditions()

    async def _make(self, plan: Plan, key: bytes, conditions: Conditions, asked: Asked) -> Outcome:
        try:
            return await self._from_source(plan, key, conditions, asked)
        except (SourceError, SourceTooLargeError, UnknownFormatError) as error:
            if self._fallback is None:
                raise
            return await self._from_fallback(plan, asked, error)

    async def _from_source(self, plan: Plan, key: bytes, conditions: Conditions, asked: Asked) -> Outcome:
        begun = time.perf_counter()
        try:
            original = await self._sources.fetch(
                plan.source,
                conditions=conditions,
                max_bytes=plan.limits.max_src_file_size,
                timeout=min(self._settings.download_timeout, self._left(asked)),
                headers=asked.source_headers,
            )
        finally:
            self._metrics.span("downloading").observe(time.perf_counter() - begun)
        if isinstance(original, NotModified):
            validator = conditions.etag or _DATE_MARK + conditions.last_modified
            said = _said(original.cache_control, original.expires)
            return Unchanged(make_etag(key, validator), original.last_modified or conditions.last_modified, said)
        with original:
            self._metrics.source_bytes.inc(original.size)
            validator = original.etag or (_DATE_MARK + original.last_modified if original.last_modified else "")
            etag = make_etag(key, validator) if validator else ""
            said = _said(original.cache_control, original.expires)
            if etag and conditions.etag and etag == make_etag(key, conditions.etag):
                # The source ignored the condition and sent what the client has.
                return Unchanged(etag, original.last_modified, said)
            body, info = await self._render(plan, original.fd, asked, original.fingerprint)
            return Picture(body, info, etag or content_etag(body), original.last_modified, said, original.size)

    async def _from_fallback(self, plan: Plan, asked: Asked, error: MememimeError) -> Picture:
        data = self._fallback or b""
        descriptor = memfd("fallback", data)
        try:
            body, info = await self._render(replace(plan, source="fallback:"), descriptor, asked, "")
        finally:
            os.close(descriptor)
        status = self._settings.fallback_image_http_code or error.status
        self._metrics.errors.labels(error.kind).inc()
        return Picture(body, info, content_etag(body), status=status, fallback=True, source_size=len(data))

    async def _render(self, plan: Plan, descriptor: int, asked: Asked, fingerprint: str) -> tuple[bytes, VariantInfo]:
        rendered = await self._pool.run(Job(plan=plan), descriptor, self._left(asked), fingerprint)
        self._metrics.span("queue").observe(rendered.waited)
        self._metrics.span("processing").observe(rendered.rendered)
        self._metrics.result_bytes.inc(len(rendered.body))
        return rendered.body, rendered.info

    def _left(self, asked: Asked) -> float:
        left = asked.deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise RenderTimeoutError("the deadline passed before the picture was begun")
        return left


def _said(cache_control: str, expires: str) -> dict[str, str]:
    return {"Cache-Control": cache_control, "Expires": expires}


__all__ = ["Asked", "Original", "Outcome", "Picture", "Pictures", "Unchanged"]
