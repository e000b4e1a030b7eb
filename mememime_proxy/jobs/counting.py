"""The counters of a job, which change in the transaction that changes its chunks, under the lock of the job's row.

Every transaction locks the row of the job before those of its chunks, so that two of them cannot wait for each other.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import JobNotFoundError
from mememime_proxy.jobs.model import Items, JobRow
from mememime_proxy.jobs.schema import JOBS
from mememime_proxy.jobs.states import ChunkState, JobState, WebhookState

_COUNTERS: Final = {
    ChunkState.DONE: "chunks_done",
    ChunkState.FAILED: "chunks_failed",
    ChunkState.CANCELLED: "chunks_cancelled",
}
MAX_DETAIL: Final = 1024
"""Characters of an error's detail that the tables have room for."""


async def lock_job(tx: AsyncConnection, job_id: str) -> JobRow | None:
    """Return a job, None where there is none; other transactions that lock it wait until this one ends."""
    row = (await tx.execute(select(JOBS).where(JOBS.c.id == job_id).with_for_update())).one_or_none()
    return None if row is None else JobRow.of_row(row)


async def add_items(tx: AsyncConnection, job_id: str, items: Items, now: int) -> None:
    """Add items to the counts of a job."""
    await tx.execute(update(JOBS).where(JOBS.c.id == job_id).values(**_items(items), **_change(now)))


async def count_chunk(
    tx: AsyncConnection, job_id: str, state: ChunkState, items: Items, now: int, error: tuple[str, str] = ("", "")
) -> JobRow:
    """Count a chunk that has ended, with what it adds to the items, and return the job, which may have ended by it.

    ``error``: code and detail; the first one of a job stays.
    """
    counter, (code, detail) = _COUNTERS[state], error
    is_first = JOBS.c.error_code == ""
    await tx.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            {
                counter: JOBS.c[counter] + 1,
                "error_code": case((is_first, code), else_=JOBS.c.error_code),
                "error_detail": case((is_first, detail[:MAX_DETAIL]), else_=JOBS.c.error_detail),
                **_items(items),
                **_change(now),
            }
        )
    )
    return await end_if_complete(tx, job_id, now)


async def end_if_complete(tx: AsyncConnection, job_id: str, now: int) -> JobRow:
    """Bring a job into its last state if all its chunks have ended, and return it."""
    job = await lock_job(tx, job_id)
    if job is None:
        raise JobNotFoundError(f"there is no job {job_id}")
    if job.has_ended or job.chunks_done + job.chunks_failed + job.chunks_cancelled < job.chunks:
        return job
    state = JobState.FAILED if job.chunks_failed else JobState.DONE
    if job.chunks_cancelled:
        state = JobState.CANCELLED
    has_webhook = bool(job.webhook) and state is not JobState.CANCELLED
    row = await tx.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            state=state,
            ended=now,
            webhook_state=WebhookState.DUE if has_webhook else WebhookState.NONE,
            webhook_due=now if has_webhook else None,
            **_change(now),
        )
        .returning(*JOBS.c)
    )
    return JobRow.of_row(row.one())


def _items(items: Items) -> dict[str, Any]:
    names = ("items_done", "items_skipped", "items_failed")
    return {name: JOBS.c[name] + count for name, count in zip(names, items, strict=True) if count}


def _change(now: int) -> dict[str, Any]:
    return {"version": JOBS.c.version + 1, "changed": now}
