"""A job that waits or runs, with what decides when it is its turn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mememime_proxy.cost import Cost, JobClass
from mememime_proxy.memory_budget import Permit
from mememime_proxy.workers.config import Lane
from mememime_proxy.workers.job_pixels import JobPixels
from mememime_proxy.workers.missing_bytes import JobBytes
from mememime_proxy.workers.parent.worker_process import Worker
from mememime_proxy.workers.scheduling.cost_model import Prior
from mememime_proxy.workers.scheduling.flow import Flow
from mememime_proxy.workers.wire import ResultReply, WorkerJob


@dataclass(slots=True, eq=False)
class Ticket:
    """A job on its way through the pool. Times in seconds, on the event loop's clock."""

    job: WorkerJob
    source: int
    """Descriptor of the original."""
    size: int
    flow: Flow
    prior: Prior
    job_class: JobClass
    """The class whose queue it is in, by its estimate or what is known of such jobs."""
    cost: Cost | None
    """The estimate, if this job or another one of its source and kind has made it already."""
    cpu: float
    """CPU seconds that its flow was charged with."""
    created: float
    deadline: float
    answer: asyncio.Future[tuple[ResultReply, int]]
    """The reply and the descriptor of the result."""
    missing: JobBytes | None = None
    """What the original's descriptor does not have yet; None where it has all."""
    identity: bytes = b""
    """What stands for the original's bytes where its descriptor does not have all of them."""
    queued: float = 0.0
    """When it came into its present queue."""
    begun: float = 0.0
    """When it was given to a worker, last."""
    worker: Worker | None = None
    lane: Lane = Lane.GENERAL
    permit: Permit | None = None
    """Of the memory that it and its result may take, unless that is reserved for its worker."""
    is_escalated: bool = False
    """Whether it, or another one of its source or content, has taken more than a small job may."""
    pixels: JobPixels | None = None
    trips: int = 0
    """Workers that have only estimated its cost."""
