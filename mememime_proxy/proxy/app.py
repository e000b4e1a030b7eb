"""The proxy as a service: opens its parts in order, and closes them."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mememime_proxy.cdn.purge import CacheFolder
from mememime_proxy.proxy.cache.caches import open_caches
from mememime_proxy.proxy.generation import Generation, LastingParts
from mememime_proxy.proxy.http.access_log import AccessLog
from mememime_proxy.proxy.http.routes import Routes
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import open_tracing
from mememime_proxy.service.logs import logger
from mememime_proxy.service.server import Listeners, Server
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.checks import SettingsCheck, check_all
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls import UrlParser
from mememime_proxy.workers.stats import PoolStats


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
            self._report_weaknesses(self.settings)
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
            self.metrics.watch_storages(self._storages.stats)
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
            edge = CacheFolder(settings.nginx_cache_path) if settings.nginx_cache_path else None
            self._parts = LastingParts(self._sources, caches, edge, self.metrics, tracing, self._log)
            self._generation = await Generation.open(settings, self._parts)
            undo.push_async_callback(self._close_generation)
            self.metrics.watch_pool(self._pool_stats)
            access_log = AccessLog(settings.path_prefix)
            undo.callback(access_log.close)
            self._routes = Routes(
                settings,
                self._generation.handlers,
                self.metrics,
                access_log,
                self._is_healthy,
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
            write_timeout=settings.write_response_timeout,
        )
        address = config.listen_address(settings.bind, settings.network)
        self.addresses = await self._listeners.open(server, address, reuse_port=settings.so_reuseport)
        if settings.prometheus_bind:
            address = config.listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
            metrics = web.Server(self._metrics, access_log=None)
            self.metrics_addresses = await self._listeners.open(metrics, address, reuse_port=settings.so_reuseport)

    async def _metrics(self, _request: web.BaseRequest) -> web.Response:
        return web.Response(body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def reload(self, settings: Settings) -> None:
        """Serve new requests with ``settings``; return when those that began before have ended, or TIMEOUT has passed.

        Raises SettingsError and WorkerError; nothing has changed then.
        """
        await asyncio.to_thread(check_all, settings, SETTINGS_CHECKS)
        former = self._generation
        sources = config.sources_config(settings)
        generation = await Generation.open(settings, self._parts, former)
        # From here on nothing fails and nothing waits: each request sees all of the one state or all of the other.
        self._sources.update(sources)
        self._routes.handlers, self._generation, self.settings = generation.handlers, generation, settings
        self._report_weaknesses(settings)
        try:
            await former.end(generation)
        except asyncio.CancelledError:
            if former.pool is not generation.pool:
                await former.pool.close(0)
            raise

    def _report_weaknesses(self, settings: Settings) -> None:
        for weakness in config.url_config(settings).weaknesses():
            self._log.warning("settings.weak", detail=weakness)

    def _pool_stats(self) -> PoolStats:
        return self._generation.pool.stats()

    def _is_healthy(self) -> bool:
        return self._generation.pool.healthy

    async def _close_generation(self) -> None:
        await self._generation.chain.flights.drain()
        await self._generation.pool.close(0)

    async def stop(self) -> None:
        """Fail readiness, accept no new request, let those in progress end within GRACEFUL_STOP_TIMEOUT, close all."""
        self._routes.is_stopping = True
        await self._listeners.close()
        await self.close()
