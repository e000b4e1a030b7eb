"""Parts that the service shares with commands: storage, workers, temporary files, and the end of every upload."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import AsyncIterator
from typing import NamedTuple, Self

from mememime_proxy.errors import RequestError, SettingsError
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.derivatives import Derivatives, PlanCheck, UploadRules, parse_rules
from mememime_proxy.resources.assets.film_inspection import FilmInspection
from mememime_proxy.resources.assets.prerendering import UploadJobs
from mememime_proxy.resources.assets.publication import Publication
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.finalizer import Finalizer
from mememime_proxy.resources.uploads.ingest import Ingest
from mememime_proxy.resources.uploads.lease import Leases
from mememime_proxy.resources.uploads.temp_file import TempFiles
from mememime_proxy.service.logs import logger
from mememime_proxy.settings import sections
from mememime_proxy.settings.checks import check_writes
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.storage.registry import Storages
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.pool_on_demand import PoolOnDemand
from mememime_proxy.workers.process_memory import ProcessMeter, reserve_service
from mememime_proxy.workers.reporting import reporter


class Backend(NamedTuple):
    """An open database with its storage of assets."""

    database: Database
    storage: Storage
    outbox: Outbox


@contextlib.asynccontextmanager
async def open_backend(settings: Settings, purpose: str) -> AsyncIterator[Backend]:
    """Yield database and storage for a command that changes them beside the service. SettingsError, DatabaseError.

    ``purpose``: what changes them, for the message where they are only read.
    """
    check_backend(settings, purpose)
    storages, database = Storages(sections.storages_config(settings)), Database(settings.database_url)
    async with contextlib.AsyncExitStack() as undo:
        await storages.start()
        undo.push_async_callback(storages.close)
        storage = _assets(storages, settings)
        await database.start()
        undo.push_async_callback(database.close)
        yield Backend(database, storage, outbox_of(settings))


def check_backend(settings: Settings, purpose: str) -> None:
    """Raise SettingsError where ``open_backend`` would for the settings."""
    if not settings.database_url:
        raise SettingsError("MEMEMIME_DATABASE_URL: found nothing, expected the resource service's database")
    if not settings.assets_storage:
        raise SettingsError("MEMEMIME_ASSETS_STORAGE: found nothing, expected the resource service's storage")
    check_writes(settings, purpose)


def upload_rules(settings: Settings) -> UploadRules:
    """Return what jobs do with uploaded films and sound. SettingsError."""
    check = PlanCheck(sections.url_config(settings))
    try:
        rules = parse_rules(settings.av_on_upload)
        for plan in rules.plans:
            check.check(plan)
    except RequestError as error:
        raise SettingsError(f"MEMEMIME_AV_ON_UPLOAD: {error.detail}") from error
    return rules


def derivatives_of(settings: Settings, database: Database, jobs: Jobs) -> Derivatives:
    """Return the derivatives of assets in a database."""
    return Derivatives(database, jobs, PlanCheck(sections.url_config(settings)), now)


def outbox_of(settings: Settings) -> Outbox:
    """Return an outbox whose rows the service delivers."""
    return Outbox((lambda: None) if settings.purge_urls else None)


def _assets(storages: Storages, settings: Settings) -> Storage:
    storage = storages.assets()
    if storage is None:
        raise SettingsError(
            f"MEMEMIME_ASSETS_STORAGE: found {settings.assets_storage!r}, expected the resource service's storage"
        )
    return storage


class ResourceParts:
    """What takes originals in but the database: opened by ``async with opened()``."""

    storage: Storage
    """Of assets."""
    temp_files: TempFiles
    pool: Pool
    films: PoolOnDemand
    """Workers for films and sound."""

    def __init__(self, settings: Settings, metrics: ResourceMetrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.budget = MemoryBudget(settings.memory_limit)
        self.meter = ProcessMeter(lambda: (os.getpid(), self.pool.zygote_pid, *self.pool.pids()))
        self.storages = Storages(sections.storages_config(settings, writes_assets=not settings.read_only))
        self.sources = Sources(sections.sources_config(settings), storages=self.storages, budget=self.budget)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Open everything, and close it at the end. SettingsError, StorageError, WorkerError."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            await self.storages.start()
            undo.push_async_callback(self.storages.close)
            self.storage = _assets(self.storages, settings)
            await self.sources.start()
            undo.push_async_callback(self.sources.close)
            self.temp_files = TempFiles(settings.spool_path, self.budget)
            await self.temp_files.start()
            undo.push_async_callback(self.temp_files.close)
            undo.callback((await reserve_service(self.budget)).release)
            # Uploads wait for their inspection: a client that is refused would have to send all of it again.
            self.pool = Pool(
                dataclasses.replace(sections.pool_config(settings), max_wait=0),
                dataclasses.replace(sections.render_config(settings), c2pa="off"),  # nothing is rendered here
                budget=self.budget,
                on_event=reporter(logger()),
            )
            await self.pool.start()
            undo.push_async_callback(self.pool.close, 0)
            self.films = PoolOnDemand(
                dataclasses.replace(sections.film_pool_config(settings), max_wait=0), self.budget, reporter(logger())
            )
            undo.push_async_callback(self.films.close)
            self.pool.disabled_formats = settings.disabled_source_formats
            self.metrics.watch_pool(self.pool.stats)
            self.metrics.watch_memory(self.budget, lambda: self.meter.total)
            self.metrics.watch_storages(self.storages.stats)
            yield self


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UploadSteps:
    """The steps by which bytes become assets, on one database."""

    outbox: Outbox
    publication: Publication
    aliases: Aliases
    assembly: Assembly
    ingest: Ingest
    finalizer: Finalizer

    @classmethod
    def of(
        cls, parts: ResourceParts, database: Database, outbox: Outbox, upload_jobs: UploadJobs | None = None
    ) -> UploadSteps:
        """Return the steps with open ``parts`` and an open ``database``."""
        settings, clock = parts.settings, now
        publication, assembly = Publication(database, outbox), Assembly(database, parts.storage)
        aliases = Aliases(database, clock, tombstone=int(1000 * settings.tombstone_time), outbox=outbox)
        ingest = Ingest(
            publication,
            parts.storage,
            parts.pool,
            FilmInspection(parts.films, parts.pool, is_enabled=settings.enable_video_thumbnails),
            clock,
            sections.base_plan(settings),
            repack=settings.repack_assets,
        )
        finalizer = Finalizer(
            database,
            parts.temp_files,
            assembly,
            ingest,
            publication,
            aliases,
            Leases(database, clock),
            clock,
            parts.metrics,
            upload_jobs,
        )
        return cls(
            outbox=outbox,
            publication=publication,
            aliases=aliases,
            assembly=assembly,
            ingest=ingest,
            finalizer=finalizer,
        )
