"""Memory of a service's processes: measured by the kernel's figures; what they have without work, in the budget."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from mememime_proxy.memory_budget import MemoryBudget, Permit, Use

WORKER_GROWTH: Final = 24 << 20
"""Bytes by which an idle worker has grown after its first renders; measured: 8 to 20 MiB."""
SERVICE_GROWTH: Final = 16 << 20
"""Bytes by which the event loop's process grows with its connections."""
_KIB: Final = 1 << 10
_BLOCK: Final = 512
"""Bytes of ``st_blocks`` (stat(2))."""
_PROC: Final = Path("/proc")
_MEMFD: Final = "/memfd:"


class ProcessMemory(NamedTuple):
    """Bytes of some processes. What they share is counted once."""

    private: int
    """Proportional set size without shared memory."""
    shared: int
    """Memory files that they have open, and what of others they have mapped."""

    @property
    def total(self) -> int:
        """All bytes."""
        return self.private + self.shared


def measure(pids: Iterable[int], proc: Path = _PROC) -> ProcessMemory:
    """Return the memory of these processes. Reads their page tables: some milliseconds each, so not on an event loop.

    A process that has ended counts nothing. Where the kernel does not show shares (``smaps_rollup``), what processes
    have in common is counted for each.
    """
    private = mapped = 0
    files: dict[int, int] = {}
    for pid in pids:
        share, shmem = _process_memory(proc / str(pid))
        private, mapped = private + share - shmem, mapped + shmem
        files |= _memory_files(proc / str(pid) / "fd")
    # What is mapped is, most often, a memory file that one of them has open, too.
    return ProcessMemory(private, max(mapped, sum(files.values())))


def _process_memory(folder: Path) -> tuple[int, int]:
    """Return a process's share of memory, and how much of it is shared memory."""
    try:
        lines = (folder / "smaps_rollup").read_text("ascii").splitlines()[1:]
        sizes = {name: int(rest[0]) * _KIB for name, *rest in map(str.split, lines)}
        return sizes["Pss:"], sizes.get("Pss_Shmem:", 0)
    except ProcessLookupError:
        return 0, 0
    except (OSError, KeyError, ValueError, IndexError):
        return _resident(folder), 0


def _resident(folder: Path) -> int:
    try:
        resident, shared = (folder / "statm").read_text("ascii").split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _memory_files(folder: Path) -> dict[int, int]:
    """Return the bytes of the memory files that a process has open, by their inode."""
    files: dict[int, int] = {}
    try:
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if str(path.readlink()).startswith(_MEMFD):
                    status = path.stat()
                    files[status.st_ino] = status.st_blocks * _BLOCK
    except OSError:
        return files
    return files


class ProcessMeter:
    """Measures processes when it is read."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self.total = 0
        """Bytes of all of them, as last measured."""

    async def read(self) -> None:
        """Measure, beside the event loop."""
        self.total = (await asyncio.to_thread(measure, tuple(self._pids()))).total


class WorkerMemory:
    """What a pool's processes have without work, in the budget: measured at the start, corrected as workers grow."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._permit: Permit = budget.reserve_now(0, Use.BASE)
        self._base = 0
        self._allowance = 0

    async def start(self, pids: Iterable[int], workers: int) -> None:
        """Measure the processes ``pids`` and reserve their memory, and what ``workers`` of them will grow by."""
        self._base = (await asyncio.to_thread(measure, tuple(pids))).total
        self._allowance = workers * WORKER_GROWTH
        self.update(0)

    def update(self, growth: int) -> None:
        """Count ``growth``: bytes by which all workers together have grown since their start."""
        self._permit.change(self._base + max(growth, self._allowance), Use.BASE)

    def close(self) -> None:
        """Give everything back; the processes have ended."""
        self._permit.release()


async def reserve_service(budget: MemoryBudget) -> Permit:
    """Reserve what this process, the service's own, has without work."""
    own = await asyncio.to_thread(measure, (os.getpid(),))
    return budget.reserve_now(own.total + SERVICE_GROWTH, Use.BASE)
