"""Films: a pool of workers of its own, and the provider that shows a film by one of its frames."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from cachetools import LRUCache
from msgspec import structs

from mememime_proxy.errors import (
    FormatDisabledError,
    OriginalForbiddenError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.containers import (
    CONTAINER_HEAD,
    cannot_read_container,
    is_engine_installed,
    sniff_container,
)
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.formats.outputs import ANIMATED_PICTURES, OutputKind
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.model import Result, VariantProvider, VariantRequest
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import Original
from mememime_proxy.workers.pool import Pool, PoolEvent, WorkerJob
from mememime_proxy.workers.pool_on_demand import PoolOnDemand

_STILL_FORMAT: Final = "jpeg"
"""Format of a frame where neither the URL nor the client names one, and none is preferred."""
_MAX_FACTS: Final = 4 << 20
"""Bytes of facts of films that are kept."""


class _Facts(NamedTuple):
    """What is known of a film."""

    content: bytes
    is_measured: bool
    """Whether a request that wants its loudness has come: it is among them, or its source does not have it."""


class FilmPool(PoolOnDemand):
    """The workers that read films, and what they found out about originals."""

    def __init__(self, settings: Settings, budget: MemoryBudget, on_event: Callable[[PoolEvent], None]) -> None:
        super().__init__(config.film_pool_config(settings), budget, on_event)
        self._is_enabled = settings.enable_video_thumbnails
        self._facts: LRUCache[tuple[str, str], _Facts] = LRUCache(_MAX_FACTS, lambda facts: len(facts.content))
        """By the URL of an original and the validator of its state."""

    async def get_for(self, container: str) -> Pool:
        """Return the pool, to read a film in this container. Raises as ``get``.

        MissingDecoderError where the engine is not installed, FormatDisabledError where films are switched off.
        """
        if not self._is_enabled:
            raise FormatDisabledError(f"found {container.upper()}, and MEMEMIME_ENABLE_VIDEO_THUMBNAILS is off")
        if not is_engine_installed():
            raise cannot_read_container(container)
        return await self.get()

    async def job(self, operation: str, request: VariantRequest) -> WorkerJob:
        """Return the job of a request, with what earlier jobs found out about its original, or its source knows."""
        known = self._facts.get((request.source.url, request.state.validator))
        source = None if request.original is None else request.original.film_facts
        # Loudness may have been measured since: the source is asked once more for it.
        if source is not None and (known is None or _wants_loudness(request) > known.is_measured):
            stored = await source()
            self._keep(request, stored or (b"" if known is None else known.content))
            known = self._facts.get((request.source.url, request.state.validator))
        return WorkerJob(operation, request.plan, facts=b"" if known is None else known.content)

    def learn(self, request: VariantRequest, facts: bytes) -> None:
        """Keep what a job found out about the original of a request, for later ones in the same state of it."""
        if facts:
            self._keep(request, facts)

    def _keep(self, request: VariantRequest, facts: bytes) -> None:
        if request.state.validator:
            key = request.source.url, request.state.validator
            known = self._facts.get(key)
            is_measured = _wants_loudness(request) or (known is not None and known.is_measured)
            self._facts[key] = _Facts(facts, is_measured)

    def idle_workers(self) -> int:
        """Return the number of workers that have nothing to do; 0 where jobs wait, and while no film has come."""
        stats = self.stats()
        return 0 if stats is None or stats.queued else max(0, stats.workers - stats.busy)


def _wants_loudness(request: VariantRequest) -> bool:
    return request.plan.media.loudness is not None


def container_of(descriptor: int) -> str | None:
    """Return the container of a film or sound, by its first bytes; None where the file is neither."""
    return sniff_container(os.pread(descriptor, CONTAINER_HEAD, 0))


class FrameProvider:
    """Takes the frame of a film that the plan names, and passes it on as the original: a picture like any other."""

    def __init__(self, films: FilmPool, settings: Settings, metrics: ProxyMetrics, following: VariantProvider) -> None:
        self._films = films
        self._metrics = metrics
        self._next = following
        names = (name for name in settings.preferred_formats if name not in settings.disabled_result_formats)
        self._format = next((name for name in names if not FORMATS[name].alpha), _STILL_FORMAT)

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        original = request.original
        container = None if original is None else container_of(original.fd)
        if container is None and request.plan.media.member:
            raise UnsupportedFormatError("a storyboard is of a film, and the original is none")
        if original is None or container is None or request.plan.info is not None:
            return await self._next.get(request)
        if request.plan.original_policy is OriginalPolicy.STRIP and request.plan.skip_processing == tuple(FORMATS):
            # Its plan had `raw`: see ``apply_original_policy``.
            raise OriginalForbiddenError("found raw of a film, and MEMEMIME_ORIGINAL_POLICY is strip")
        frame, pages = await self._take_frame(request, original, container)
        with frame:
            plan = self._plan(request.plan, pages)
            return await self._next.get(structs.replace(request, original=frame, plan=plan))

    async def _take_frame(self, request: VariantRequest, original: Original, container: str) -> tuple[Original, int]:
        """Return the frame, or the stack of them, and their number."""
        pool = await self._films.get_for(container)
        film = original.film
        try:
            job = await pool.run_to_file(
                await self._films.job("frame", request), original.fd, request.remaining_seconds(), request.flow, film
            )
        finally:
            if film is not None:
                self._metrics.source_bytes.inc(film.received)
        self._films.learn(request, job.facts)
        self._metrics.observe_span("frame", job.render_seconds)
        request.spans.add("frame", job.render_seconds)
        # Its size is that of the film: it is what responses tell of the source.
        return Original(job.descriptor, original.size, request.state, permit=job.permit), job.variant.pages

    def _plan(self, plan: Plan, pages: int) -> Plan:
        """Return the plan of the frame: whatever it is carried in, it is rendered, and not in that format."""
        if plan.output_kind is OutputKind.ANIMATION:
            # The URL says how many frames there are: the limit for those of originals is another one.
            limits = replace(plan.limits, max_animation_frames=pages)
            return replace(
                plan, hashsum="", skip_processing=(), format=plan.format or ANIMATED_PICTURES[0], limits=limits
            )
        preference = plan.preference
        is_preferred = preference.prefer_webp or preference.prefer_avif or preference.prefer_jxl
        default = "" if is_preferred or plan.best else self._format
        return replace(plan, hashsum="", skip_processing=(), enforce_thumbnail=False, format=plan.format or default)
