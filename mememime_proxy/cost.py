"""What a job costs: the estimate that admits it, the grant that it runs under, the usage that it reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec


class JobClass(StrEnum):
    """Classes of jobs, which wait in queues of their own. By estimated cost first, then by what makes a job costly."""

    SMALL = "small"
    """Anything that costs little, whatever its format."""
    LARGE = "large"
    """Many pixels of a format that is decoded quickly."""
    VECTOR = "vector"
    """A drawing (SVG)."""
    MODERN = "modern"
    """AVIF, HEIC or JPEG XL, to read or to write."""
    ANIMATION = "animation"
    """Several frames."""
    FILM = "film"
    """Anything of a film or sound, in workers of its own."""


SMALL_CPU = 0.12
"""CPU seconds up to which a job is small."""
_MOST = 1 << 60
"""Bytes above which estimates are alike: integers of a message have 64 bits, and the largest sides make more bytes."""
SMALL_MEMORY = 48 << 20
"""Bytes, the result among them, up to which a job is small."""


class Cost(msgspec.Struct, frozen=True, array_like=True):
    """An estimate. ``cpu``: seconds on the reference machine; ``memory``: bytes on top of an idle worker's.

    ``memory`` is that of the worker's process; the original and the result, which are memory files, are not part of it.
    ``result``: bytes that the result has at most.
    """

    job_class: JobClass = JobClass.SMALL
    cpu: float = 0.0
    memory: int = 0
    result: int = 0


FILM_COST = Cost(JobClass.FILM, 4.0, 192 << 20, 128 << 20)
"""What a job of a film is taken to cost: how far a frame is from the key frame before it is not known before.

Measured: 1080p H.264 takes 3 ms a frame that is decoded, and 60 MiB; 2160p 12 ms and 180 MiB."""


MEDIA_COST = Cost(JobClass.FILM, 4.0, 256 << 20, 64 << 20)
"""What a job is taken to cost that encodes a film or sound.

Measured: x264 takes 227 MB for 1080p, SVT-AV1 354 MB for 720p. How long a film is shows when it is open."""


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What a job may take before it is ended; in the units of ``Cost``. 0 = no limit."""

    cpu: float = 0.0
    memory: int = 0
    result: int = 0

    def covers(self, other: Grant) -> bool:
        """Whether all of ``other`` is within this grant."""
        return (
            (not self.cpu or 0 < other.cpu <= self.cpu)
            and (not self.memory or 0 < other.memory <= self.memory)
            and (not self.result or 0 < other.result <= self.result)
        )


class JobUsage(msgspec.Struct, frozen=True, array_like=True):
    """What a job took; in the units of ``Cost``, ``memory`` being the most at any time."""

    cpu: float = 0.0
    memory: int = 0


Approve = Callable[[Cost], None]
"""Called with the cost of a job once its original's header is known, before a pixel is decoded; once again for each
further attempt at a damaged original. What it raises ends the job.
"""


def approve_any(_cost: Cost) -> None:
    """Approve a job whatever it costs."""


def classify(kind: JobClass, cpu: float, memory: int, result: int) -> Cost:
    """Return the cost of a job whose class is ``kind`` unless it is small."""
    if memory + result > _MOST:
        memory, result = min(memory, _MOST), min(result, _MOST)
    small = cpu <= SMALL_CPU and memory + result <= SMALL_MEMORY
    return Cost(JobClass.SMALL if small else kind, cpu, memory, result)


def in_turn(costs: Sequence[Cost]) -> Cost:
    """Return the cost of a job that does what these do one after the other, at least one."""
    dearest = max(costs, key=lambda cost: cost.cpu)
    kind = JobClass.LARGE if dearest.job_class is JobClass.SMALL else dearest.job_class
    memory, result = (max(getattr(cost, name) for cost in costs) for name in ("memory", "result"))
    return classify(kind, sum(cost.cpu for cost in costs), memory, result)


def with_gate(cost: Cost, cpu: float) -> Cost:
    """Return the cost of a job whose gate took ``cpu`` seconds; with them a small job may be a large one."""
    total = cost.cpu + cpu
    grows = cost.job_class is JobClass.SMALL and total > SMALL_CPU
    return msgspec.structs.replace(cost, job_class=JobClass.LARGE if grows else cost.job_class, cpu=total)


_MARGIN = 2.0
"""An estimate is the mean of many files; one that takes twice as much is within its estimate."""
_MIN_CPU = 0.15
"""Seconds. Below it the clock's ticks and the first job of a worker weigh more than the picture."""
_MEMORY_MARGIN = 1.5
_MIN_MEMORY = 32 << 20
"""Bytes on top of the estimate: stacks of threads and arenas of the allocator, which count in full."""
_MIN_RESULT = 1 << 20
SMALL_RESERVE = int(_MEMORY_MARGIN * SMALL_MEMORY) + _MIN_MEMORY
"""Bytes that a small job and its result can take at most."""


def grant_for(cost: Cost, factor: float = 1.0) -> Grant:
    """Return what a job of this cost is granted. ``factor``: CPU time of this machine by that of the estimate."""
    return Grant(
        max(_MIN_CPU, _MARGIN * cost.cpu * factor),
        int(_MEMORY_MARGIN * cost.memory) + _MIN_MEMORY,
        max(_MIN_RESULT, cost.result),
    )


def express_workers(workers: int) -> int:
    """Return how many of ``workers`` take small jobs only: one of two to seven, a quarter of more."""
    return max(1, workers // 4) if workers > 1 else 0
