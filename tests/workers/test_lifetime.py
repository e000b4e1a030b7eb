"""Zygote and workers after the service ends or stops, with a service of their own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

SERVICE = """
import asyncio, json, os, sys
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.pool import WorkerJob, Pool, PoolConfig

async def main():
    pool = Pool(PoolConfig(size=2, test_operations=True), RenderConfig())
    await pool.start()
    source = os.memfd_create("original")
    os.write(source, b"an original")
    jobs = [asyncio.create_task(pool.run(WorkerJob(sys.argv[1]), source, float(sys.argv[2]))) for _ in range(2)]
    while pool.stats().busy < 2 or pool.stats().workers < 3:
        await asyncio.sleep(0.01)
    print(json.dumps([pool.zygote_pid, *pool.pids()]), flush=True)
    await asyncio.gather(*jobs)

asyncio.run(main())
"""
PATIENCE = 20


@contextlib.contextmanager
def service(operation: str, deadline: float) -> Iterator[tuple[subprocess.Popen[str], dict[int, int]]]:
    """A service whose two workers are busy; descriptors of its processes by pid."""
    command = [sys.executable, "-c", SERVICE, operation, str(deadline)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = json.loads(process.stdout.readline())
        descriptors = {pid: os.pidfd_open(pid) for pid in pids}
        try:
            yield process, descriptors
        finally:
            process.kill()
            for descriptor in descriptors.values():
                ended(descriptor)
                os.close(descriptor)


def ended(descriptor: int) -> bool:
    """Whether the process ends within a generous time; it is reaped where it became ours."""
    if not select.select([descriptor], [], [], PATIENCE)[0]:
        return False
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
    return True


@pytest.mark.parametrize("operation", ["spin", "encode:2000", "sleep:1000"])
def test_pool_nothing_outlives_a_killed_service(operation: str) -> None:
    with service(operation, 1000) as (process, descriptors):
        process.send_signal(signal.SIGKILL)
        assert all(ended(descriptor) for descriptor in descriptors.values())


def test_pool_busy_workers_end_themselves_when_the_service_is_stopped_past_the_deadline() -> None:
    with service("spin", 2) as (process, descriptors):
        process.send_signal(signal.SIGSTOP)
        zygote, *workers = descriptors
        gone = select.select([descriptors[worker] for worker in workers], [], [], PATIENCE)[0]
        assert gone
        assert not select.select([descriptors[zygote]], [], [], 0)[0]
