"""The states of jobs, of their chunks and of their webhooks."""

from __future__ import annotations

import enum
from typing import Final


class JobState(enum.StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    """It was cancelled, and a worker has not let go of one of its chunks yet."""
    DONE = "done"
    FAILED = "failed"
    """Every chunk has ended, at least one with an error."""
    CANCELLED = "cancelled"


OPEN_JOBS: Final = (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING)
"""States of jobs that have not ended."""
ENDED_JOBS: Final = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class ChunkState(enum.StrEnum):
    """How far a chunk is. A running one is held by a lease."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WebhookState(enum.StrEnum):
    """How far the delivery of a job's end is."""

    NONE = ""
    """There is nothing to deliver: no address was given, or the job has not ended."""
    DUE = "due"
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was given up."""
