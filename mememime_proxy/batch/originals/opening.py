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
from mememime_proxy.resources.assets.derivatives import UploadDerivatives
from mememime_proxy.resources.assets.prerendering import Prerendering, UploadJobList, UploadJobs
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.parts import (
    ResourceParts,
    UploadSteps,
    check_backend,
    derivatives_of,
    outbox_of,
    upload_rules,
)  # fmt: skip
from mememime_proxy.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUploads:
    """What takes originals in, open."""

    parts: ResourceParts
    database: Database
    steps: UploadSteps
    derived: UploadSteps
    """Of files that jobs have made: they have no derivatives themselves."""
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
            jobs = await _jobs(settings, database)
            steps = UploadSteps.of(parts, database, outbox, UploadJobList(jobs) if jobs else None)
            prerendering = UploadJobList([job for job in jobs if not isinstance(job, UploadDerivatives)])
            derived = UploadSteps.of(parts, database, outbox, prerendering)
            assets = Assets(database, now, outbox)
            async with ProxyWatch(settings.batch_yields_to) as watch:
                yield OpenUploads(
                    parts=parts, database=database, steps=steps, derived=derived, assets=assets, watch=watch
                )
        finally:
            await database.close()


async def _jobs(settings: Settings, database: Database) -> list[UploadJobs]:
    """Return what creates jobs of uploads: variants first, then derivatives. SettingsError."""
    job_of, rules = prerender_jobs(settings), upload_rules(settings)
    if job_of is None and not settings.av_on_upload:
        return []
    queue = JobQueue(database)
    await queue.start()
    jobs = Jobs(database, queue, now)
    found: list[UploadJobs] = [] if job_of is None else [Prerendering(jobs, job_of)]
    if settings.av_on_upload:
        found.append(UploadDerivatives(derivatives_of(settings, database, jobs), rules))
    return found
