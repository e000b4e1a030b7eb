"""The proxy as a service: opens its parts in order, and closes them."""

from __future__ import annotations

import asyncio
import contextlib
import os

from mememime_proxy.cdn.purge import CacheFolder
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.proxy.cache.caches import Caches, open_caches
from mememime_proxy.proxy.cache.purge_feed import PurgeFeedReader
from mememime_proxy.proxy.generation import Generation, LastingParts
from mememime_proxy.proxy.http.access_log import AccessLog
from mememime_proxy.proxy.http.internal.explanation_routes import Explain
from mememime_proxy.proxy.http.routes import Routes
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import open_tracing
from mememime_proxy.proxy.variants.films import FilmPool
from mememime_proxy.service.logs import logger
from mememime_proxy.service.server import Listeners, Server, metrics_server
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.checks import SettingsCheck, check_all, check_memory
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls import UrlParser
from mememime_proxy.workers.process_memory import ProcessMeter, reserve_service
from mememime_proxy.workers.reporting import reporter
from mememime_proxy.workers.stats import PoolStats


def _check_addresses(settings: Settings) -> None:
    listen_address(settings.bind, settings.network)
    if settings.prometheus_bind:
        listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")


SETTINGS_CHECKS: tuple[SettingsCheck, ...] = (
    check_folders,
    check_memory,
    lambda settings: UrlParser(config.url_config(settings)),
    _check_addresses,
    config.ladder,
    lambda settings: config.storages_config(settings, writes_assets=False),
    lambda settings: Sources(config.sources_config(settings)),
)
"""What the settings must fulfil. ``mememime doctor`` makes the same checks."""


class Proxy:
    """The running service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    def __init__(self, settings: Settings, explain: Explain | None = None) -> None:
        """Raise SettingsError, with a line for each fault, if settings contradict each other or a preset is wrong.

        ``explain``: explains URLs to those who ask by the resource service.
        """
        self.settings = settings
        self._explain = explain
        check_all(settings, SETTINGS_CHECKS)
        self.metrics = ProxyMetrics(settings.prometheus_namespace)
        self.storages = Storages(config.storages_config(settings, writes_assets=False))
        """Opened with the service."""
        self.budget = MemoryBudget(settings.memory_limit)
        self._meter = ProcessMeter(self._pids)
        self._sources = Sources(
            config.sources_config(settings, film_ranges=True), storages=self.storages, budget=self.budget
        )
        self._log = logger()
        self._listeners = Listeners(settings.graceful_stop_timeout)
        self._ending: dict[Generation, asyncio.Task[None]] = {}
        """Generations that a reload has replaced, until the requests that began in them have ended."""
        self.addresses: list[str] = []
        """Where the service listens: ``host:port``, or a socket's path."""
        self.metrics_addresses: list[str] = []
        """Where Prometheus finds its metrics."""

    async def start(self) -> None:
        """Open everything; requests are accepted when this returns. SettingsError or OSError where that fails."""
        await self.open()
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            if self.settings.purge_feed and (client := self._sources.purges) is not None:
                feed = PurgeFeedReader(client, lambda: self._generation.purge, self._parts.edge)
                self.metrics.purge_feed_lag.set_function(lambda: feed.lag)
                feed.start()
                undo.push_async_callback(feed.close)
            await self._listen()
            self._started = undo.pop_all()

    async def open(self) -> None:
        """Open everything but the sockets, as ``mememime doctor`` does, too; ``close`` undoes it."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            self._tracing = open_tracing(settings)
            if self._tracing is not None:
                undo.push_async_callback(self._tracing.close)
            await self.storages.start()
            undo.push_async_callback(self.storages.close)
            await self._sources.start()
            undo.push_async_callback(self._sources.close)
            self.metrics.watch_storages(self.storages.stats)
            tracing = self._tracing
            undo.callback((await reserve_service(self.budget)).release)
            self.metrics.watch_memory(self.budget, lambda: self._meter.total)
            caches = await undo.enter_async_context(
                open_caches(
                    settings,
                    self._sources,
                    self.metrics,
                    self.storages.writer_for_cache(),
                    self.budget,
                    tracing.outgoing_headers if tracing is not None else dict,
                )
            )
            films = FilmPool(settings, self.budget, reporter(self._log))
            undo.push_async_callback(films.close)
            self.metrics.watch_film_pool(films.stats)
            edge = CacheFolder(settings.nginx_cache_path) if settings.nginx_cache_path else None
            self._parts = LastingParts(
                self._sources, caches, edge, self.metrics, tracing, self.budget, films, self._log, self._explain
            )
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
                self._pool_stats,
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
            on_malformed=self.metrics.count_malformed,
        )
        address = listen_address(settings.bind, settings.network)
        self.addresses = await self._listeners.open(server, address, reuse_port=settings.so_reuseport)
        if settings.prometheus_bind:
            address = listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
            metrics = metrics_server(self.metrics.registry, self._meter.read)
            self.metrics_addresses = await self._listeners.open(metrics, address, reuse_port=settings.so_reuseport)

    async def reload(self, settings: Settings) -> None:
        """Serve new requests with ``settings``. Raises SettingsError and WorkerError; nothing has changed then.

        Requests that began before end as they began, but read no format that is disabled now.
        """
        await asyncio.to_thread(check_all, settings, SETTINGS_CHECKS)
        former = self._generation
        sources = config.sources_config(settings)
        pools = {each.pool: each.pool.disabled_formats for each in (former, *self._ending)}
        # At once: opening a generation can take long, when a watermark is downloaded or workers start.
        for pool in pools:
            pool.disabled_formats = settings.disabled_source_formats
        try:
            # One former generation at a time, whose pool may be another one.
            await asyncio.gather(*self._ending.values())
            generation = await Generation.open(settings, self._parts, former)
        except BaseException:
            for pool, formats in pools.items():
                pool.disabled_formats = formats
            raise
        # From here on nothing fails and nothing waits: each request sees all of the one state or all of the other.
        self._sources.update(sources)
        self._routes.handlers, self._generation, self.settings = generation.handlers, generation, settings
        self._ending[former] = asyncio.create_task(self._end(former, generation))

    async def _end(self, former: Generation, successor: Generation) -> None:
        try:
            await former.end(successor)
        finally:
            del self._ending[former]
            if former.pool is not successor.pool:
                await former.pool.close(0)

    @property
    def generation(self) -> Generation:
        """The parts that were made of the present settings."""
        return self._generation

    @property
    def caches(self) -> Caches:
        """The caches that all requests share."""
        return self._parts.caches

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement in force in every worker."""
        return self._generation.pool.sandbox

    def _pool_stats(self) -> PoolStats:
        return self._generation.pool.stats()

    def _pids(self) -> tuple[int, ...]:
        pools = [self._generation.pool]
        if (films := self._parts.films.pool) is not None:
            pools.append(films)
        return os.getpid(), *(pid for pool in pools for pid in (pool.zygote_pid, *pool.pids()))

    def _is_healthy(self) -> bool:
        return self._generation.pool.healthy

    async def _close_generation(self) -> None:
        for task in (tasks := list(self._ending.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._generation.drain()
        await self._generation.pool.close(0)

    async def stop(self) -> None:
        """Fail readiness, accept no new request, let those in progress end within GRACEFUL_STOP_TIMEOUT, close all."""
        self._routes.is_stopping = True
        await self._listeners.close()
        await self._started.aclose()
