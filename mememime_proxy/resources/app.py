"""The resource service: opens its parts in order, and closes them in the opposite order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from mememime_proxy.errors import SettingsError
from mememime_proxy.jobs.progress import ProgressFeed
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.resources.aliases.changes import AliasChanges
from mememime_proxy.resources.aliases.creation import AliasCreation
from mememime_proxy.resources.aliases.proxy_client import ProxyClient
from mememime_proxy.resources.aliases.purge_feed import PurgeFeed
from mememime_proxy.resources.aliases.purge_outbox import Purger
from mememime_proxy.resources.aliases.purge_targets import PurgeTargets
from mememime_proxy.resources.aliases.tags import Tags
from mememime_proxy.resources.archives.contents import Archives
from mememime_proxy.resources.assets.batch_publication import BatchPublication
from mememime_proxy.resources.assets.catalogue import Catalogue
from mememime_proxy.resources.assets.derivatives import Derivatives, UploadDerivatives
from mememime_proxy.resources.assets.positions import Positions
from mememime_proxy.resources.assets.prerendering import JobOfSources, Prerendering, UploadJobList, UploadJobs
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.assets.similarity import Similarity
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.auth.authenticator import Authenticator
from mememime_proxy.resources.auth.login_limit import LoginLimit
from mememime_proxy.resources.auth.sessions import Sessions
from mememime_proxy.resources.auth.upload_tokens import UploadTokens
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up, require_newest
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.http.cors import Cors
from mememime_proxy.resources.http.dispatcher import Dispatcher
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.maintenance.backlog import Backlog
from mememime_proxy.resources.maintenance.janitor import Janitor
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.parts import ResourceParts, UploadSteps, derivatives_of, upload_rules
from mememime_proxy.resources.routes import (
    aliases,
    assets,
    auth,
    jobs,
    system,
    uploads_batch,
    uploads_form,
    uploads_import,
    uploads_presigned,
    uploads_tus,
)
from mememime_proxy.resources.routes.catalogue import alias_changes, archives, asset_lists
from mememime_proxy.resources.routes.catalogue import derivatives as derivative_routes
from mememime_proxy.resources.routes.console import explaining, pages, sessions, signing
from mememime_proxy.resources.routes.operation import audit, purges, status
from mememime_proxy.resources.uploads.admission import UploadSlots
from mememime_proxy.resources.uploads.batch import BatchFinalizer
from mememime_proxy.resources.uploads.concatenation import Concatenation
from mememime_proxy.resources.uploads.presigned import PresignedUploads
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.scheduler import FinalizerScheduler
from mememime_proxy.service.logs import logger
from mememime_proxy.service.server import Listeners, Server, metrics_server
from mememime_proxy.settings import sections
from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.checks import SettingsCheck, check_all, check_memory
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage

_MIN_KEY = 32
_JOBS_PER_WORKER = 2
"""Files of batches that a worker has or waits for: it never idles, and other uploads wait for few."""
_DESCRIBED: tuple[Route, ...] = (
    *system.ROUTES,
    *assets.ROUTES,
    *derivative_routes.ROUTES,
    *uploads_batch.ROUTES,
    *uploads_form.ROUTES,
    *uploads_import.ROUTES,
    *uploads_presigned.ROUTES,
    *aliases.ROUTES,
    *asset_lists.ROUTES,
    *archives.ROUTES,
    *alias_changes.ROUTES,
    *auth.ROUTES,
    *jobs.ROUTES,
    *status.ROUTES,
    *purges.ROUTES,
    *audit.ROUTES,
    *uploads_tus.ROUTES,
)
ROUTES = (*_DESCRIBED, system.description_route(_DESCRIBED), *pages.ROUTES)
CONSOLE_ROUTES = (*sessions.ROUTES, *signing.ROUTES, *explaining.ROUTES)
"""Every endpoint; the first one that matches a path is used."""


def _check_keys(settings: Settings) -> None:
    lines = [
        f"MEMEMIME_{name.upper()}: found nothing, which the resource service needs"
        for name in ("assets_storage", "database_url")
        if not getattr(settings, name)
    ]
    if settings.admin_api_key and len(settings.admin_api_key) < _MIN_KEY:
        lines.append(f"MEMEMIME_ADMIN_API_KEY: expected at least {_MIN_KEY} characters")
    if settings.purge_urls and not settings.purge_key and not settings.read_only:
        lines.append("MEMEMIME_PURGE_KEY: found nothing, which MEMEMIME_PURGE_URLS needs")
    if lines:
        raise SettingsError("\n".join(lines))


def _check_addresses(settings: Settings) -> None:
    sections.url(settings, "writer_url")
    listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND")
    if settings.prometheus_bind:
        listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")


SETTINGS_CHECKS: tuple[SettingsCheck, ...] = (
    check_folders,
    check_memory,
    _check_keys,
    _check_addresses,
    lambda settings: Database(settings.database_url) if settings.database_url else None,
    lambda settings: PurgeTargets(settings.purge_urls),
    lambda settings: sections.storages_config(settings, writes_assets=not settings.read_only),
    lambda settings: Sources(sections.sources_config(settings)),
    upload_rules,
)
"""What the settings must fulfil. ``mememime doctor`` makes the same checks."""


def _no_job(_settings: Settings) -> None:
    return None


class Resources:
    """The running service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    def __init__(self, settings: Settings, job_of_uploads: Callable[[Settings], JobOfSources | None] = _no_job) -> None:
        """Raise SettingsError, with a line for each fault: a required setting is missing, or some contradict others.

        ``job_of_uploads`` returns what makes the job that renders variants right after an upload; None = none.
        """
        self.settings = settings
        self._job_of_uploads = job_of_uploads(settings)
        check_all(settings, SETTINGS_CHECKS)
        self.metrics = ResourceMetrics(settings.prometheus_namespace)
        self._database = Database(settings.database_url, read_only=settings.read_only)
        self.parts = ResourceParts(settings, self.metrics)
        """All that it opens but the database and its sockets."""
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
            parts = await undo.enter_async_context(self.parts.opened())
            if not settings.read_only:
                await bring_up(settings.database_url)
            await self._database.start()
            undo.push_async_callback(self._database.close)
            if settings.read_only:
                await require_newest(self._database)
            keys, tokens = ApiKeys(self._database, now), UploadTokens(settings.token_key, now)
            if not settings.read_only:
                await keys.ensure_default_tenant()
            self._purger = None
            if settings.purge_urls and not settings.read_only:
                self._purger = Purger(self._database, now, settings.purge_urls, settings.purge_key, self.metrics)
                await self._purger.start()
                undo.push_async_callback(self._purger.close)
            purge_feed = PurgeFeed(self._database, now, settings.purge_readers, self.metrics)
            purge_feed.start()
            undo.push_async_callback(purge_feed.close)
            outbox = Outbox(self._purger.wake if self._purger else None, purge_feed.wake)
            assets = Assets(self._database, now, outbox)
            authenticator = Authenticator(keys, tokens, settings.admin_api_key, now)
            proxy_client = ProxyClient(settings.purge_urls, settings.purge_key, settings.public_url)
            undo.push_async_callback(proxy_client.close)
            catalogue = self._open_catalogue(undo)
            job_queue = JobQueue(self._database)
            job_rows = Jobs(self._database, job_queue, now)
            derivatives, upload_jobs = self._jobs_of_uploads(job_rows)
            self._steps = steps = UploadSteps.of(parts, self._database, outbox, upload_jobs)
            lifetime = int(1000 * settings.upload_expiry)
            uploads = Uploads(self._database, parts.storage, now, lifetime=lifetime)
            batches = BatchFinalizer(
                self._database,
                steps.ingest,
                BatchPublication(self._database, outbox),
                AliasCreation(self._database, steps.aliases, outbox),
                now,
                concurrent_jobs=_JOBS_PER_WORKER * parts.pool.config.size,
                metrics=self.metrics,
                upload_jobs=upload_jobs,
            )
            job_progress = ProgressFeed(job_rows, settings.job_listeners)
            undo.push_async_callback(job_progress.close)
            scheduler = FinalizerScheduler(self._database, uploads, steps.finalizer, steps.assembly, now)
            undo.push_async_callback(scheduler.close)
            self.services = Services(
                settings=settings,
                clock=now,
                budget=parts.budget,
                database=self._database,
                storage=parts.storage,
                storage_stats=parts.storages.stats,
                sources=parts.sources,
                pool=parts.pool,
                keys=keys,
                tokens=tokens,
                authenticator=authenticator,
                sessions=Sessions(self._database, authenticator, settings.token_key, now),
                login_limit=LoginLimit(),
                proxy_client=proxy_client,
                assets=assets,
                catalogue=catalogue,
                archives=Archives(self._database),
                similarity=Similarity(self._database),
                derivatives=derivatives,
                aliases=steps.aliases,
                alias_changes=AliasChanges(self._database, steps.aliases, now),
                tags=Tags(self._database),
                outbox=outbox,
                purge_feed=purge_feed,
                temp_files=parts.temp_files,
                upload_slots=UploadSlots(settings.uploads_at_once),
                uploads=uploads,
                concatenation=Concatenation(self._database, now, lifetime=lifetime),
                finalizer=steps.finalizer,
                batches=batches,
                scheduler=scheduler,
                presigned=PresignedUploads(self._database, parts.storage, uploads, scheduler, now, lifetime=lifetime),
                jobs=job_rows,
                job_progress=job_progress,
            )
            if not settings.read_only:
                await job_queue.start()
                scheduler.start()
                self._start_maintenance(undo, parts.storage, outbox)
            backlog = Backlog(self._database, self.metrics)
            backlog.start()
            undo.push_async_callback(backlog.close)
            self.metrics.watch_upload_slots(lambda: self.services.upload_slots.in_use)
            self._dispatcher = Dispatcher(
                ROUTES, self.services, Cors(settings.upload_origins), self.metrics, CONSOLE_ROUTES
            )
            await self._listen()
            self._opened = undo.pop_all()

    def _jobs_of_uploads(self, jobs: Jobs) -> tuple[Derivatives, UploadJobs | None]:
        """Return the derivatives, and what creates jobs of uploads; None where the settings ask for none."""
        derivatives = derivatives_of(self.settings, self._database, jobs)
        found: list[UploadJobs] = []
        if self._job_of_uploads is not None:
            found.append(Prerendering(jobs, self._job_of_uploads))
        if self.settings.av_on_upload:
            found.append(UploadDerivatives(derivatives, upload_rules(self.settings)))
        return derivatives, UploadJobList(found) if found else None

    def _open_catalogue(self, undo: contextlib.AsyncExitStack) -> Catalogue:
        catalogue = Catalogue(self._database, Positions())
        undo.push_async_callback(catalogue.close)
        return catalogue

    def _start_maintenance(self, undo: contextlib.AsyncExitStack, storage: Storage, outbox: Outbox) -> None:
        """Start what changes rows and objects without a request."""
        settings = self.settings
        if settings.janitor_interval:
            janitor = Janitor(settings, self._database, storage, now, outbox, self.metrics)
            janitor.start()
            undo.push_async_callback(janitor.close)
        if settings.scrub_cycle:
            scrubber = Scrubber(self._database, storage, now, 1000 * settings.scrub_cycle, outbox, self.metrics)
            scrubber.start()
            undo.push_async_callback(scrubber.close)

    async def _listen(self) -> None:
        settings = self.settings
        server = Server(
            self._dispatcher.handle,
            read_timeout=settings.read_request_timeout,
            keepalive_timeout=settings.keep_alive_timeout,
            write_timeout=settings.write_response_timeout,
            # Bytes that a client sent are stored, also when it disconnects: each endpoint ends its own work.
            cancel_handlers=False,
            on_malformed=self.metrics.count_malformed,
        )
        address = listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND")
        self.addresses = await self._listeners.open(server, address, reuse_port=settings.so_reuseport)
        if settings.prometheus_bind:
            address = listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
            metrics = metrics_server(self.metrics.registry, self.parts.meter.read)
            self.metrics_addresses = await self._listeners.open(metrics, address)

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement in force in every worker."""
        return self.parts.pool.sandbox

    async def reload(self, settings: Settings) -> None:
        """Serve new requests with ``settings``. Raises SettingsError; nothing has changed then."""
        await asyncio.to_thread(check_all, settings, SETTINGS_CHECKS)
        sources, plan = sections.sources_config(settings), sections.base_plan(settings)
        services = self.services
        # From here on nothing fails and nothing waits.
        services.settings = self.settings = settings
        self.parts.pool.disabled_formats = settings.disabled_source_formats
        services.tokens = UploadTokens(settings.token_key, now)
        services.authenticator.use(services.tokens, settings.admin_api_key)
        services.sessions.use(settings.token_key)
        services.proxy_client.use(settings.purge_key, settings.public_url)
        services.upload_slots.limit = settings.uploads_at_once
        services.job_progress.limit = settings.job_listeners
        services.purge_feed.limit = settings.purge_readers
        self._dispatcher.cors = Cors(settings.upload_origins)
        self.parts.sources.update(sources)
        self._steps.ingest.use_plan(plan)
        if self._purger is not None:
            self._purger.use_keys(settings.purge_key)

    async def stop(self) -> None:
        """Fail readiness, refuse new requests, wait for others up to GRACEFUL_STOP_TIMEOUT, close everything."""
        self.services.stopping.set()
        self.services.purge_feed.stop()
        await self._listeners.close()
        await self._opened.aclose()
