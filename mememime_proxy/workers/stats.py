"""Statistics of a pool for metrics, and its events for logs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """A moment's numbers. ``workers`` are ready ones, at rest or at work; a whole pool has ``size`` or more."""

    size: int
    workers: int
    busy: int
    starting: int
    queued: int
    quarantined: int
    zygote_starts: int
    jobs: int
    retries: int
    """Jobs that were given to a worker that turned out to be dead, and so to another one."""
    mean_seconds: float
    """Recent mean time of a job in its worker."""
    restarts: dict[str, int]
    """Workers that ended, by reason: recycled, deadline, cancelled, killed, memory, sigsegv, sigabrt, …"""


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """Something to log. ``kind``: ``worker-gone``, ``zygote-gone`` or ``zygote-ready``."""

    kind: str
    reason: str = ""
    pid: int = 0
    detail: str = ""
    jobs: int = 0
