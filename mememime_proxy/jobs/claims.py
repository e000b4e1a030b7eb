"""Chunks that a worker claims, holds by a lease, and brings to an end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import JobTimeoutError, JobWorkerLostError, MememimeError
from mememime_proxy.jobs.counting import MAX_DETAIL, add_items, count_chunk, lock_job
from mememime_proxy.jobs.model import Chunk, ChunkKey, ChunkOutcome, Items, JobRow, Transactions
from mememime_proxy.jobs.retries import MAX_TRIES, Losses, delay_before, passes, retry_budget
from mememime_proxy.jobs.schema import JOB_CHUNKS, JOBS
from mememime_proxy.jobs.states import ChunkState, JobState

LEASE: Final = 5_000
"""Milliseconds after which another worker may take a chunk; a lease is renewed three times as often."""
_NONE: Final = Items()


class ChunkLostError(Exception):
    """Another worker holds the chunk, or it has ended."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The chunk is not due: another worker holds it, or it is to be repeated later."""

    seconds: float
    """Until it may be claimed."""


@dataclass(slots=True)
class ChunkClaim:
    """A chunk that this worker holds."""

    chunk: Chunk
    stored: Items
    """Its counts as the database has them."""
    begun_at: int
    """Its position when it was claimed."""

    @property
    def unstored(self) -> Items:
        """What it has counted since then."""
        return self.chunk.counts.minus(self.stored)


