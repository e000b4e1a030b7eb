from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mememime_proxy.errors import OverloadError, WorkerError
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers import wire
from mememime_proxy.workers.parent import zygote_supervisor
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0
SECRET = "a-key-that-nobody-may-see"


async def test_zygote_supervisor_nothing_of_the_parent_is_to_be_seen_in_its_children(
    open_pool: OpenPool, source: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEMEMIME_KEY", SECRET)
    monkeypatch.setenv("PYTHONPATH", SECRET)
    (tmp_path / "secret").write_text(SECRET)
    inherited = os.open(tmp_path / "secret", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    os.close(inherited)
    await observed.pool.run(WorkerJob("echo"), source, LONG)
    for pid in (observed.pool.zygote_pid, *observed.pool.pids()):
        process = psutil.Process(pid)
        environment = process.environ()
        assert set(environment) <= {*zygote_supervisor.OWN_ENVIRONMENT, *zygote_supervisor.PASSED_ENVIRONMENT}
        assert environment["VIPS_CONCURRENCY"] == "1"
        assert environment["MALLOC_ARENA_MAX"] == "2"
        assert SECRET not in " ".join(process.cmdline())
        assert not process.open_files() or all("secret" not in file.path for file in process.open_files())
        assert process.num_fds() <= 8


async def test_zygote_supervisor_killed_zygote_costs_nothing_but_another(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2)
    await observed.wait_until_complete()
    pids, zygote = set(observed.pool.pids()), observed.pool.zygote_pid
    running = asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.2"), source, LONG))
    await observed.wait_until(lambda: observed.pool.stats().busy == 1)
    os.kill(zygote, signal.SIGKILL)
    assert (await running).variant.body == b"an original"
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await observed.wait_until(lambda: observed.pool.stats().zygote_starts == 2 and observed.pool.zygote_pid != zygote)
    assert set(observed.pool.pids()) == pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await observed.wait_until_complete()
    assert [event.kind for event in observed.events if event.kind == "zygote-gone"] == ["zygote-gone"]


async def test_zygote_supervisor_zygote_and_all_workers_killed_at_once_come_back(
    open_pool: OpenPool, source: int
) -> None:
    observed = await open_pool(size=2)
    for _ in range(3):
        for pid in (*observed.pool.pids(), observed.pool.zygote_pid):
            if pid:
                os.kill(pid, signal.SIGKILL)
        assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await observed.wait_until_complete()


async def test_zygote_supervisor_hanging_zygote_is_replaced(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1, spawn_timeout=1.0)
    await observed.wait_until_complete()
    zygote = observed.pool.zygote_pid
    os.kill(zygote, signal.SIGSTOP)
    for pid in observed.pool.pids():
        os.kill(pid, signal.SIGKILL)
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await observed.wait_until_complete()
    assert observed.pool.zygote_pid != zygote


async def test_zygote_supervisor_stopped_zygote_does_not_hold_up_closing(
    open_pool: OpenPool, remaining_processes: Callable[[], list[psutil.Process]]
) -> None:
    observed = await open_pool(size=1)
    os.kill(observed.pool.zygote_pid, signal.SIGSTOP)
    await observed.pool.close(0)
    assert observed.pool.pids() == ()
    assert remaining_processes() == []


async def test_zygote_supervisor_zygote_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch,
    descriptors_open: Callable[[], int],
    remaining_processes: Callable[[], list[psutil.Process]],
) -> None:
    monkeypatch.setattr(zygote_supervisor, "_MODULE", "mememime_proxy.workers.nowhere")
    before = descriptors_open()
    pool = Pool(PoolConfig(), RenderConfig())
    with pytest.raises(WorkerError, match=r"No module named mememime_proxy\.workers\.nowhere"):
        await pool.start()
    assert descriptors_open() == before
    assert remaining_processes() == []


async def test_zygote_supervisor_while_no_zygote_starts_living_workers_work_and_without_any_jobs_are_refused(
    open_pool: OpenPool, source: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    monkeypatch.setattr(zygote_supervisor, "_MODULE", "mememime_proxy.workers.nowhere")
    os.kill(observed.pool.zygote_pid, signal.SIGKILL)
    await observed.wait_until(lambda: observed.pool.stats().zygote_starts >= 3)
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    for pid in observed.pool.pids():
        os.kill(pid, signal.SIGKILL)
    await observed.wait_until_ended("killed", 2)
    assert not observed.pool.healthy
    with pytest.raises(OverloadError, match="no workers"):
        await observed.pool.run(WorkerJob("echo"), source, LONG)
    monkeypatch.undo()
    await observed.wait_until_complete()
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_zygote_supervisor_cancelled_start_leaves_nothing(
    descriptors_open: Callable[[], int], remaining_processes: Callable[[], list[psutil.Process]]
) -> None:
    before = descriptors_open()
    pool = Pool(PoolConfig(), RenderConfig())
    starting = asyncio.create_task(pool.start())
    while not pool.zygote_pid:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert remaining_processes() == []
    assert descriptors_open() == before


async def test_zygote_supervisor_running_out_of_descriptors_for_a_while_is_survived(
    open_pool: OpenPool, source: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    refused = 0

    def exhausted(*_: object) -> int:
        nonlocal refused
        refused += 1
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(os, "memfd_create", exhausted)
        os.kill(observed.pool.zygote_pid, signal.SIGKILL)
        await observed.wait_until(lambda: refused >= 3)
        for pid in observed.pool.pids():
            os.kill(pid, signal.SIGKILL)
        await observed.wait_until_ended("killed", 2)
        assert not observed.pool.healthy
    await observed.wait_until_complete()
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_zygote_supervisor_workers_are_ordered_again_when_descriptors_are_there_again(
    open_pool: OpenPool, source: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    with monkeypatch.context() as patch:
        patch.setattr(wire.socket, "socketpair", lambda *_: (_ for _ in ()).throw(OSError(errno.EMFILE, "")))
        for pid in observed.pool.pids():
            os.kill(pid, signal.SIGKILL)
        await observed.wait_until_ended("killed", 2)
        assert not observed.pool.healthy
    await observed.wait_until_complete()
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_zygote_supervisor_interpreter_that_may_not_be_executed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    monkeypatch.setattr(zygote_supervisor.sys, "executable", str(program))
    pool = Pool(PoolConfig(size=1), RenderConfig())
    with pytest.raises(WorkerError, match=f"cannot be executed: Permission denied: {program}"):
        await pool.start()
