from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mememime_proxy.workers.pool import WorkerJob
from mememime_proxy.workers.sandbox import confine, landlock

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0


async def test_confine_attacker_inside_a_worker_gets_nowhere(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    if not {"landlock", "seccomp"} <= set(observed.pool.sandbox):
        pytest.skip(f"this kernel offers {observed.pool.sandbox} only")
    tried = json.loads((await observed.pool.run(WorkerJob(f"probe:{os.getpid()}"), source, LONG)).variant.body)
    assert len(tried) >= 16
    assert [attempt for attempt, held in tried.items() if not held] == []


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
