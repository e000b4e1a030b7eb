"""Memory of a process tree: what is private to it, shared once, and memory files that no process has mapped."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from benchmarks import processes

_BLOCK = 512


def tree_bytes(pid: int) -> int:
    """Return the bytes of the tree now: proportional sizes without shared memory, and every memory file once."""
    pids = processes.tree(pid)
    return sum(map(_private, pids)) + memory_files(pids)


def memory_files(pids: list[int]) -> int:
    """Return the bytes of the memory files (memfd) that the processes have open."""
    found: dict[int, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(link.readlink()).startswith("/memfd:"):
                        status = link.stat()
                        found[status.st_ino] = status.st_blocks * _BLOCK
    return sum(found.values())


def count_memory_files(pid: int) -> int:
    """Return how many descriptors of a process are memory files."""
    count = 0
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                count += str(link.readlink()).startswith("/memfd:")
    return count


def _private(pid: int) -> int:
    size = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                size += int(line.split()[1]) * 1024
            elif line.startswith("Pss_Shmem:"):
                size -= int(line.split()[1]) * 1024
    return size


class Peak:
    """Samples a tree in a thread; ``most`` is the largest sample so far."""

    def __init__(self, pid: int, interval: float = 0.1) -> None:
        self.most = 0
        self._pid, self._interval = pid, interval
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(self._interval):
            self.most = max(self.most, tree_bytes(self._pid))
