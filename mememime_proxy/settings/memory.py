"""The memory that a service may use: of its settings, of its container, or of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mememime_proxy.cost import SMALL_RESERVE, express_workers
from mememime_proxy.memory_budget import PASSIVE_SHARE, MemoryBudget, Use

_CGROUPS: Final = Path("/sys/fs/cgroup")
_MEMBERSHIP: Final = Path("/proc/self/cgroup")
_UNIFIED: Final = ("memory.max", "memory.high")
"""Limits of cgroup v2. Above ``memory.high`` processes are slowed down until they hardly run."""
_OLDER: Final = ("memory.limit_in_bytes",)
"""Limit of cgroup v1."""
_CONTAINER_SHARE: Final = 0.9
"""Share of a container's limit that is the budget. The rest is for what the kernel counts, too, and no process has:
buffers of sockets, page tables, files that are being read and written."""
_MACHINE_SHARE: Final = 0.5
"""Share of a machine's memory that is the budget of a service: there is the other service, too, and the system."""
SERVICE_MEMORY: Final = 64 << 20
"""Bytes of the event loop's process and of the zygote, without work; measured: 48 and 13 MiB."""
WORKER_MEMORY: Final = 32 << 20
"""Bytes of an idle worker that has rendered, without what it shares with the zygote; measured: 9 to 23 MiB."""
_FIXED_SHARE: Final = 0.6
"""Share of the budget that idle processes and reserved memory may have, where the number of workers is not set."""


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Bytes that processes may have together, and what limits them."""

    size: int
    subject: str
    is_machine: bool = False


def machine_memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def memory_limit(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> MemoryLimit:
    """Return the lowest limit of the control groups that this process is in, or the memory of the machine."""
    limit = MemoryLimit(machine_memory(), "memory of the machine", is_machine=True)
    for path in _limit_files(cgroups, membership):
        try:
            value = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if value.isdecimal() and int(value) < limit.size:
            limit = MemoryLimit(int(value), str(path))
    return limit


def _limit_files(cgroups: Path, membership: Path) -> Iterator[Path]:
    """Yield the files that may hold a limit: of this process's groups, of all groups above them, and at the root.

    In a container, the paths of the groups may be those of the machine, and what is mounted here is their own folder.
    """
    try:
        lines = membership.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in [*lines, "0::/", "0:memory:/"]:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        roots, names = ((cgroups / "memory",), _OLDER) if controllers else ((cgroups, cgroups / "unified"), _UNIFIED)
        group = PurePosixPath(path.lstrip("/"))
        for folder in () if ".." in group.parts else (group, *group.parents):
            for root in roots:
                for name in names:
                    yield root / folder / name


def derive_budget(limit: MemoryLimit) -> int:
    """Return the budget of a service where none is set."""
    return int(limit.size * (_MACHINE_SHARE if limit.is_machine else _CONTAINER_SHARE))


def fixed_memory(workers: int) -> int:
    """Return the bytes that a service with so many workers has without work, and reserves for small jobs.

    There is one worker more, which is ready to replace another.
    """
    return SERVICE_MEMORY + (workers + 1) * WORKER_MEMORY + express_workers(workers) * SMALL_RESERVE


def largest_render(budget: int, workers: int) -> int:
    """Return the bytes that one render may have where ``workers`` have ``budget`` bytes; below 0, none can be done."""
    memory = MemoryBudget(budget)
    with memory.reserve_now(fixed_memory(workers), Use.BASE):
        return int(memory.largest_render)


def least_memory(workers: int) -> int:
    """Return the bytes with which so many workers can work: any of them has room for a small job."""
    return fixed_memory(workers) + int(SMALL_RESERVE / (1 - PASSIVE_SHARE)) + 1


def fitting_workers(budget: int) -> int:
    """Return how many workers leave enough of ``budget`` for large renders; at least one."""
    workers = 1
    while fixed_memory(workers + 1) <= budget * _FIXED_SHARE:
        workers += 1
    return workers
