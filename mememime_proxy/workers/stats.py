"""Statistics of a pool for metrics, and its events for logs."""

from __future__ import annotations

from dataclasses import dataclass, field

from mememime_proxy.workers.wire import VipsMemory


@dataclass(frozen=True, slots=True)
class PoolStats:
    """Current counts. ``workers``: ready ones, idle or busy; a complete pool has ``size`` or more."""

    size: int
    workers: int
    busy: int
    starting: int
    queued: int
    quarantined: int
    zygote_starts: int
    jobs: int
    retries: int
    """Jobs that were passed on to another worker because the first one had ended."""
    mean_seconds: float
    """Recent mean time of a job in its worker."""
    restarts: dict[str, int]
    """Workers that ended, by reason: recycled, deadline, cancelled, killed, memory, sigsegv, sigabrt, …"""

    vips: VipsMemory = field(default_factory=VipsMemory)
    """What libvips counts in all workers."""


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """Something to log. ``kind``: ``worker-gone``, ``zygote-gone`` or ``zygote-ready``."""

    kind: str
    reason: str = ""
    pid: int = 0
    detail: str = ""
    jobs: int = 0
