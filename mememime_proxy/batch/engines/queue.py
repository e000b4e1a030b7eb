"""The engine `queue`: a batch as a job, whose chunks `mememime work` runs on as many machines as wanted."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from mememime_proxy.batch.model import BatchItem, UnitLine
from mememime_proxy.batch.spec import JOB_KIND, BatchSpec
from mememime_proxy.errors import BatchUsageError, JobNotFoundError
from mememime_proxy.jobs.model import JobRow, NewChunk, NewJob
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.resources.auth.api_keys import DEFAULT_TENANT, ApiKeys
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.settings.checks import check_writes
from mememime_proxy.settings.settings import Settings

_CREDENTIAL: Final = "command:batch"
_IN_MEMORY: Final = 4 << 20
"""Bytes of chunks that wait in memory for the transaction that creates their job; more wait in a temporary file."""


@dataclass(slots=True)
class BatchJobs:
    """The batches in the database."""

    database: Database
    jobs: Jobs

    async def find(self, name: str) -> JobRow:
        """Return a batch by its name, the newest one, or by the id of its job. JobNotFoundError."""
        if (job := await self.jobs.find_named(name, None)) is not None:
            return job
        job = await self.jobs.find(name, None)
        if job.kind != JOB_KIND:
            raise JobNotFoundError(f"the job {name} is no batch")
        return job

    async def spec(self, job_id: str) -> BatchSpec:
        """Return what a batch was asked for. JobNotFoundError."""
        return msgspec.convert(await self.jobs.read_input(job_id), BatchSpec)

    async def enqueue(
        self, spec: BatchSpec, chunks: AsyncGenerator[list[BatchItem], None], units: Callable[[BatchItem], int]
    ) -> tuple[str, bool]:
        """Create the job of a batch, and return its id, and whether it was created now: an open one goes on.

        BatchUsageError where the input has no items; DatabaseError; the errors of inputs.
        """
        former = await self.jobs.find_named(spec.name, DEFAULT_TENANT)
        if former is not None and not former.has_ended:
            await chunks.aclose()
            return former.id, False
        # The transaction begins when the input has been read: listing a bucket may take long.
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            count = 0
            async with contextlib.aclosing(chunks):
                async for chunk in chunks:
                    file.write(msgspec.json.encode((sum(map(units, chunk)), chunk)) + b"\n")
                    count += 1
            if not count:
                raise BatchUsageError("--from: found no item, expected one at least")
            file.seek(0)
            new = NewJob(
                kind=JOB_KIND,
                tenant=DEFAULT_TENANT,
                credential=_CREDENTIAL,
                chunks=_read_chunks(file),
                name=spec.name,
                input=msgspec.to_builtins(spec),
            )
            await ApiKeys(self.database, now).ensure_default_tenant()
            async with self.database.write() as tx:
                return await self.jobs.create(tx, new), True

    async def failures(self, job_id: str) -> AsyncIterator[UnitLine]:
        """Yield the units of a batch that failed."""
        async for lines in self.jobs.results(job_id):
            for line in lines:
                yield msgspec.convert(line, UnitLine)


def _read_chunks(file: Iterator[bytes] | tempfile.SpooledTemporaryFile[bytes]) -> Iterator[NewChunk]:
    for line in file:
        items, payload = msgspec.json.decode(line)
        yield NewChunk(payload=payload, items=items)


@contextlib.asynccontextmanager
async def open_batch_jobs(settings: Settings) -> AsyncIterator[BatchJobs]:
    """Yield the batches of the settings' database, which is brought to today's tables. SettingsError, DatabaseError."""
    if not settings.database_url:
        raise BatchUsageError("found nothing in MEMEMIME_DATABASE_URL, which the engine `queue` needs")
    check_writes(settings, "the queue of batches")
    await bring_up(settings.database_url)
    database = Database(settings.database_url)
    await database.start()
    try:
        queue = JobQueue(database)
        await queue.start()
        yield BatchJobs(database, Jobs(database, queue, now))
    finally:
        await database.close()


async def follow(jobs: BatchJobs, job_id: str, show: Callable[[JobRow], object], interval: float = 0.5) -> JobRow:
    """Show a job until it has ended, and return it. JobNotFoundError, DatabaseError."""
    while True:
        job = await jobs.jobs.find(job_id, None)
        show(job)
        if job.has_ended:
            return job
        await asyncio.sleep(interval)
