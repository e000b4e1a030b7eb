"""The proxy as a service: opens its parts in order, and closes them."""

from __future__ import annotations

import contextlib
import hashlib

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mememime_proxy import __version__
from mememime_proxy.cdn.purge import CacheFolder
from mememime_proxy.proxy.cache.caches import open_caches
from mememime_proxy.proxy.cache.purge import Purge
from mememime_proxy.proxy.http.access_log import AccessLog
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.http.purge_routes import PurgeRoutes
from mememime_proxy.proxy.http.request_parser import RequestParser
from mememime_proxy.proxy.http.responses import Responder
from mememime_proxy.proxy.http.routes import Routes
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import open_tracing
from mememime_proxy.proxy.variants import auxiliary_images, self_test
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.proxy.variants.provider import build_chain
from mememime_proxy.service.logs import logger
from mememime_proxy.service.server import Listeners, Server
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.checks import SettingsCheck, check_all
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls import UrlParser
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.reporting import reporter

_SELF_TEST_TIMEOUT = 10.0
"""Seconds."""


def _check_addresses(settings: Settings) -> None:
    config.listen_address(settings.bind, settings.network)
    if settings.prometheus_bind:
        config.listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")


SETTINGS_CHECKS: tuple[SettingsCheck, ...] = (
    check_folders,
    lambda settings: UrlParser(config.url_config(settings)),
    _check_addresses,
    lambda settings: config.storages_config(settings, writes_assets=False),
    lambda settings: Sources(config.sources_config(settings)),
)
"""What the settings must fulfil. ``mememime doctor`` makes the same checks."""


class Proxy:
    """The running service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    def __init__(self, settings: Settings) -> None:
        """Raise SettingsError, with a line for each fault, if settings contradict each other or a preset is wrong."""
        self.settings = settings
        check_all(settings, SETTINGS_CHECKS)
        self.metrics = ProxyMetrics(settings.prometheus_namespace)
        self._parser = UrlParser(config.url_config(settings))
        self._storages = Storages(config.storages_config(settings, writes_assets=False))
        self._sources = Sources(config.sources_config(settings), storages=self._storages)
        self._log = logger()
        self._listeners = Listeners(settings.graceful_stop_timeout)
        self.addresses: list[str] = []
        """Where the service listens: ``host:port``, or a socket's path."""
        self.metrics_addresses: list[str] = []
        """Where Prometheus finds its metrics."""

    async def start(self) -> None:
        """Open everything; requests are accepted when this returns. SettingsError or OSError where that fails."""
        await self.open()
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            await self._listen()
            for weakness in config.url_config(self.settings).weaknesses():
                self._log.warning("settings.weak", detail=weakness)
            undo.pop_all()

    async def open(self) -> None:
        """Open everything but the sockets, as ``mememime doctor`` does, too; ``close`` undoes it."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            self._tracing = open_tracing(settings)
            if self._tracing is not None:
                undo.push_async_callback(self._tracing.close)
            await self._storages.start()
            undo.push_async_callback(self._storages.close)
            await self._sources.start()
            undo.push_async_callback(self._sources.close)
            watermark = await auxiliary_images.load(
                self._sources, "watermark", settings.watermark_data, settings.watermark_path, settings.watermark_url
            )
            fallback = await auxiliary_images.load(
                self._sources,
                "fallback_image",
                settings.fallback_image_data,
                settings.fallback_image_path,
                settings.fallback_image_url,
            )
            render = config.render_config(settings)
            self._pool = Pool(config.pool_config(settings), render, watermark, on_event=reporter(self._log))
            await self._pool.start()
            undo.push_async_callback(self._pool.close, 0)
            await self_test.render(self._pool, _SELF_TEST_TIMEOUT)
            self.metrics.watch_pool(self._pool.stats)
            self.metrics.watch_storages(self._storages.stats)
            mark = hashlib.sha256(watermark or b"").hexdigest()
            keys = VariantKeys((__version__, msgspec.to_builtins(render), mark, settings.etag_buster))
            tracing = self._tracing
            caches = await undo.enter_async_context(
                open_caches(
                    settings,
                    self._sources,
                    self.metrics,
                    self._storages.writer_for_cache(),
                    tracing.outgoing_headers if tracing is not None else dict,
                )
            )
            self._chain = build_chain(settings, caches, self._pool, self.metrics, self._parser.apply_preset, fallback)
            edge = CacheFolder(settings.nginx_cache_path) if settings.nginx_cache_path else None
            access_log = AccessLog()
            undo.callback(access_log.close)
            self._routes = Routes(
                settings,
                RequestParser(settings, self._parser, Negotiation(settings), keys),
                Responder(settings, self._chain.first, self._sources, self.metrics, tracing),
                PurgeRoutes(
                    settings,
                    Purge(caches, self.metrics, edge.purge if edge is not None else None),
                    self._parser.rewrite,
                ),
                self.metrics,
                access_log,
                lambda: self._pool.healthy,
                tracing,
            )
            self._opened = undo.pop_all()

    async def close(self) -> None:
        """Close what ``open`` opened."""
        await self._opened.aclose()

    async def _listen(self) -> None:
        settings = self.settings
        server = Server(
            self._routes.handle,
            read_timeout=settings.read_request_timeout,
            keepalive_timeout=settings.keep_alive_timeout,
        )
        address = config.listen_address(settings.bind, settings.network)
        self.addresses = await self._listeners.open(server, address, reuse_port=settings.so_reuseport)
        if settings.prometheus_bind:
            address = config.listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
            metrics = web.Server(self._metrics, access_log=None)
            self.metrics_addresses = await self._listeners.open(metrics, address, reuse_port=settings.so_reuseport)

    async def _metrics(self, _request: web.BaseRequest) -> web.Response:
        return web.Response(body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def stop(self) -> None:
        """Fail readiness, accept no new request, let those in progress end within GRACEFUL_STOP_TIMEOUT, close all."""
        self._routes.is_stopping = True
        await self._listeners.close()
        await self._chain.flights.drain()
        await self.close()
