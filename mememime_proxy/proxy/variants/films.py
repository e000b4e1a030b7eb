"""Films: a pool of workers of its own, and the provider that shows a film by one of its frames."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cachetools import LRUCache
from msgspec import structs

from mememime_proxy.errors import (
    FormatDisabledError,
    OriginalForbiddenError,
    ShuttingDownError,
    UnsupportedFormatError,
    WorkerError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.containers import (
    CONTAINER_HEAD,
    cannot_read_container,
    is_engine_installed,
    sniff_container,
)
from mememime_proxy.formats.outputs import ANIMATED_PICTURES, OutputKind
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.plan import OriginalPolicy, Plan, RenderConfig
from mememime_proxy.proxy.model import Result, VariantProvider, VariantRequest
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import Original
from mememime_proxy.workers.pool import Pool, PoolEvent, PoolStats, WorkerJob

_STILL_FORMAT: Final = "jpeg"
"""Format of a frame where neither the URL nor the client names one, and none is preferred."""


_MAX_FACTS: Final = 4 << 20
"""Bytes of facts of films that are kept."""
_RETRY_DELAY: Final = 10.0
"""Seconds after which workers that did not start are started again."""
_RETIREMENT: Final = 60.0
"""Seconds in which workers that are replaced may end their jobs."""


class FilmPool:
    """The workers that read films. They are started when the first film comes: most services have none."""

    def __init__(self, settings: Settings, budget: MemoryBudget, on_event: Callable[[PoolEvent], None]) -> None:
        self._is_enabled = settings.enable_video_thumbnails
        self._config = config.film_pool_config(settings)
        self._budget = budget
        self._on_event = on_event
        self._watermark: bytes | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._pool: Pool | None = None
        self._starting: asyncio.Task[Pool] | None = None
        self._is_closed = False
        self._failure = ""
        self._facts: LRUCache[tuple[str, str], bytes] = LRUCache(_MAX_FACTS, len)
        """By the URL of an original and the validator of its state."""
        self._retry_at = 0.0
        """When the workers may be started again after ``_failure``, on the event loop's clock."""

    @property
    def pool(self) -> Pool | None:
        """The pool; None while no film has come."""
        return self._pool

    async def get(self, container: str) -> Pool:
        """Return the pool, to read a film in this container. Raises WorkerError where it does not start.

        MissingDecoderError where the engine is not installed, FormatDisabledError where films are switched off.
        """
        if not self._is_enabled:
            raise FormatDisabledError(f"found {container.upper()}, and MEMEMIME_ENABLE_VIDEO_THUMBNAILS is off")
        if not is_engine_installed():
            raise cannot_read_container(container)
        if self._is_closed:
            raise ShuttingDownError
        if self._pool is not None:
            return self._pool
        if self._failure and asyncio.get_running_loop().time() < self._retry_at:
            raise WorkerError(self._failure)
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # A request that is cancelled leaves the start to the others.
        return await asyncio.shield(self._starting)

    def job(self, operation: str, request: VariantRequest) -> WorkerJob:
        """Return the job of a request, with what earlier jobs found out about its original."""
        facts = self._facts.get((request.source.url, request.state.validator), b"")
        return WorkerJob(operation, request.plan, facts=facts)

    def learn(self, request: VariantRequest, facts: bytes) -> None:
        """Keep what a job found out about the original of a request, for later ones in the same state of it."""
        if facts and request.state.validator:
            self._facts[request.source.url, request.state.validator] = facts

    def use_watermark(self, watermark: bytes | None) -> None:
        """Lay another watermark over films: workers that have the former one end their jobs, and are replaced."""
        if watermark == self._watermark:
            return
        self._watermark = watermark
        if self._pool is not None:
            task = asyncio.create_task(self._pool.close(_RETIREMENT))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
            self._pool = None

    async def _start(self) -> Pool:
        try:
            pool = await self._start_pool()
        except WorkerError as error:
            self._failure, self._retry_at = error.detail, asyncio.get_running_loop().time() + _RETRY_DELAY
            raise
        finally:
            self._starting = None
        self._pool = pool
        return pool

    async def _start_pool(self) -> Pool:
        """Return workers that are ready, with the watermark that is in use then."""
        while True:
            watermark = self._watermark
            pool = Pool(self._config, RenderConfig(), watermark, budget=self._budget, on_event=self._on_event)
            await pool.start()
            if watermark == self._watermark:
                return pool
            await pool.close(0)

    def stats(self) -> PoolStats | None:
        """Return the current numbers of the pool; None while no film has come."""
        return None if self._pool is None else self._pool.stats()

    def idle_workers(self) -> int:
        """Return the number of workers that have nothing to do; 0 where jobs wait, and while no film has come."""
        stats = self.stats()
        return 0 if stats is None or stats.queued else max(0, stats.workers - stats.busy)

    def forgive(self, source: str) -> int:
        """End the quarantine of the films that came from the URL ``source``; return how many there were."""
        return 0 if self._pool is None else self._pool.forgive(source)

    async def close(self) -> None:
        """End the workers."""
        self._is_closed = True
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close(0)
        await asyncio.gather(*self._retiring, return_exceptions=True)


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
        pool = await self._films.get(container)
        film = original.film
        try:
            job = await pool.run_to_file(
                self._films.job("frame", request), original.fd, request.remaining_seconds(), request.flow, film
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
            return replace(plan, skip_processing=(), format=plan.format or ANIMATED_PICTURES[0], limits=limits)
        preference = plan.preference
        is_preferred = preference.prefer_webp or preference.prefer_avif or preference.prefer_jxl
        default = "" if is_preferred else self._format
        return replace(plan, skip_processing=(), enforce_thumbnail=False, format=plan.format or default)
