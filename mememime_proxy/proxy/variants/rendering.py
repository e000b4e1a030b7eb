"""Providers that make variants: fetch the original and render it, or render the fallback picture."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from mememime_proxy.errors import (
    ImageError,
    MememimeError,
    SourceError,
    SourceResponseError,
    SourceTooLargeError,
    UnknownFormatError,
)
from mememime_proxy.formats.effects_plan import NO_MARK, NO_SHAPE
from mememime_proxy.formats.output_plan import FIRST_PAGE
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.cache.originals import FetchedOriginal, OriginalCache
from mememime_proxy.proxy.model import NotModified, Result, VariantProvider, VariantRequest, VariantResult
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.families import Families
from mememime_proxy.proxy.variants.films import FilmPool, container_of
from mememime_proxy.proxy.variants.keys import content_etag, make_etag
from mememime_proxy.proxy.variants.source_plan import apply_source_options
from mememime_proxy.proxy.variants.url_pictures import UrlPictures
from mememime_proxy.service.logs import logger
from mememime_proxy.sources.model import SourceState, is_conditional
from mememime_proxy.workers.pool import JobPixels, JobResult, Pool, WorkerJob

HEAD: Final = 256 << 10
"""First bytes of an original that answer most descriptions without its pixels."""


class VariantRenderer:
    """Renders in the worker pool and records its duration."""

    def __init__(self, pool: Pool, metrics: ProxyMetrics, films: FilmPool, pictures: UrlPictures) -> None:
        self._pool = pool
        self._pictures = pictures
        self._films = films
        self._metrics = metrics
        self._log = logger()
        self._announced = 0
        """Renders that passed ``announce`` in this iteration of the event loop: they are in no queue yet."""

    def check(self, request: VariantRequest, ahead: int = 0) -> None:
        """Return if a render of an original that has not been fetched may wait for a worker. Raises OverloadError.

        A request that only revalidates may need no render. ``ahead``: renders before it that the pool does not know.
        """
        if not _revalidates(request) and request.plan.output_kind is None:
            self._pool.check(request.plan, request.flow, request.remaining_seconds(), ahead)

    def announce(self, request: VariantRequest) -> None:
        """Check a render whose task begins in the event loop's next iteration, together with others that come now."""
        if _revalidates(request):
            return
        self.check(request, self._announced)
        if not self._announced:
            asyncio.get_running_loop().call_soon(self._begin_iteration)
        self._announced += 1

    def _begin_iteration(self) -> None:
        self._announced = 0

    async def render(
        self, request: VariantRequest, plan: Plan, descriptor: int, pixels: JobPixels | None = None
    ) -> JobResult:
        """Return the variant of ``plan``; ``descriptor`` is that of the original."""
        job = await self._run(request, plan, descriptor, pixels)
        self._metrics.observe_span("queue", job.queue_seconds)
        self._metrics.observe_span("processing", job.render_seconds)
        self._metrics.result_bytes.inc(len(job.variant.body))
        request.spans.add("queue", job.queue_seconds, job.render_seconds)
        request.spans.add("render", job.render_seconds)
        variant = job.variant
        if variant.damage:
            self._metrics.damaged.labels(variant.source_format, variant.damage).inc()
            self._log.info("original.damaged", source=plan.source, format=variant.source_format, damage=variant.damage)
        return job

    async def _run(self, request: VariantRequest, plan: Plan, descriptor: int, pixels: JobPixels | None) -> JobResult:
        if plan.info is None:
            seconds = request.remaining_seconds()
            if (plan.mark is not NO_MARK or plan.shape is not NO_SHAPE or plan.chain) and plan.pictures:
                return await self._run_with_pictures(request, plan, descriptor, pixels)
            return await self._pool.run(WorkerJob(plan=plan), descriptor, seconds, request.flow, pixels=pixels)
        container, original = container_of(descriptor), request.original
        if container is None or original is None:
            size = f":{original.size}" if original is not None and original.head else ""
            job = WorkerJob(f"info{size}", plan)
            return await self._pool.run(job, descriptor, request.remaining_seconds(), request.flow)
        pool = await self._films.get_for(container)
        job = await self._films.job("film_info", replace(request, plan=plan))
        result = await pool.run(job, descriptor, request.remaining_seconds(), request.flow, original.film)
        self._films.learn(request, result.facts)
        return result

    async def _run_with_pictures(
        self, request: VariantRequest, plan: Plan, descriptor: int, pixels: JobPixels | None
    ) -> JobResult:
        """Fetch the pictures that the plan names, and render with them."""
        with request.spans.measure("watermark"):
            fetched = await self._pictures.fetched_for(request, plan)
        pixels = pixels or JobPixels()
        pixels.pictures = tuple(each.fd for each in fetched)
        job = WorkerJob(plan=plan)
        return await self._pool.run(job, descriptor, request.remaining_seconds(), request.flow, pixels=pixels)


