from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from mememime_proxy.errors import WorkerCrashError
from mememime_proxy.memfd import memfd
from mememime_proxy.workers.pool import WorkerJob
from mememime_proxy.workers.sandbox import confine, landlock

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0


def _spooled(content: bytes) -> int:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return os.dup(file.fileno())


def _local(content: bytes) -> int:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return os.open(file.name, os.O_RDONLY)


@pytest.mark.parametrize("make", [partial(memfd, "original"), _spooled, _local])
async def test_f5_attacker_inside_a_worker_gets_nowhere(open_pool: OpenPool, make: Callable[[bytes], int]) -> None:
    content = b"an original"
    source = make(content)
    observed = await open_pool(size=1)
    if not {"landlock", "seccomp"} <= set(observed.pool.sandbox):
        pytest.skip(f"this kernel offers {observed.pool.sandbox} only")
    await observed.wait_until_complete()
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    tried = json.loads((await observed.pool.run(WorkerJob(f"probe:{os.getpid()}"), source, LONG)).variant.body)
    assert len(tried) >= 55
    assert [attempt for attempt, held in tried.items() if not held] == []
    assert os.pread(source, 100, 0) == content
    assert len(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208
    os.close(source)


async def test_f5_attacks_are_real_and_succeed_without_the_sandbox(open_pool: OpenPool) -> None:
    """What a probe that reaches nothing would not show. Only a few attempts need a privilege or another kernel."""
    source = _local(b"an original")
    observed = await open_pool(size=1, sandbox=False)
    tried = json.loads((await observed.pool.run(WorkerJob(f"probe:{os.getpid()} calls"), source, LONG)).variant.body)
    os.close(source)
    assert {name for name, refused in tried.items() if not refused} >= {
        "memory file", "shared anonymous mapping", "mapping that grows like a stack", "send a signal by a descriptor",
        "choose the signal of a descriptor", "pidfd", "ptrace", "signal the service", "signal everything", "timer",
        "personality", "watch files", "shared memory", "queue of messages", "fork with namespaces",
        "remove a file", "rename a file",
    }  # fmt: skip


async def test_f5_stderr_of_one_job_is_not_taken_for_that_of_the_next(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.pool.run(WorkerJob(f"probe:{os.getpid()}"), source, LONG)
    with pytest.raises(WorkerCrashError, match=r"sigabrt: here$"):
        await observed.pool.run(WorkerJob("abort:here"), source, LONG)


async def test_confine_without_landlock_and_seccomp_limits_and_privileges_hold(
    open_pool: OpenPool, source: int
) -> None:
    observed = await open_pool(size=1, sandbox=False, max_result=1 << 20)
    await observed.wait_until_complete()
    assert observed.pool.sandbox == ("limits", "privileges")
    for pid in observed.pool.pids():
        status = Path(f"/proc/{pid}/status").read_text()  # noqa: ASYNC240 - not a disk
        assert "NoNewPrivs:\t1" in status
        assert "CapEff:\t0000000000000000" in status
        worker = psutil.Process(pid)
        assert worker.rlimit(psutil.RLIMIT_NOFILE)[1] <= 64
        assert worker.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert worker.rlimit(psutil.RLIMIT_FSIZE) == (1 << 20, 1 << 20)


def test_confine_rules_are_readable_places_that_exist() -> None:
    places = landlock.readable()
    assert all(Path(place).exists() for place in places)
    assert not {"/", "/etc", "/proc", "/home", "/root", "/tmp", str(Path.cwd())} & set(places)


def test_confine_kernel_without_landlock_has_no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.ruleset(["/usr"]) is None


def test_confine_report_lists_available_layers() -> None:
    report = confine.report()
    assert set(report) == {"landlock", "seccomp", "capabilities"}
    assert ("version" in report["landlock"]) == (landlock.version() > 0)
