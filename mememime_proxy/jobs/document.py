"""A job as JSON: in responses, events and webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

import msgspec

from mememime_proxy.errors import TYPE_BASE, error_classes
from mememime_proxy.jobs.model import JobRow


class ItemCounts(msgspec.Struct, kw_only=True, frozen=True):
    """Items of a job; ``left`` is what is neither done nor skipped nor failed."""

    total: int
    done: int
    skipped: int
    failed: int
    left: int


class ChunkCounts(msgspec.Struct, kw_only=True, frozen=True):
    """Chunks of a job by the state that they ended in; ``left`` are queued or running."""

    total: int
    done: int
    failed: int
    cancelled: int
    left: int


class JobProblem(msgspec.Struct, kw_only=True, frozen=True):
    """The first error of a job; ``type``: a URI that ends in the error's code."""

    type: str
    title: str
    detail: str


class JobDocument(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A job. Chunks ran again after errors that pass (``retries``), and after the loss of a worker (``losses``)."""

    id: str
    kind: str
    state: str
    priority: int
    items: ItemCounts
    chunks: ChunkCounts
    retries: int
    losses: int
    version: int
    created: datetime
    changed: datetime
    started: datetime | None = None
    ended: datetime | None = None
    error: JobProblem | None = None
    name: str = ""
    webhook: str = ""
    webhook_state: str = ""

    @classmethod
    def of(cls, job: JobRow) -> Self:
        """Return the document of a job."""
        done, skipped, failed = job.counts
        problem = None
        if job.error_code:
            error = error_classes().get(job.error_code)
            problem = JobProblem(
                type=TYPE_BASE + job.error_code,
                title=error.public if error else job.error_code,
                detail=job.error_detail,
            )
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state.value,
            priority=job.priority,
            items=ItemCounts(
                total=job.items,
                done=done,
                skipped=skipped,
                failed=failed,
                left=max(0, job.items - done - skipped - failed),
            ),
            chunks=ChunkCounts(
                total=job.chunks,
                done=job.chunks_done,
                failed=job.chunks_failed,
                cancelled=job.chunks_cancelled,
                left=job.chunks - job.chunks_done - job.chunks_failed - job.chunks_cancelled,
            ),
            retries=job.retries,
            losses=job.losses,
            version=job.version,
            created=_instant(job.created),
            changed=_instant(job.changed),
            started=None if job.started is None else _instant(job.started),
            ended=None if job.ended is None else _instant(job.ended),
            error=problem,
            name=job.name,
            webhook=job.webhook,
            webhook_state=job.webhook_state.value,
        )


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