def _revalidates(request: VariantRequest) -> bool:
    """Whether a request may need no render, because its variant, or the client's, may be the present one."""
    return request.entry is not None or bool(request.client_validator)


class AdmissionProvider:
    """Refuses a request whose render would wait too long for a worker, before anything is fetched for it."""

    def __init__(self, renderer: VariantRenderer, following: VariantProvider) -> None:
        self._renderer = renderer
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        self._renderer.check(request)
        return await self._next.get(request)


class FallbackProvider:
    """Answers with the fallback picture where the original is unavailable; no cache holds it."""

    def __init__(
        self,
        renderer: VariantRenderer,
        pictures: UrlPictures,
        image: bytes | None,
        status: int,
        metrics: ProxyMetrics,
        following: VariantProvider,
    ) -> None:
        """``image``: for URLs that name none. ``status``: of the response; 0 = that of the error."""
        self._renderer = renderer
        self._pictures = pictures
        self._image = image
        self._status = status
        self._log = logger()
        self._metrics = metrics
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        try:
            return await self._next.get(request)
        except (SourceError, SourceTooLargeError, UnknownFormatError) as error:
            if request.plan.info is not None or request.plan.output_kind is not None:
                raise
            if url := request.plan.saving.fallback_url:
                return await self._render_url(request, url, error)
            if self._image is None:
                raise
            descriptor = memfd("fallback", self._image)
            try:
                return await self._render(request, error, descriptor, len(self._image))
            finally:
                os.close(descriptor)

    async def _render_url(self, request: VariantRequest, url: str, error: MememimeError) -> VariantResult:
        """Return the picture that the URL names. Raises ``error`` where it cannot be had."""
        try:
            fetched = await self._pictures.fetch_fallback(url, request.remaining_seconds())
        except MememimeError as second:
            self._log.info("fallback.failed", source=request.plan.source, detail=second.detail)
            raise error from second
        return await self._render(request, error, fetched.original.fd, fetched.original.size)

    async def _render(self, request: VariantRequest, error: MememimeError, descriptor: int, size: int) -> VariantResult:
        plan = dataclasses.replace(request.plan, source="fallback:", hashsum="")
        job = await self._renderer.render(request, plan, descriptor)
        self._metrics.errors.labels(error.kind, error.code).inc()
        return VariantResult(
            job.variant,
            content_etag(job.variant.unsigned_digest or job.variant.body),
            SourceState(),
            source_size=size,
            status=self._status or error.status,
            is_fallback=True,
            permit=job.permit,
        )


class PicturesProvider:
    """Begins to fetch the pictures of a plan while its original is fetched. A request that may need no render waits."""

    def __init__(self, pictures: UrlPictures, following: VariantProvider) -> None:
        self._pictures = pictures
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        plan = request.plan
        names_pictures = plan.mark is not NO_MARK or plan.shape is not NO_SHAPE or plan.chain
        if not names_pictures or _revalidates(request) or plan.info is not None or not plan.pictures:
            return await self._next.get(request)
        task = asyncio.create_task(self._pictures.fetch(plan, request.remaining_seconds()))
        try:
            return await self._next.get(replace(request, pictures=task))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)  # nobody may have waited for it


