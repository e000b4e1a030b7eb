from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest

from mememime_proxy.errors import WorkerKilledError
from mememime_proxy.workers.parent.exit_status import WorkerExit
from mememime_proxy.workers.parent.worker_process import Worker
from mememime_proxy.workers.pool import PoolConfig, WorkerJob
from mememime_proxy.workers.worker_set import WorkerSet

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0


async def test_worker_set_there_is_a_spare(open_pool: OpenPool) -> None:
    observed = await open_pool(size=2)
    await observed.wait_until_complete()
    assert len(observed.pool.pids()) == 3


async def test_worker_set_workers_are_replaced_after_their_share_of_jobs_and_there_are_always_enough(
    open_pool: OpenPool, source: int
) -> None:
    observed = await open_pool(size=2, max_jobs=5)
    await observed.wait_until_complete()
    seen = set()
    for _ in range(40):
        seen.add((await observed.pool.run(WorkerJob("process"), source, LONG)).variant.body)
        assert observed.pool.stats().workers >= 2
        await observed.wait_until_complete()
    assert len(seen) >= 40 / 5
    await observed.wait_until(lambda: set(observed.pool.stats().restarts) == {"recycled"})
    jobs = [event.jobs for event in observed.events if event.reason == "recycled"]
    assert all(4 <= count <= 6 for count in jobs)


async def test_worker_set_workers_that_grew_are_replaced(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1, max_rss=128 << 20)
    await observed.wait_until_complete()
    for _ in range(3):
        assert (await observed.pool.run(WorkerJob(f"leak:{60 << 20}"), source, LONG)).variant.body == b"an original"
    await observed.wait_until_ended("recycled")
    await observed.wait_until_complete()
    assert all(psutil.Process(pid).memory_info().rss < 128 << 20 for pid in observed.pool.pids())


async def test_worker_set_freed_memory_is_trimmed_before_it_is_measured(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1, max_rss=120 << 20)
    await observed.wait_until_complete()
    for _ in range(3):
        await observed.pool.run(WorkerJob(f"cost:large 3 {400 << 20} {200 << 20} large:{150 << 20}"), source, LONG)
    assert observed.pool.stats().restarts == {}


async def test_worker_set_job_of_an_exited_worker_is_passed_to_another(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    pids = set(observed.pool.pids())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    job = asyncio.create_task(observed.pool.run(WorkerJob("process"), source, LONG))
    await observed.wait_until(lambda: observed.pool.stats().busy == 1)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert int((await job).variant.body) not in pids
    assert observed.pool.stats().retries >= 1
    await observed.wait_until_ended("killed", 2)


async def test_worker_set_workers_that_die_at_rest_cost_no_request(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2)
    for _ in range(10):
        for pid in observed.pool.pids():
            os.kill(pid, signal.SIGKILL)
        assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_worker_set_workers_that_are_killed_under_load_cost_no_more_than_their_jobs(open_pool: OpenPool) -> None:
    observed = await open_pool(size=2, queue_size=100, max_wait=0)
    pool = observed.pool
    kills = failures = right = 0
    killed: list[int] = []
    ended = asyncio.Event()

    async def client(number: int) -> None:
        nonlocal failures, right
        content = f"original {number} ".encode() * 20_000
        descriptor = os.memfd_create("original")
        os.write(descriptor, content)
        while not ended.is_set():
            try:
                result = await pool.run(WorkerJob(random.choice(["echo", "sleep:0.01"])), descriptor, LONG)
            except WorkerKilledError:
                failures += 1
            else:
                assert result.variant.body == content
                right += 1
        os.close(descriptor)

    clients = [asyncio.create_task(client(number)) for number in range(6)]
    for _ in range(12):
        await asyncio.sleep(0.1)  # the rhythm is the test: it is not waited for anything
        # One that was killed before may not be reaped yet.
        killed.append(random.choice([pid for pid in pool.pids() if pid not in killed]))
        os.kill(killed[-1], signal.SIGKILL)
        kills += 1
        await observed.wait_until(lambda: pool.stats().workers >= 2)
    ended.set()
    await asyncio.gather(*clients)
    assert failures <= kills
    assert right > kills
    await observed.wait_until_ended("killed", kills)
    await observed.wait_until_complete()


async def test_worker_set_workers_share_the_zygotes_memory(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    await observed.pool.run(WorkerJob("echo"), source, LONG)

    def private(pid: int) -> int:
        return int(psutil.Process(pid).memory_full_info().uss)

    zygote = psutil.Process(observed.pool.zygote_pid).memory_info().rss
    assert all(private(pid) < zygote / 3 for pid in observed.pool.pids())


class Barren:
    """A zygote supervisor whose workers all die before they are ready."""

    usable = True
    orders = 0

    def fork(self, worker: Worker) -> None:
        self.orders += 1
        worker.close_worker_socket()


class Nobody:
    """An observer without jobs."""

    def worker_free(self) -> None: ...

    def job_explained(self, worker: Worker, end: WorkerExit) -> None: ...


async def test_worker_set_workers_that_cannot_live_are_no_storm_of_forks() -> None:
    barren = Barren()
    ends: list[str] = []
    workers = WorkerSet(PoolConfig(size=1), barren, Nobody(), lambda event: ends.append(event.reason))  # type: ignore[arg-type]
    workers.fill()
    await asyncio.sleep(0.3)
    workers.stop()
    await workers.until_gone()
    assert 2 <= barren.orders <= 8
    assert set(ends) == {"not-started"}


@pytest.mark.parametrize("sandbox", [True, False])
async def test_worker_set_workers_keep_to_themselves(open_pool: OpenPool, source: int, sandbox: bool) -> None:
    """No terminal signals, one thread, a name, the clean environment: whether confined or not."""
    observed = await open_pool(size=1, sandbox=sandbox)
    await observed.wait_until_complete()
    pids = observed.pool.pids()
    for pid in pids:
        worker = psutil.Process(pid)
        assert worker.name() == "mememime-worker"
        assert worker.ppid() == os.getpid()
        assert os.getsid(pid) == pid
        assert worker.num_threads() == 1
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    assert observed.pool.pids() == pids
