"""What is made of the settings that can change: parser, worker pool, provider chain, handlers of requests.

A reload makes the next generation beside the present one. Requests end in the generation in which they began.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from mememime_proxy import __version__
from mememime_proxy.cdn.purge import CacheFolder
from mememime_proxy.errors import MememimeError, WorkerError
from mememime_proxy.formats import check_result_enabled
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.purge import Purge
from mememime_proxy.proxy.http.info_parser import InfoParser
from mememime_proxy.proxy.http.internal.explanation_routes import Explain, ExplanationRoutes
from mememime_proxy.proxy.http.internal.signing_routes import SigningRoutes
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.http.purge_routes import PurgeRoutes
from mememime_proxy.proxy.http.request_parser import RequestParser
from mememime_proxy.proxy.http.responses import Responder
from mememime_proxy.proxy.http.routes import RouteHandlers
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.proxy.variants import auxiliary_images, self_test
from mememime_proxy.proxy.variants.films import FilmPool
from mememime_proxy.proxy.variants.keys import VariantKeys, configuration_of
from mememime_proxy.proxy.variants.look_ahead import LookAhead
from mememime_proxy.proxy.variants.picture_pool import picture_pool_config, signing_key
from mememime_proxy.proxy.variants.provider import ProviderChain, build_chain
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.urls import UrlParser
from mememime_proxy.workers.parent.signing import SigningKey
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.reporting import reporter

_SELF_TEST_TIMEOUT = 10.0
"""Seconds."""
_END_MARGIN = 5.0
"""Seconds on top of TIMEOUT in which the requests of a former generation end; what lasts longer needs no worker."""


@dataclass(frozen=True, slots=True)
class LastingParts:
    """The parts of the proxy that all generations use."""

    sources: Sources
    caches: Caches
    edge: CacheFolder | None
    """The NGINX cache on this machine."""
    metrics: ProxyMetrics
    tracing: Tracing | None
    budget: MemoryBudget
    films: FilmPool
    log: structlog.typing.FilteringBoundLogger
    explain: Explain | None


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What a worker pool is made of; equal ones can share a pool."""

    config: RenderConfig
    watermark: bytes | None
    signing: SigningKey | None = None


class Generation:
    """The parts that were made of one state of the settings."""

    def __init__(
        self,
        settings: Settings,
        rendering: _Rendering,
        pool: Pool,
        chain: ProviderChain,
        purge: Purge,
        handlers: RouteHandlers,
        look_ahead: LookAhead,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.chain = chain
        self.purge = purge
        self.handlers = handlers
        self._rendering = rendering
        self._look_ahead = look_ahead

    @classmethod
    async def open(cls, settings: Settings, parts: LastingParts, former: Generation | None = None) -> Generation:
        """Return a generation that is ready for requests; it shares the pool of ``former`` if nothing there changes.

        Raises SettingsError and WorkerError; nothing is left open then.
        """
        parser = UrlParser(config.url_config(settings))
        watermark = await auxiliary_images.load(
            parts.sources, "watermark", settings.watermark_data, settings.watermark_path, settings.watermark_url
        )
        fallback = await auxiliary_images.load(
            parts.sources,
            "fallback_image",
            settings.fallback_image_data,
            settings.fallback_image_path,
            settings.fallback_image_url,
        )
        rendering = _Rendering(config.render_config(settings), watermark, signing_key(settings))
        parts.films.use_watermark(watermark)
        if former is not None and former._rendering == rendering:
            pool = former.pool
        else:
            pool = await _start_pool(settings, rendering, parts)
        mark = hashlib.sha256(watermark or b"").hexdigest()
        keys = VariantKeys(
            (__version__, configuration_of(rendering.config), mark, settings.etag_buster),
            config.media_configuration(settings),
        )

        def apply_preset(plan: Plan, name: str) -> Plan:
            plan = parser.apply_preset(plan, name)
            check_result_enabled(plan.format, settings.disabled_result_formats)
            return plan

        chain = build_chain(settings, parts.caches, pool, parts.metrics, apply_preset, parts.films, fallback)

        look_ahead = LookAhead(parts.films, keys, settings.av_ahead, settings.av_timeout, chain.first)

        def forgive(source: str) -> int:
            return pool.forgive(source) + parts.films.forgive(source)

        purge = Purge(parts.caches, parts.metrics, parts.edge.purge if parts.edge is not None else None, forgive)
        requests = RequestParser(settings, parser, Negotiation(settings), keys)

        async def locate(target: str, headers: Mapping[str, str]) -> dict[str, float]:
            parsed = requests.parse(target, headers)
            return await parts.caches.variants.locate(parsed.source.url, parsed.key)

        handlers = RouteHandlers(
            settings,
            requests,
            InfoParser(settings, keys),
            Responder(settings, chain.first, parts.sources, parts.metrics, parts.tracing, look_ahead),
            PurgeRoutes(settings, purge, parser.rewrite),
            SigningRoutes(settings, lambda path: requests.parse(path, {})),
            ExplanationRoutes(settings, parts.explain, locate),
        )
        return cls(settings, rendering, pool, chain, purge, handlers, look_ahead)

    async def end(self, successor: Generation) -> None:
        """Let the requests that began here end, and close what ``successor`` does not use."""
        with contextlib.suppress(TimeoutError):
            longest = max(self.settings.timeout, self.settings.av_timeout)
            async with asyncio.timeout(longest + _END_MARGIN):
                await self.handlers.until_unused()
        await self.drain()
        if self.pool is not successor.pool:
            await self.pool.close(0)

    async def drain(self) -> None:
        """Let the renders end that requests wait for, and end those that are made in advance."""
        await self._look_ahead.close()
        await self.chain.flights.drain()


async def _start_pool(settings: Settings, rendering: _Rendering, parts: LastingParts) -> Pool:
    """Return a pool that has passed the self-test."""
    pool = Pool(
        picture_pool_config(settings, rendering.signing),
        rendering.config,
        rendering.watermark,
        budget=parts.budget,
        on_event=reporter(parts.log),
    )
    await pool.start()
    try:
        await self_test.render(pool, _SELF_TEST_TIMEOUT)
        pool.has_fonts = await self_test.has_fonts(pool, _SELF_TEST_TIMEOUT)
        if not pool.has_fonts:
            parts.log.warning("fonts.missing", detail="watermark_text is refused, and texts of drawings are boxes")
    except BaseException as error:
        await pool.close(0)
        if isinstance(error, MememimeError):
            limit = settings.worker_memory_limit >> 20
            raise WorkerError(
                f"a worker cannot render a small picture: {error.detail}"
                f" ({settings.variable('worker_memory_limit')} is {limit or 'no limit'})"
            ) from error
        raise
    # Not before: the picture of the test is in a format that may be disabled.
    pool.disabled_formats = settings.disabled_source_formats
    return pool
