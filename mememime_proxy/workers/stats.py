"""Statistics of a pool for metrics, and its events for logs."""

from __future__ import annotations

from dataclasses import dataclass, field

from mememime_proxy.cost import JobClass
from mememime_proxy.workers.wire import VipsMemory


@dataclass(frozen=True, slots=True)
class ClassStats:
    """Figures of one class of jobs. ``refused``: since the start, because too many waited already."""

    queued: int
    running: int
    refused: int
    expected_wait: float
    """Seconds that a job that comes now would wait for a worker."""
    mean_seconds: float
    """Recent mean time of a job in its worker."""
    cpu_ratio: float = 0.0
    """Recent mean of CPU time by estimate; 0 where none is known."""


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
    restarts: dict[str, int]
    """Workers that ended, by reason: recycled, deadline, cancelled, killed, memory, over-cpu, sigsegv, sigabrt, …"""

    sandbox: tuple[str, ...] = ()
    """The layers of confinement that are in force in every ready worker."""

    disabled_formats: tuple[str, ...] = ()
    """Formats of originals that are not read."""

    has_fonts: bool | None = None
    """Whether workers can draw text; None where it is not known."""

    libraries: dict[str, str] = field(default_factory=dict)
    """Versions of the libraries that read and write pictures."""

    vips: VipsMemory = field(default_factory=VipsMemory)
    """What libvips counts in all workers."""
    classes: dict[JobClass, ClassStats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """Something to log.

    ``kind``: ``worker-gone``, ``zygote-gone``, ``zygote-ready``, ``sandbox-incomplete`` (``reason``: the missing
    layers) or ``library-outdated`` (``reason``: its name).
    """

    kind: str
    reason: str = ""
    pid: int = 0
    detail: str = ""
    jobs: int = 0