class FetchProvider:
    """Fetches the original, and passes it on where neither the cache nor the client has its variant.

    A request may bring the original: a batch fetches it once for all its variants.
    """

    def __init__(self, originals: OriginalCache, cache: VariantCache, following: VariantProvider) -> None:
        self._originals = originals
        self._cache = cache
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        entry, info = request.entry, request.plan.info
        validator = entry.result.state.validator if entry is not None else request.client_validator
        fetched: FetchedOriginal | SourceState
        if request.original is not None:
            fetched = FetchedOriginal(request.original, request.state)
        else:
            plan = request.plan
            needs_all = (
                info is None
                or info.needs_whole_file
                or plan.objects.classify
                or plan.pages != FIRST_PAGE
                or plan.hashsum
            )
            head = 0 if needs_all else HEAD
            fetched = await self._fetch(request, validator, head)
        state = fetched.state if isinstance(fetched, FetchedOriginal) else fetched
        if entry is not None and entry.result.state.validator == state.validator:
            return self._cache.confirm(request, entry, state)
        if isinstance(fetched, SourceState) or (
            request.client_validator and request.client_validator == state.validator
        ):
            has_all_headers = isinstance(fetched, FetchedOriginal)
            return NotModified(make_etag(request.key, state.validator), state, has_all_headers=has_all_headers)
        try:
            return await self._next.get(replace(request, original=fetched.original, state=state))
        except ImageError:
            if not fetched.original.head:
                raise
        # The first bytes do not answer.
        fetched = await self._fetch(request, "", 0)
        if isinstance(fetched, SourceState):
            raise SourceResponseError("the source answered a request without conditions with 304")
        return await self._next.get(replace(request, original=fetched.original, state=fetched.state))

    async def _fetch(self, request: VariantRequest, validator: str, head: int) -> FetchedOriginal | SourceState:
        with request.spans.measure("fetch"):
            return await self._originals.fetch_if_changed(
                request.source,
                validator,
                request.plan.limits.max_src_file_size,
                request.remaining_seconds(),
                head,
            )


class ResultSaver:
    """Makes results of what workers returned, and saves them in the cache."""

    def __init__(self, cache: VariantCache, *, with_spans: bool = False) -> None:
        """``with_spans``: results tell how long their parts took."""
        self._cache = cache
        self._with_spans = with_spans

    async def save(self, request: VariantRequest, job: JobResult, source_size: int) -> Result:
        """Return the result of a request, with its entity tag."""
        variant, validator = job.variant, request.state.validator
        # A validator of the source would let a 304 pass a damaged variant off as a whole one.
        from_source = is_conditional(validator) and not variant.damage
        etag = (
            make_etag(request.key, validator) if from_source else content_etag(variant.unsigned_digest or variant.body)
        )
        result = await self._cache.save(
            request, VariantResult(variant, etag, request.state, source_size=source_size, permit=job.permit)
        )
        if not self._with_spans:
            return result
        return dataclasses.replace(result, spans=tuple(request.spans.seconds), tier="render")


class RenderProvider:
    """Renders the original and saves the variant in the cache."""

    def __init__(
        self,
        renderer: VariantRenderer,
        families: Families,
        results: ResultSaver,
        apply_preset: Callable[[Plan, str], Plan],
    ) -> None:
        self._renderer = renderer
        self._families = families
        self._results = results
        self._apply_preset = apply_preset

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        original, plan = request.original, request.plan
        if original is None:
            raise ValueError("a render needs an original")
        if original.preset or original.focus is not None:
            plan = apply_source_options(plan, original, self._apply_preset)
        run = partial(self._renderer.render, request, plan, original.fd)
        job = await self._families.render(request, plan, original.fd, run)
        return await self._results.save(request, job, original.size)
