"""Providers that make variants: fetch the original and render it, or render the fallback picture."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

from msgspec.structs import replace

from mememime_proxy.errors import MememimeError, SourceError, SourceTooLargeError, UnknownFormatError
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.cache.originals import FetchedOriginal, OriginalCache
from mememime_proxy.proxy.model import NotModified, Result, VariantProvider, VariantRequest, VariantResult
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.keys import content_etag, make_etag
from mememime_proxy.proxy.variants.source_plan import apply_source_options
from mememime_proxy.service.logs import logger
from mememime_proxy.sources.model import SourceState, is_conditional
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import Pool, WorkerJob


class VariantRenderer:
    """Renders in the worker pool and records its duration."""

    def __init__(self, pool: Pool, metrics: ProxyMetrics) -> None:
        self._pool = pool
        self._metrics = metrics
        self._log = logger()

    async def render(
        self, request: VariantRequest, plan: Plan, descriptor: int, fingerprint: str = ""
    ) -> Variant[bytes]:
        """Return the variant of ``plan``; ``descriptor`` and ``fingerprint`` are those of the original."""
        job = await self._pool.run(WorkerJob(plan=plan), descriptor, request.remaining_seconds(), fingerprint)
        self._metrics.observe_span("queue", job.queue_seconds)
        self._metrics.observe_span("processing", job.render_seconds)
        self._metrics.result_bytes.inc(len(job.variant.body))
        request.spans.add("queue", job.queue_seconds, job.render_seconds)
        request.spans.add("render", job.render_seconds)
        variant = job.variant
        if variant.damage:
            self._metrics.damaged.labels(variant.source_format, variant.damage).inc()
            self._log.info("original.damaged", source=plan.source, format=variant.source_format, damage=variant.damage)
        return variant


class FallbackProvider:
    """Answers with the fallback picture where the original is unavailable; no cache holds it."""

    def __init__(
        self, renderer: VariantRenderer, image: bytes, status: int, metrics: ProxyMetrics, following: VariantProvider
    ) -> None:
        """``status``: of the response; 0 = that of the error."""
        self._renderer = renderer
        self._image = image
        self._status = status
        self._metrics = metrics
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        try:
            return await self._next.get(request)
        except (SourceError, SourceTooLargeError, UnknownFormatError) as error:
            return await self._render(request, error)

    async def _render(self, request: VariantRequest, error: MememimeError) -> VariantResult:
        plan = dataclasses.replace(request.plan, source="fallback:")
        descriptor = memfd("fallback", self._image)
        try:
            variant = await self._renderer.render(request, plan, descriptor)
        finally:
            os.close(descriptor)
        self._metrics.errors.labels(error.kind, error.code).inc()
        return VariantResult(
            variant,
            content_etag(variant.body),
            SourceState(),
            source_size=len(self._image),
            status=self._status or error.status,
            is_fallback=True,
        )


class FetchProvider:
    """Fetches the original, and passes it on where neither the cache nor the client has its variant."""

    def __init__(self, originals: OriginalCache, cache: VariantCache, following: VariantProvider) -> None:
        self._originals = originals
        self._cache = cache
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        entry = request.entry
        validator = entry.result.state.validator if entry is not None else request.client_validator
        with request.spans.measure("fetch"):
            fetched = await self._originals.fetch_if_changed(
                request.source, validator, request.plan.limits.max_src_file_size, request.remaining_seconds()
            )
        state = fetched.state if isinstance(fetched, FetchedOriginal) else fetched
        if entry is not None and entry.result.state.validator == state.validator:
            return self._cache.confirm(request, entry, state)
        if isinstance(fetched, SourceState) or (
            request.client_validator and request.client_validator == state.validator
        ):
            has_all_headers = isinstance(fetched, FetchedOriginal)
            return NotModified(make_etag(request.key, state.validator), state, has_all_headers=has_all_headers)
        return await self._next.get(replace(request, original=fetched.original, state=state))


class RenderProvider:
    """Renders the original and saves the variant in the cache."""

    def __init__(
        self,
        renderer: VariantRenderer,
        cache: VariantCache,
        apply_preset: Callable[[Plan, str], Plan],
        *,
        with_spans: bool = False,
    ) -> None:
        """``with_spans``: results tell how long their parts took."""
        self._renderer = renderer
        self._cache = cache
        self._apply_preset = apply_preset
        self._with_spans = with_spans

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        original, plan = request.original, request.plan
        if original is None:
            raise ValueError("a render needs an original")
        if original.preset or original.focus is not None:
            plan = apply_source_options(plan, original, self._apply_preset)
        variant = await self._renderer.render(request, plan, original.fd, original.fingerprint)
        validator = request.state.validator
        # A validator of the source would let a 304 pass a damaged variant off as a whole one.
        from_source = is_conditional(validator) and not variant.damage
        etag = make_etag(request.key, validator) if from_source else content_etag(variant.body)
        result = await self._cache.save(request, VariantResult(variant, etag, request.state, source_size=original.size))
        return dataclasses.replace(result, spans=tuple(request.spans.seconds)) if self._with_spans else result
