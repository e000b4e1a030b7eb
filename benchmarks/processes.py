"""CPU time and memory of a process and all it started, living and reaped."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, and the proportional set size in bytes, of a process tree."""

    cpu: float
    pss: int


def _cpu(pid: int, *, reaped: bool = True) -> float:
    """Seconds of a process and of the children that it has reaped (proc(5): utime, stime, cutime, cstime)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11 : 15 if reaped else 13])) / _TICK


def proportional(pid: int) -> int:
    """The proportional set size of one process in bytes; 0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def usage(pid: int) -> Usage:
    """The tree's usage now."""
    members = tree(pid)
    return Usage(sum(map(_cpu, members)), sum(map(proportional, members)))


def named(pid: int, name: str) -> list[int]:
    """Ids of the tree's processes of that name."""
    found = []
    for member in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(member).name() == name:
                found.append(member)
    return found


def cpu_of(pids: list[int]) -> float:
    """CPU seconds of single processes. Not of their children: a worker that is replaced is none of the front's work."""
    return sum(_cpu(pid, reaped=False) for pid in pids)


def resident(pid: int) -> int:
    """Resident bytes of one process; 0 where it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def machine_cpu() -> float:
    """CPU seconds that the whole machine has worked so far, without waiting for I/O."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq) / _TICK