class Claims:
    """The claims of one worker. DatabaseError where the database cannot be had."""

    def __init__(self, database: Transactions, clock: Callable[[], int], isolating: Collection[str] = ()) -> None:
        """``isolating``: names of the kinds that run items one by one after a loss."""
        self._database = database
        self._clock = clock
        self._isolating = isolating
        self._storing = asyncio.Lock()
        """Held while counts are stored of claims that go on: what is stored at the same time would be added twice."""
        self._owner = secrets.token_hex(16)

    async def claim(self, key: ChunkKey) -> ChunkClaim | Busy | None:
        """Claim a chunk that is due, or whose worker was lost.

        None where there is nothing to do: it has ended, or it ends here, since its job was cancelled or since it has
        lost too many workers.
        """
        now, column = self._clock(), JOB_CHUNKS.c
        async with self._database.write() as tx:
            job = await lock_job(tx, key.job)
            row = (await tx.execute(select(JOB_CHUNKS).where(_is(key)))).one_or_none()
            if job is None or row is None or row.state not in {ChunkState.QUEUED, ChunkState.RUNNING}:
                return None
            was_lost = row.state == ChunkState.RUNNING
            free_at = row.lease_until if was_lost else row.due
            if free_at > now:
                return Busy((free_at - now) / 1000)
            if job.state is JobState.CANCELLING:
                await self._end(tx, key, ChunkState.CANCELLED)
                return None
            losses = Losses.of_row(row)
            if was_lost:
                losses = losses.with_loss(row.position, row.begun)
            if losses.is_exceeded(isolates=row.kind in self._isolating):
                error = JobWorkerLostError(f"chunk {key.number} lost {losses.count} workers at item {row.position}")
                await self._end(tx, key, ChunkState.FAILED, error=error)
                return None
            claimed = await tx.execute(
                update(JOB_CHUNKS)
                .where(_is(key), column.state == row.state, column.lease_until.is_not_distinct_from(row.lease_until))
                .values(
                    state=ChunkState.RUNNING,
                    lease_owner=self._owner,
                    lease_until=now + LEASE,
                    changed=now,
                    **losses.columns(),
                )
            )
            if claimed.rowcount != 1:  # it was renewed meanwhile
                return Busy(LEASE / 1000)
            if job.state is JobState.QUEUED or was_lost:
                await tx.execute(
                    update(JOBS)
                    .where(JOBS.c.id == key.job)
                    .values(
                        state=JobState.RUNNING,
                        started=case((JOBS.c.started.is_(None), now), else_=JOBS.c.started),
                        losses=JOBS.c.losses + int(was_lost),
                        version=JOBS.c.version + 1,
                        changed=now,
                    )
                )
            job_input = (await tx.execute(select(JOBS.c.input).where(JOBS.c.id == key.job))).scalar_one()
        return _claim_of(row, job, job_input, losses)

    async def begin_item(self, claim: ChunkClaim, item: int) -> None:
        """Store which item of a chunk runs alone from now on, and what the handler has reported. ChunkLostError."""
        async with self._storing:
            async with self._database.write() as tx:
                await self._require(tx, claim)
                await self._keep(tx, claim, begun=item, lease_until=self._clock() + LEASE)
            claim.stored = claim.chunk.counts

    async def renew(self, claims: Collection[ChunkClaim]) -> list[ChunkClaim]:
        """Renew the leases, store what the handlers have reported, and return the claims that are lost."""
        async with self._storing:
            return await self._renew(claims)

    async def _renew(self, claims: Collection[ChunkClaim]) -> list[ChunkClaim]:
        now, lost = self._clock(), []
        async with self._database.write() as tx:
            for claim in claims:
                if claim.unstored != _NONE:
                    claim.stored = await self._stored(tx, claim)
            changes = {claim.chunk.key: (claim.chunk.position, claim.chunk.counts, claim.unstored) for claim in claims}
            for job_id in sorted({key.job for key, (_, _, unstored) in changes.items() if unstored != _NONE}):
                await lock_job(tx, job_id)
            for claim in claims:
                key = claim.chunk.key
                position, counts, unstored = changes[key]
                renewed = await tx.execute(
                    self._held(key).values(lease_until=now + LEASE, position=position, **_columns(counts))
                )
                if renewed.rowcount != 1:
                    lost.append(claim)
                elif unstored != _NONE:
                    await add_items(tx, key.job, unstored, now)
        for claim in claims:
            claim.stored = changes[claim.chunk.key][1]
        return lost

    async def cancelling(self, job_ids: Collection[str]) -> set[str]:
        """Return those of the jobs that were cancelled."""
        query = select(JOBS.c.id).where(JOBS.c.id.in_(job_ids), JOBS.c.state == JobState.CANCELLING)
        async with self._database.read() as tx:
            return set((await tx.execute(query)).scalars())

    async def finish(self, claim: ChunkClaim, outcome: ChunkOutcome) -> JobRow:
        """Mark a chunk as done and return its job. ChunkLostError; what ``outcome.finish`` raises leaves it running."""
        claim.chunk.counts = outcome.counts
        async with self._database.write() as tx:
            await self._require(tx, claim)
            if outcome.finish is not None:
                await outcome.finish(tx)
            return await self._end(tx, claim.chunk.key, ChunkState.DONE, claim)

    async def cancel(self, claim: ChunkClaim) -> JobRow:
        """Mark a chunk of a cancelled job as cancelled. ChunkLostError."""
        async with self._database.write() as tx:
            await self._require(tx, claim)
            return await self._end(tx, claim.chunk.key, ChunkState.CANCELLED, claim)

    async def release(self, claim: ChunkClaim) -> None:
        """Give a chunk back to the queue, for a worker that stops: it counts as no attempt. ChunkLostError."""
        async with self._database.write() as tx:
            await self._require(tx, claim)
            await self._requeue(tx, claim, 0)

    async def fail(self, claim: ChunkClaim, error: MememimeError | OSError) -> JobRow | Busy:
        """End a chunk with an error, and return the job; or queue it once more, where the error passes.

        MAX_TRIES and the job's budget of retries limit that, but for a chunk that took too long and has come further.
        ChunkLostError.
        """
        chunk = claim.chunk
        async with self._database.write() as tx:
            job = await self._require(tx, claim)
            if isinstance(error, JobTimeoutError) and chunk.position > claim.begun_at:
                await self._requeue(tx, claim, 0.0)  # the machine is slow: what has been done needs no repetition
                return Busy(0.0)
            tries = chunk.tries + 1
            if (
                passes(error)
                and tries < MAX_TRIES
                and job.retries < retry_budget(job.chunks)
                and job.state is not JobState.CANCELLING
            ):
                delay = delay_before(tries)
                await self._requeue(tx, claim, delay, tries=tries, **_error_columns(error))
                values = {"retries": JOBS.c.retries + 1, "version": JOBS.c.version + 1, "changed": self._clock()}
                await tx.execute(update(JOBS).where(JOBS.c.id == job.id).values(values))
                return Busy(delay)
            return await self._end(tx, chunk.key, ChunkState.FAILED, claim, error)

    async def _require(self, tx: AsyncConnection, claim: ChunkClaim) -> JobRow:
        """Return the locked job of a chunk that this worker holds; ChunkLostError."""
        job = await lock_job(tx, claim.chunk.key.job)
        held = await tx.execute(self._held(claim.chunk.key).values(changed=self._clock()))
        if job is None or held.rowcount != 1:
            raise ChunkLostError
        claim.stored = await self._stored(tx, claim)
        return job

    async def _stored(self, tx: AsyncConnection, claim: ChunkClaim) -> Items:
        """Return the counts in a chunk's row: a transaction may have been committed whose answer was lost."""
        column = JOB_CHUNKS.c
        counts = select(column.items_done, column.items_skipped, column.items_failed)
        row = (await tx.execute(counts.where(_is(claim.chunk.key)))).one_or_none()
        return claim.stored if row is None else Items(*row)

    async def _requeue(self, tx: AsyncConnection, claim: ChunkClaim, delay: float, **columns: object) -> None:
        due = self._clock() + int(1000 * delay)
        lease = {"lease_owner": None, "lease_until": None}
        await self._keep(tx, claim, state=ChunkState.QUEUED, due=due, **lease, **columns)

    async def _keep(self, tx: AsyncConnection, claim: ChunkClaim, **columns: object) -> None:
        """Store what the handler has reported, and change other columns with it."""
        chunk, now = claim.chunk, self._clock()
        values = {"position": chunk.position, "changed": now, **_columns(chunk.counts), **columns}
        await tx.execute(update(JOB_CHUNKS).where(_is(chunk.key)).values(values))
        if claim.unstored != _NONE:
            await add_items(tx, chunk.key.job, claim.unstored, now)

    async def _end(
        self,
        tx: AsyncConnection,
        key: ChunkKey,
        state: ChunkState,
        claim: ChunkClaim | None = None,
        error: MememimeError | OSError | None = None,
    ) -> JobRow:
        now = self._clock()
        columns = {} if claim is None else _columns(claim.chunk.counts) | {"results": claim.chunk.results}
        if error is not None:
            columns |= _error_columns(error)
        await tx.execute(
            update(JOB_CHUNKS)
            .where(_is(key))
            .values(state=state, lease_owner=None, lease_until=None, changed=now, **columns)
        )
        items = _NONE if claim is None else claim.unstored
        code, detail = (columns["error_code"], columns["error_detail"]) if error is not None else ("", "")
        return await count_chunk(tx, key.job, state, items, now, (code, detail))

    def _held(self, key: ChunkKey) -> Any:
        column = JOB_CHUNKS.c
        return update(JOB_CHUNKS).where(_is(key), column.state == ChunkState.RUNNING, column.lease_owner == self._owner)


