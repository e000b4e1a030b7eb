"""Jobs in the database: create, find, list, cancel, try again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import JobNotFoundError, JobStateError
from mememime_proxy.jobs.counting import end_if_complete, lock_job
from mememime_proxy.jobs.model import ChunkKey, JobRow, Message, NewJob, Transactions
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.retries import NO_LOSSES
from mememime_proxy.jobs.schema import JOB_CHUNKS, JOBS
from mememime_proxy.jobs.states import ENDED_JOBS, ChunkState, JobState, WebhookState

T = TypeVar("T")
_ROWS: Final = 500
"""Chunks in one statement."""
_UNFINISHED: Final = (ChunkState.FAILED, ChunkState.CANCELLED)


class Jobs:
    """The jobs. DatabaseError where the database cannot be had."""

    def __init__(self, database: Transactions, queue: JobQueue, clock: Callable[[], int]) -> None:
        """``clock``: milliseconds since 1970."""
        self._database = database
        self._queue = queue
        self._clock = clock

    async def create(self, tx: AsyncConnection, new: NewJob) -> str:
        """Create a job in the caller's transaction, and return its id: with that it begins, or never was.

        The chunks are read one by one, so that there may be any number. ValueError where there is none.
        """
        now = self._clock()
        job_id = f"{now:012x}{secrets.token_hex(10)}"
        await tx.execute(
            insert(JOBS).values(
                id=job_id,
                tenant=new.tenant,
                credential=new.credential,
                kind=new.kind,
                name=new.name,
                state=JobState.QUEUED,
                priority=new.priority,
                input=new.input,
                webhook=new.webhook,
                version=1,
                created=now,
                changed=now,
            )
        )
        common = {"job": job_id, "kind": new.kind, "state": ChunkState.QUEUED, "rank": -new.priority}
        common |= {"due": now, "changed": now}
        count = items = 0
        for some in _slices(new.chunks):
            rows = [
                common | {"number": number, "payload": chunk.payload, "items": chunk.items}
                for number, chunk in enumerate(some, count)
            ]
            await tx.execute(insert(JOB_CHUNKS), rows)
            await self._enqueue(tx, new.kind, job_id, range(count, count + len(some)), new.priority)
            count += len(some)
            items += sum(chunk.items for chunk in some)
        if not count:
            raise ValueError("a job needs a chunk")
        await tx.execute(update(JOBS).where(JOBS.c.id == job_id).values(chunks=count, items=items))
        return job_id

    async def find(self, job_id: str, tenant: str | None) -> JobRow:
        """Return a job. ``tenant``: whose it must be; None = anybody's. JobNotFoundError."""
        async with self._database.read() as tx:
            row = (await tx.execute(select(JOBS).where(JOBS.c.id == job_id))).one_or_none()
        return _checked(None if row is None else JobRow.of_row(row), job_id, tenant)

    async def find_named(self, name: str, tenant: str | None) -> JobRow | None:
        """Return the newest job of a name; None where there is none."""
        query = select(JOBS).where(JOBS.c.name == name).order_by(JOBS.c.id.desc()).limit(1)
        if tenant is not None:
            query = query.where(JOBS.c.tenant == tenant)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).one_or_none()
        return None if row is None else JobRow.of_row(row)

    async def read_input(self, job_id: str) -> Any:
        """Return what all chunks of a job have in common. JobNotFoundError."""
        async with self._database.read() as tx:
            row = (await tx.execute(select(JOBS.c.input).where(JOBS.c.id == job_id))).one_or_none()
        if row is None:
            raise JobNotFoundError(f"there is no job {job_id}")
        return row.input

    async def results(self, job_id: str) -> AsyncIterator[Any]:
        """Yield what the chunks of a job have reported at their end, in their order."""
        chunk, number = JOB_CHUNKS.c, -1
        query = select(chunk.number, chunk.results).where(chunk.job == job_id, chunk.results.is_not(None))
        while True:
            async with self._database.read() as tx:
                rows = (await tx.execute(query.where(chunk.number > number).order_by(chunk.number).limit(_ROWS))).all()
            for row in rows:
                yield row.results
            if len(rows) < _ROWS:
                return
            number = rows[-1].number

    async def find_all(self, ids: Collection[str]) -> list[JobRow]:
        """Return those of the jobs that there are."""
        async with self._database.read() as tx:
            return [JobRow.of_row(row) for row in await tx.execute(select(JOBS).where(JOBS.c.id.in_(ids)))]

    async def page(
        self, tenant: str | None, *, state: str = "", kind: str = "", before: str = "", limit: int = 100
    ) -> list[JobRow]:
        """Return up to ``limit`` jobs, the newest first; ``before``: the id that they come after."""
        query = select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)
        conditions = {"tenant": tenant or "", "state": state, "kind": kind}
        for column, value in conditions.items():
            if value:
                query = query.where(JOBS.c[column] == value)
        if before:
            query = query.where(JOBS.c.id < before)
        async with self._database.read() as tx:
            return [JobRow.of_row(row) for row in await tx.execute(query)]

    async def cancel(self, job_id: str, tenant: str | None) -> JobRow:
        """Cancel a job, and return it: ``cancelled``, or ``cancelling`` where workers have chunks of it.

        They let go of them within half a second. JobNotFoundError, JobStateError where it has ended.
        """
        now, chunk = self._clock(), JOB_CHUNKS.c
        async with self._database.write() as tx:
            job = _checked(await lock_job(tx, job_id), job_id, tenant)
            if job.has_ended:
                raise JobStateError(f"the job is {job.state}")
            cancelled = await tx.execute(
                update(JOB_CHUNKS)
                .where(chunk.job == job_id, chunk.state == ChunkState.QUEUED)
                .values(state=ChunkState.CANCELLED, changed=now)
                .returning(chunk.number)
            )
            numbers = list(cancelled.scalars())
            await tx.execute(
                update(JOBS)
                .where(JOBS.c.id == job_id)
                .values(
                    state=JobState.CANCELLING,
                    chunks_cancelled=JOBS.c.chunks_cancelled + len(numbers),
                    version=JOBS.c.version + 1,
                    changed=now,
                )
            )
            for some in _slices(numbers):
                await self._queue.remove(tx, [ChunkKey(job_id, number) for number in some])
            return await end_if_complete(tx, job_id, now)

    async def retry(self, job_id: str, tenant: str | None) -> JobRow:
        """Queue the chunks of an ended job that failed or were cancelled, as if they were new, and return the job.

        JobNotFoundError; JobStateError where it has not ended, or every chunk is done.
        """
        now, chunk = self._clock(), JOB_CHUNKS.c
        async with self._database.write() as tx:
            job = _checked(await lock_job(tx, job_id), job_id, tenant)
            if not job.has_ended or job.state is JobState.DONE:
                raise JobStateError(f"the job is {job.state}")
            rows = await tx.execute(
                select(chunk.number, chunk.items_done, chunk.items_skipped, chunk.items_failed).where(
                    chunk.job == job_id, chunk.state.in_(_UNFINISHED)
                )
            )
            chunks = rows.all()
            await tx.execute(
                update(JOB_CHUNKS)
                .where(chunk.job == job_id, chunk.state.in_(_UNFINISHED))
                .values(
                    state=ChunkState.QUEUED, position=0, items_done=0, items_skipped=0, items_failed=0, tries=0,
                    error_code="", error_detail="", results=None, due=now, changed=now, **NO_LOSSES.columns(),
                )
            )  # fmt: skip
            await tx.execute(
                update(JOBS)
                .where(JOBS.c.id == job_id)
                .values(
                    state=JobState.QUEUED,
                    chunks_failed=0,
                    chunks_cancelled=0,
                    **{
                        name: JOBS.c[name] - sum(getattr(row, name) for row in chunks)
                        for name in ("items_done", "items_skipped", "items_failed")
                    },
                    retries=0,
                    losses=0,
                    error_code="",
                    error_detail="",
                    webhook_state=WebhookState.NONE,
                    webhook_attempts=0,
                    webhook_due=None,
                    version=JOBS.c.version + 1,
                    changed=now,
                    ended=None,
                )
            )
            await self._enqueue(tx, job.kind, job_id, [row.number for row in chunks], job.priority)
            return _checked(await lock_job(tx, job_id), job_id, tenant)

    async def _enqueue(
        self, tx: AsyncConnection, kind: str, job_id: str, numbers: Sequence[int], priority: int
    ) -> None:
        for some in _slices([Message(kind, ChunkKey(job_id, number), priority) for number in numbers]):
            await self._queue.add(tx, some)


