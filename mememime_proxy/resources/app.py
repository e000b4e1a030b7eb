"""The resource service: opens its parts in order, and closes them in the opposite order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.aliases.creation import AliasCreation
from mememime_proxy.resources.aliases.purge_outbox import Purger
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.batch_publication import BatchPublication
from mememime_proxy.resources.assets.publication import Publication
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.auth.authenticator import Authenticator
from mememime_proxy.resources.auth.upload_tokens import UploadTokens
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.http.cors import Cors
from mememime_proxy.resources.http.dispatcher import Dispatcher
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.maintenance.backlog import Backlog
from mememime_proxy.resources.maintenance.janitor import Janitor
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.routes import (
    aliases,
    assets,
    auth,
    system,
    uploads_batch,
    uploads_form,
    uploads_import,
    uploads_presigned,
    uploads_tus,
)
from mememime_proxy.resources.uploads.admission import UploadSlots
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.batch import BatchFinalizer
from mememime_proxy.resources.uploads.concatenation import Concatenation
from mememime_proxy.resources.uploads.finalizer import Finalizer
from mememime_proxy.resources.uploads.ingest import Ingest
from mememime_proxy.resources.uploads.lease import Leases
from mememime_proxy.resources.uploads.presigned import PresignedUploads
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.scheduler import FinalizerScheduler
from mememime_proxy.resources.uploads.temp_file import TempFiles
from mememime_proxy.service.logs import logger
from mememime_proxy.service.server import Listeners, Server
from mememime_proxy.settings import sections
from mememime_proxy.settings.checks import SettingsCheck, check_all
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.storage.registry import Storages
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.reporting import reporter

_MIN_KEY = 32
_JOBS_PER_WORKER = 2
"""Files of batches that a worker has or waits for: it never idles, and other uploads wait for few."""
_DESCRIBED: tuple[Route, ...] = (
    *system.ROUTES,
    *assets.ROUTES,
    *uploads_batch.ROUTES,
    *uploads_form.ROUTES,
    *uploads_import.ROUTES,
    *uploads_presigned.ROUTES,
    *aliases.ROUTES,
    *auth.ROUTES,
    *uploads_tus.ROUTES,
)
ROUTES = (*_DESCRIBED, system.description_route(_DESCRIBED))
"""Every endpoint; the first one that matches a path is used."""


def _check_keys(settings: Settings) -> None:
    lines = [
        f"MEMEMIME_{name.upper()}: found nothing, which the resource service needs"
        for name in ("assets_storage", "database_url")
        if not getattr(settings, name)
    ]
    if settings.admin_api_key and len(settings.admin_api_key) < _MIN_KEY:
        lines.append(f"MEMEMIME_ADMIN_API_KEY: expected at least {_MIN_KEY} characters")
    if settings.purge_urls and not settings.purge_key:
        lines.append("MEMEMIME_PURGE_KEY: found nothing, which MEMEMIME_PURGE_URLS needs")
    if lines:
        raise SettingsError("\n".join(lines))


def _check_addresses(settings: Settings) -> None:
    sections.listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND")
    if settings.prometheus_bind:
        sections.listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")


SETTINGS_CHECKS: tuple[SettingsCheck, ...] = (
    check_folders,
    _check_keys,
    _check_addresses,
    lambda settings: Database(settings.database_url) if settings.database_url else None,
    sections.storages_config,
    lambda settings: Sources(sections.sources_config(settings)),
)
"""What the settings must fulfil. ``mememime doctor`` makes the same checks."""


class Resources:
    """The running service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    def __init__(self, settings: Settings) -> None:
        """Raise SettingsError, with a line for each fault: a required setting is missing, or some contradict others."""
        self.settings = settings
        check_all(settings, SETTINGS_CHECKS)
        self.metrics = ResourceMetrics(settings.prometheus_namespace)
        self._database = Database(settings.database_url)
        self._storages = Storages(sections.storages_config(settings))
        self._sources = Sources(sections.sources_config(settings), storages=self._storages)
        self._listeners = Listeners(settings.graceful_stop_timeout)
        self._log = logger()
        self.addresses: list[str] = []
        """Addresses that the service listens on: ``host:port``, or a socket's path."""
        self.metrics_addresses: list[str] = []
        """Addresses with metrics for Prometheus."""

    async def start(self) -> None:
        """Return when requests are accepted. Raises SettingsError, DatabaseError or OSError."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            storage, temp_files = await undo.enter_async_context(self.parts())
            await bring_up(settings.database_url)
            await self._database.start()
            undo.push_async_callback(self._database.close)
            keys, tokens = ApiKeys(self._database, now), UploadTokens(settings.token_key, now)
            await keys.ensure_default_tenant()
            self._purger = None
            if settings.purge_urls:
                self._purger = Purger(self._database, now, settings.purge_urls, settings.purge_key, self.metrics)
                await self._purger.start()
                undo.push_async_callback(self._purger.close)
            outbox = Outbox(self._purger.wake if self._purger else None)
            assets = Assets(self._database, now, outbox)
            aliases = Aliases(self._database, now, tombstone=int(1000 * settings.tombstone_time), outbox=outbox)
            lifetime = int(1000 * settings.upload_expiry)
            uploads = Uploads(self._database, storage, now, lifetime=lifetime)
            assembly, publication = Assembly(self._database, storage), Publication(self._database, outbox)
            self._ingest = Ingest(
                publication,
                storage,
                self._pool,
                now,
                sections.base_plan(settings),
                repack=settings.repack_assets,
            )
            batches = BatchFinalizer(
                self._database,
                self._ingest,
                BatchPublication(self._database, outbox),
                AliasCreation(self._database, aliases, outbox),
                now,
                concurrent_jobs=_JOBS_PER_WORKER * self._pool.config.size,
                metrics=self.metrics,
            )
            finalizer = Finalizer(
                self._database,
                temp_files,
                assembly,
                self._ingest,
                publication,
                aliases,
                Leases(self._database, now),
                now,
                self.metrics,
            )
            scheduler = FinalizerScheduler(self._database, uploads, finalizer, assembly, now)
            scheduler.start()
            undo.push_async_callback(scheduler.close)
            self.services = Services(
                settings=settings,
                clock=now,
                database=self._database,
                storage=storage,
                sources=self._sources,
                pool=self._pool,
                keys=keys,
                tokens=tokens,
                authenticator=Authenticator(keys, tokens, settings.admin_api_key, now),
                assets=assets,
                aliases=aliases,
                temp_files=temp_files,
                upload_slots=UploadSlots(settings.uploads_at_once),
                uploads=uploads,
                concatenation=Concatenation(self._database, now, lifetime=lifetime),
                finalizer=finalizer,
                batches=batches,
                scheduler=scheduler,
                presigned=PresignedUploads(self._database, storage, uploads, scheduler, now, lifetime=lifetime),
            )
            if settings.janitor_interval:
                janitor = Janitor(settings, self._database, storage, now, outbox, self.metrics)
                janitor.start()
                undo.push_async_callback(janitor.close)
            if settings.scrub_cycle:
                scrubber = Scrubber(self._database, storage, now, 1000 * settings.scrub_cycle, outbox, self.metrics)
                scrubber.start()
                undo.push_async_callback(scrubber.close)
            backlog = Backlog(self._database, self.metrics)
            backlog.start()
            undo.push_async_callback(backlog.close)
            self.metrics.watch_upload_slots(lambda: self.services.upload_slots.in_use)
            self._dispatcher = Dispatcher(ROUTES, self.services, Cors(settings.upload_origins), self.metrics)
            await self._listen()
            self._opened = undo.pop_all()

    @contextlib.asynccontextmanager
    async def parts(self) -> AsyncIterator[tuple[Storage, TempFiles]]:
        """Open what the service needs but the database and the sockets, as ``mememime doctor`` does, too."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            await self._storages.start()
            undo.push_async_callback(self._storages.close)
            storage = self._storages.assets()
            if storage is None:
                raise SettingsError("MEMEMIME_ASSETS_STORAGE: found nothing, which the resource service needs")
            await self._sources.start()
            undo.push_async_callback(self._sources.close)
            temp_files = TempFiles(settings.spool_path)
            await temp_files.start()
            undo.push_async_callback(temp_files.close)
            self._pool = Pool(
                sections.pool_config(settings), sections.render_config(settings), on_event=reporter(self._log)
            )
            await self._pool.start()
            undo.push_async_callback(self._pool.close, 0)
            self.metrics.watch_pool(self._pool.stats)
            self.metrics.watch_storages(self._storages.stats)
            yield storage, temp_files

    async def _listen(self) -> None:
        settings = self.settings
        server = Server(
            self._dispatcher.handle,
            read_timeout=settings.read_request_timeout,
            keepalive_timeout=settings.keep_alive_timeout,
            write_timeout=settings.write_response_timeout,
            # Bytes that a client sent are stored, also when it disconnects: each endpoint ends its own work.
            cancel_handlers=False,
        )
        address = sections.listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND")
        self.addresses = await self._listeners.open(server, address, reuse_port=settings.so_reuseport)
        if settings.prometheus_bind:
            address = sections.listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
            metrics = web.Server(self._metrics, access_log=None)
            self.metrics_addresses = await self._listeners.open(metrics, address)

    async def _metrics(self, _request: web.BaseRequest) -> web.Response:
        return web.Response(body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def reload(self, settings: Settings) -> None:
        """Serve new requests with ``settings``. Raises SettingsError; nothing has changed then."""
        await asyncio.to_thread(check_all, settings, SETTINGS_CHECKS)
        sources, plan = sections.sources_config(settings), sections.base_plan(settings)
        services = self.services
        # From here on nothing fails and nothing waits.
        services.settings = self.settings = settings
        services.tokens = UploadTokens(settings.token_key, now)
        services.authenticator.use(services.tokens, settings.admin_api_key)
        services.upload_slots.limit = settings.uploads_at_once
        self._dispatcher.cors = Cors(settings.upload_origins)
        self._sources.update(sources)
        self._ingest.use_plan(plan)
        if self._purger is not None:
            self._purger.use_keys(settings.purge_key)

    async def stop(self) -> None:
        """Fail readiness, refuse new requests, wait for others up to GRACEFUL_STOP_TIMEOUT, close everything."""
        self.services.stopping.set()
        await self._listeners.close()
        await self._opened.aclose()
