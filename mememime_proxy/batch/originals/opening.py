"""Opens what commands on originals share in a process: database, storage, and the steps of an upload."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from mememime_proxy.batch.pacing import WORKER_NICENESS
from mememime_proxy.batch.prerender import prerender_jobs
from mememime_proxy.batch.proxy_watch import ProxyWatch
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.resources.assets.prerendering import Prerendering
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.parts import ResourceParts, UploadSteps, check_backend, outbox_of
from mememime_proxy.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUploads:
    """What takes originals in, open."""

    parts: ResourceParts
    database: Database
    steps: UploadSteps
    assets: Assets
    watch: ProxyWatch


class SharedUploads(Protocol):
    """What the batches of a process share."""

    settings: Settings

    async def uploads(self) -> OpenUploads:
        """Return what takes originals in."""
        ...


@contextlib.asynccontextmanager
async def open_uploads(settings: Settings) -> AsyncIterator[OpenUploads]:
    """Open what takes originals in, as the resource service does. SettingsError, DatabaseError, WorkerError."""
    check_backend(settings, "a batch of originals")
    await bring_up(settings.database_url)
    database = Database(settings.database_url)
    settings = settings.model_copy(update={"worker_niceness": WORKER_NICENESS})
    async with ResourceParts(settings, ResourceMetrics(settings.prometheus_namespace)).opened() as parts:
        await database.start()
        try:
            outbox = outbox_of(settings)
            steps = UploadSteps.of(parts, database, outbox, await _prerendering(settings, database))
            assets = Assets(database, now, outbox)
            async with ProxyWatch(settings.batch_yields_to) as watch:
                yield OpenUploads(parts=parts, database=database, steps=steps, assets=assets, watch=watch)
        finally:
            await database.close()


async def _prerendering(settings: Settings, database: Database) -> Prerendering | None:
    job_of = prerender_jobs(settings)
    if job_of is None:
        return None
    queue = JobQueue(database)
    await queue.start()
    return Prerendering(Jobs(database, queue, now), job_of)
