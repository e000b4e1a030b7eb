"""One run of a batch by the engine `queue`: its job is created, or goes on, and is followed to its end."""

from __future__ import annotations

import contextlib
from typing import TextIO

import msgspec

from mememime_proxy.batch.engines.queue import BatchJobs, follow, open_batch_jobs
from mememime_proxy.batch.model import UnitLine
from mememime_proxy.batch.progress import BatchProgress
from mememime_proxy.batch.rendering.prefix import open_destination, read_manifests
from mememime_proxy.batch.run import PreparedBatch
from mememime_proxy.batch.totals import BatchTotals
from mememime_proxy.batch.worker import batch_kinds
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.jobs.model import JobRow
from mememime_proxy.resources.job_worker import JobWorkerService
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.storage.registry import Storages


async def enqueue(batch: PreparedBatch) -> tuple[str, bool]:
    """Create the job of a batch, or find the open one; return its id, and whether it is new.

    BatchUsageError, DatabaseError, the errors of inputs.
    """
    if batch.settings.local_filesystem_root != load(keys_needed=False).local_filesystem_root and not runs_here(
        batch.settings
    ):
        raise BatchUsageError("--from: found a folder, which workers read by MEMEMIME_LOCAL_FILESYSTEM_ROOT; set it")
    async with open_batch_jobs(batch.settings) as jobs:
        return await jobs.enqueue(batch.spec, batch.chunks(), batch.work.units)


def runs_here(settings: Settings) -> bool:
    """Whether the command runs chunks itself: with SQLite, so that one command is enough."""
    return settings.database_url.startswith("sqlite")


async def run_queued(batch: PreparedBatch, progress: BatchProgress, report: TextIO | None) -> JobRow:
    """Run a batch as a job, and return it when it has ended. Raises as ``enqueue``."""
    job_id, _ = await enqueue(batch)
    totals, cpu = BatchTotals(), 0.0

    def show(job: JobRow) -> None:
        totals.total, totals.counts = job.items, job.counts
        progress.show(totals, cpu)

    async with contextlib.AsyncExitStack() as stack:
        if runs_here(batch.settings):
            service = JobWorkerService(batch.settings.model_copy(update={"prometheus_bind": ""}), batch_kinds)
            await service.start()
            stack.push_async_callback(service.stop)
        jobs = await stack.enter_async_context(open_batch_jobs(batch.settings))
        job = await follow(jobs, job_id, show)
        async for line in jobs.failures(job_id):
            progress.show_failure(line)
        progress.finish(totals, batch.spec.name)
        if report is not None:
            await write_report(jobs, job, batch.settings, report)
    return job


async def write_report(jobs: BatchJobs, job: JobRow, settings: Settings, stream: TextIO) -> None:
    """Write what failed, and the lines of all manifests where the batch has written files. StorageError."""
    async for line in jobs.failures(job.id):
        _write(stream, line)
    spec = await jobs.spec(job.id)
    place = spec.parameters.get("prefix", "")  # of commands that write files
    if not place:
        return
    storages = Storages(sections.storages_config(settings, writes_assets=False))
    await storages.start()
    try:
        async with open_destination(place, storages) as storage:
            async for file in read_manifests(storage, spec.name):
                _write(stream, file)
    finally:
        await storages.close()


def _write(stream: TextIO, line: UnitLine | msgspec.Struct) -> None:
    stream.write(msgspec.json.encode(line).decode() + "\n")