async def count_jobs(tx: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return the number of jobs by kind and state."""
    query = select(JOBS.c.kind, JOBS.c.state, func.count()).group_by(JOBS.c.kind, JOBS.c.state)
    return {(kind, state): count for kind, state, count in await tx.execute(query)}


async def delete_ended(database: Transactions, before: int, limit: int) -> int:
    """Delete up to ``limit`` jobs that ended before a time, and return how many. DatabaseError."""
    ended = (
        select(JOBS.c.id)
        .where(JOBS.c.ended < before, JOBS.c.state.in_(ENDED_JOBS), JOBS.c.webhook_state != WebhookState.DUE)
        .limit(limit)
    )
    async with database.write() as tx:
        ids = list((await tx.execute(ended)).scalars())
        await tx.execute(delete(JOB_CHUNKS).where(JOB_CHUNKS.c.job.in_(ids)))
        await tx.execute(delete(JOBS).where(JOBS.c.id.in_(ids)))
    return len(ids)


def _checked(job: JobRow | None, job_id: str, tenant: str | None) -> JobRow:
    if job is None or (tenant is not None and job.tenant != tenant):
        raise JobNotFoundError(f"there is no job {job_id}")
    return job


def _slices(values: Iterable[T]) -> Iterator[Sequence[T]]:
    remaining = iter(values)
    while some := list(islice(remaining, _ROWS)):
        yield some