def _is(key: ChunkKey) -> Any:
    return (JOB_CHUNKS.c.job == key.job) & (JOB_CHUNKS.c.number == key.number)


def _columns(counts: Items) -> dict[str, Any]:
    return {"items_done": counts.done, "items_skipped": counts.skipped, "items_failed": counts.failed}


def _error_columns(error: MememimeError | OSError) -> dict[str, Any]:
    """Return code and detail of an error; one of the system's has no code of ours."""
    if isinstance(error, MememimeError):
        return {"error_code": error.code, "error_detail": error.detail[:MAX_DETAIL]}
    return {"error_code": MememimeError.code, "error_detail": f"{type(error).__name__}: {error}"[:MAX_DETAIL]}


def _claim_of(row: Row[Any], job: JobRow, job_input: Any, losses: Losses) -> ChunkClaim:
    counts = Items(row.items_done, row.items_skipped, row.items_failed)
    chunk = Chunk(
        key=ChunkKey(row.job, row.number),
        kind=row.kind,
        tenant=job.tenant,
        priority=job.priority,
        job_input=job_input,
        payload=row.payload,
        items=row.items,
        tries=row.tries,
        due=row.due,
        position=row.position,
        counts=counts,
        losses=losses,
    )
    return ChunkClaim(chunk, counts, row.position)
