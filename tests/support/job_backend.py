"""Jobs on a database: a tenant, a clock that tests advance, jobs of any kind, and workers in this process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import select

from mememime_proxy.jobs.claims import Claims
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.metrics import JobMetrics
from mememime_proxy.jobs.model import ChunkKey, JobRow, NewChunk, NewJob
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.recovery import Recovery
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.schema import JOB_CHUNKS
from mememime_proxy.jobs.worker import JobWorker
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import TENANTS

TENANT = "somebody"


class JobBackend:
    """The rows of jobs, as several processes see them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ahead = 0
        """Milliseconds by which the clock is ahead."""
        self.queue = JobQueue(database)
        self.jobs = Jobs(database, self.queue, self.clock)
        self.metrics = JobMetrics()

    def clock(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead

    async def start(self) -> None:
        """Create the queue's tables and the tenant."""
        await self.queue.start()
        async with self.database.write() as tx:
            insert = self.database.insert(TENANTS).values(name=TENANT, created=0)
            await tx.execute(insert.on_conflict_do_nothing())

    async def close(self) -> None:
        self.queue.stop()

    async def create(self, chunks: int = 1, *, kind: str = "test", items: int = 1, **fields: Any) -> str:
        """Create a job whose chunks have their number as payload."""
        new = NewJob(
            kind=kind,
            tenant=TENANT,
            credential="key:test",
            chunks=[NewChunk(payload=number, items=items) for number in range(chunks)],
            **fields,
        )
        async with self.database.write() as tx:
            return await self.jobs.create(tx, new)

    async def job(self, job_id: str) -> JobRow:
        return await self.jobs.find(job_id, None)

    async def chunk(self, job_id: str, number: int = 0) -> Any:
        """Return the row of a chunk."""
        query = select(JOB_CHUNKS).where(JOB_CHUNKS.c.job == job_id, JOB_CHUNKS.c.number == number)
        async with self.database.read() as tx:
            return (await tx.execute(query)).one()

    def claims(self, *isolating: str) -> Claims:
        """Return the claims of a new worker; ``isolating``: kinds that run items one by one after a loss."""
        return Claims(self.database, self.clock, isolating)

    async def claim(self, job_id: str, number: int = 0, claims: Claims | None = None) -> Any:
        """Claim a chunk for a worker, a new one by default."""
        return await (claims or self.claims()).claim(ChunkKey(job_id, number))

    @contextlib.asynccontextmanager
    async def worker(
        self, *kinds: JobKind, slots: int = 2, queue: JobQueue | None = None, stop_after: float = 5.0,
        on_end: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[JobWorker]:  # fmt: skip
        """Run a worker with its recovery."""
        queue = queue or JobQueue(self.database)
        isolating = [kind.name for kind in kinds if kind.isolates]
        worker = JobWorker(self.claims(*isolating), queue, kinds, self.metrics, slots, on_end)
        recovery = Recovery(self.database, queue, kinds, self.clock, slots)
        worker.start()
        recovery.start()
        try:
            yield worker
        finally:
            await recovery.close()
            await worker.close(stop_after)

    async def wait(self, job_id: str, *states: str, seconds: float = 30.0) -> JobRow:
        """Wait until a job is in one of the states."""
        async with asyncio.timeout(seconds):
            while (job := await self.job(job_id)).state not in states:  # noqa: ASYNC110 - other processes change it
                await asyncio.sleep(0.02)
        return job
