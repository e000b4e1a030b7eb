from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import uvloop

from mememime_proxy.errors import (
    CostLimitError,
    LimitError,
    MememimeError,
    OverloadError,
    QuarantineError,
    QueueFullError,
    RenderTimeoutError,
    ShuttingDownError,
    SourceIncompleteError,
    WorkerCrashError,
    WorkerError,
    WorkerKilledError,
)
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0


async def test_pool_job_returns_the_worker_result(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1)).pool
    result = await pool.run(WorkerJob("echo"), source, LONG)
    assert result.variant.body == b"an original"
    assert result.variant.width == 11
    assert result.queue_seconds < LONG
    assert result.render_seconds > 0


@pytest.mark.parametrize("size", [0, (1 << 20) - 1, 1 << 20, 5_000_000])
async def test_pool_result_of_any_size_arrives_complete(open_pool: OpenPool, source: int, size: int) -> None:
    pool = (await open_pool(size=1)).pool
    assert (await pool.run(WorkerJob(f"large:{size}"), source, LONG)).variant.body == bytes(size)


async def test_pool_concurrent_jobs_get_their_own_results(open_pool: OpenPool) -> None:
    pool = (await open_pool(size=2, queue_size=100, max_wait=0)).pool

    async def one(number: int) -> bool:
        content = f"original {number}".encode() * number
        descriptor = os.memfd_create("original")
        os.write(descriptor, content)
        try:
            return (await pool.run(WorkerJob("echo"), descriptor, LONG)).variant.body == content
        finally:
            os.close(descriptor)

    assert all(await asyncio.gather(*map(one, range(100))))
    assert pool.stats().jobs == 100


async def test_pool_at_most_size_jobs_run_at_once(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2)
    await observed.wait_until_complete()
    jobs = [asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.05"), source, LONG)) for _ in range(6)]
    most = 0
    while not all(job.done() for job in jobs):
        most = max(most, observed.pool.stats().busy)
        await asyncio.sleep(0)
    await asyncio.gather(*jobs)
    assert most == 2


@pytest.mark.parametrize(
    ("operation", "error", "reason"),
    [
        ("abort:free(): invalid pointer", WorkerCrashError, "sigabrt"),
        ("segv", WorkerCrashError, "sigsegv"),
        ("send:SIGBUS", WorkerCrashError, "sigbus"),
        ("send:SIGKILL", WorkerKilledError, "killed"),
        ("leave:3", WorkerCrashError, "exit"),
        ("exhaust", CostLimitError, "memory"),
        ("exhaust:c", CostLimitError, "memory"),
        ("forge", WorkerError, "protocol"),
    ],
)
async def test_pool_job_that_ends_its_worker_fails_alone(
    open_pool: OpenPool, source: int, operation: str, error: type[MememimeError], reason: str
) -> None:
    observed = await open_pool(size=2, memory_limit=256 << 20)
    neighbour = asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.3"), source, LONG))
    with pytest.raises(error) as caught:
        await observed.pool.run(WorkerJob(operation), source, LONG)
    assert type(caught.value) is error
    assert (await neighbour).variant.body == b"an original"
    await observed.wait_until_ended(reason)
    await observed.wait_until_complete()
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_pool_stderr_of_a_crashed_worker_is_in_the_detail_on_one_line(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1)).pool
    with pytest.raises(WorkerCrashError, match="first second third"):
        await pool.run(WorkerJob("abort:first\nsecond \x1b\x07 third"), source, LONG)


async def test_pool_errors_keep_their_class(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    with pytest.raises(LimitError, match="on purpose"):
        await observed.pool.run(WorkerJob("fail:image.too_large"), source, LONG)
    with pytest.raises(WorkerError, match="ZeroDivisionError: a bug"):
        await observed.pool.run(WorkerJob("fail:a bug"), source, LONG)
    with pytest.raises(WorkerError, match="no operation"):
        await observed.pool.run(WorkerJob("unheard of"), source, LONG)
    assert observed.pool.stats().restarts == {}


@pytest.mark.parametrize("operation", ["spin", "encode:2000", "send:SIGSTOP"])
async def test_pool_deadline_kills_the_process_in_any_state(open_pool: OpenPool, source: int, operation: str) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    before = set(observed.pool.pids())
    with pytest.raises(RenderTimeoutError):
        # Its estimate grants it more CPU time than its deadline leaves.
        await observed.pool.run(WorkerJob(f"cost:large 0.4 {1 << 28} 1000 {operation}"), source, 0.3)
    assert observed.pool.stats().busy == 0
    assert observed.pool.healthy
    await observed.wait_until_ended("deadline")
    (gone,) = before - set(observed.pool.pids())
    assert not psutil.pid_exists(gone)


async def test_pool_deadline_that_passes_in_the_queue_costs_no_worker(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    running = asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.4"), source, LONG))
    await observed.wait_until(lambda: observed.pool.stats().busy == 1)
    with pytest.raises(RenderTimeoutError, match="waited"):
        await observed.pool.run(WorkerJob("echo"), source, 0.05)
    assert (await running).variant.body == b"an original"
    assert observed.pool.stats().restarts == {}


async def test_pool_cancelling_frees_the_place_and_ends_the_process(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    job = asyncio.create_task(observed.pool.run(WorkerJob("spin"), source, LONG))
    await observed.wait_until(lambda: observed.pool.stats().busy == 1)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert observed.pool.stats().busy == 0
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await observed.wait_until_ended("cancelled")
    await observed.wait_until_complete()


async def test_pool_cancelling_in_the_queue_costs_nothing(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    running = asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.2"), source, LONG))
    waiting = asyncio.create_task(observed.pool.run(WorkerJob("echo"), source, LONG))
    await observed.wait_until(lambda: observed.pool.stats().queued == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert observed.pool.stats().queued == 0
    assert (await running).variant.body == b"an original"
    assert observed.pool.stats().restarts == {}


async def test_pool_full_queue_refuses_at_once(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1, queue_size=1)).pool
    jobs = [asyncio.create_task(pool.run(WorkerJob("sleep:0.2"), source, LONG)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFullError):
        await pool.run(WorkerJob("echo"), source, LONG)
    assert len(await asyncio.gather(*jobs)) == 2


async def test_pool_wait_longer_than_the_deadline_is_refused_at_once(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1, queue_size=10)).pool
    await pool.run(WorkerJob("sleep:0.3"), source, LONG)
    running = asyncio.create_task(pool.run(WorkerJob("sleep:0.1"), source, LONG))
    await asyncio.sleep(0)
    with pytest.raises(OverloadError, match="expected"):
        await pool.run(WorkerJob("echo"), source, 0.1)
    assert (await pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    await running


async def test_pool_original_that_crashes_twice_is_refused_without_a_worker(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    for _ in range(2):
        with pytest.raises(WorkerCrashError):
            await observed.pool.run(WorkerJob("segv"), source, LONG)
    await observed.wait_until_complete()
    with pytest.raises(QuarantineError, match="quarantine"):
        await observed.pool.run(WorkerJob("echo"), source, LONG)
    harmless = memfd("original", b"An Original")
    assert (await observed.pool.run(WorkerJob("echo"), harmless, LONG)).variant.body == b"An Original"
    os.close(harmless)
    assert observed.pool.stats().restarts == {"sigsegv": 2}
    assert observed.pool.stats().quarantined == 1


async def test_pool_worker_killed_from_outside_does_not_quarantine_the_original(
    open_pool: OpenPool, source: int
) -> None:
    pool = (await open_pool(size=1)).pool
    for _ in range(3):
        with pytest.raises(WorkerKilledError):
            await pool.run(WorkerJob("send:SIGKILL"), source, LONG)
    assert (await pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_pool_job_that_cannot_be_sent_costs_no_worker(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    with pytest.raises(WorkerError, match="handed over"):
        await observed.pool.run(WorkerJob("echo", Plan(source="x" * 200_000)), source, LONG)
    with pytest.raises(SourceIncompleteError):
        await observed.pool.run(WorkerJob("echo"), 9999, LONG)
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"
    assert observed.pool.stats().restarts == {}


async def test_pool_file_that_shrinks_under_a_worker_costs_one_request(
    open_pool: OpenPool, source: int, tmp_path: Any
) -> None:
    observed = await open_pool(size=1)
    await observed.wait_until_complete()
    path = tmp_path / "original"
    path.write_bytes(bytes(1 << 20))
    descriptor = os.open(path, os.O_RDONLY)
    workers = [psutil.Process(pid) for pid in observed.pool.pids()]
    job = asyncio.create_task(observed.pool.run(WorkerJob("send:SIGSTOP"), descriptor, LONG))
    await observed.wait_until(lambda: any(worker.status() == psutil.STATUS_STOPPED for worker in workers))
    os.truncate(path, 0)
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
    with pytest.raises(WorkerCrashError):
        await job
    os.close(descriptor)
    await observed.wait_until_ended("sigbus")
    assert (await observed.pool.run(WorkerJob("echo"), source, LONG)).variant.body == b"an original"


async def test_pool_closing_lets_jobs_end(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1)).pool
    jobs = [asyncio.create_task(pool.run(WorkerJob("sleep:0.1"), source, LONG)) for _ in range(3)]
    await asyncio.sleep(0)
    await pool.close(LONG)
    assert [job.result().variant.body for job in jobs] == [b"an original"] * 3
    assert not pool.healthy
    with pytest.raises(ShuttingDownError):
        await pool.run(WorkerJob("echo"), source, LONG)


async def test_pool_close_kills_jobs_after_its_grace(open_pool: OpenPool, source: int) -> None:
    pool = (await open_pool(size=1)).pool
    jobs = [asyncio.create_task(pool.run(WorkerJob("spin"), source, LONG)) for _ in range(2)]
    await asyncio.sleep(0)
    await pool.close(0.05)
    for job in jobs:
        with pytest.raises(ShuttingDownError):
            await job
    assert pool.pids() == ()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_pool_jobs_that_end_in_all_ways_leave_no_process_and_no_descriptor(
    run: Callable[[Coroutine[Any, Any, None]], None],
    source: int,
    descriptors_open: Callable[[], int],
    remaining_processes: Callable[[], list[psutil.Process]],
) -> None:
    """Descriptors over hundreds of jobs that end in all ways; processes and descriptors after closing."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        # One thread, so that a later call in it is done after every earlier one.
        loop.set_default_executor(ThreadPoolExecutor(1))
        pool = Pool(PoolConfig(size=2, queue_size=100, max_jobs=20, test_operations=True), RenderConfig())
        await pool.start()

        async def wait_until_idle() -> None:
            async with asyncio.timeout(LONG):
                while pool.stats().workers < 3 or len(pool.pids()) > 3:  # noqa: ASYNC110 - the uvloop test has no events
                    await asyncio.sleep(0.01)
            # A cancelled job's large result may still be read in the thread, which closes its descriptor.
            await loop.run_in_executor(None, int)

        async def end_in_all_ways() -> None:
            jobs = [asyncio.create_task(pool.run(WorkerJob("large:1100000"), source, LONG)) for _ in range(4)]
            ways = ("fail:image.too_large", "abort", "forge", "leave:1", "unheard of", *["echo"] * 40)
            jobs += [asyncio.create_task(pool.run(WorkerJob(way), source, LONG)) for way in ways]
            jobs.append(asyncio.create_task(pool.run(WorkerJob("echo"), 9999, LONG)))
            spin = asyncio.create_task(pool.run(WorkerJob("spin"), source, 0.2))
            await asyncio.sleep(0.01)
            jobs[3].cancel()
            jobs[30].cancel()
            await asyncio.gather(*jobs, spin, return_exceptions=True)
            await wait_until_idle()

        await end_in_all_ways()
        before = descriptors_open()
        for _ in range(5):
            await end_in_all_ways()
        assert descriptors_open() == before
        await pool.close(1)

    run(asyncio.sleep(0))  # a loop may keep descriptors of its own for ever
    at_first = descriptors_open()
    run(scenario())
    assert descriptors_open() == at_first
    assert remaining_processes() == []


def test_pool_import_in_the_event_loop_process_loads_no_pixel_code() -> None:
    script = (
        "import sys, mememime_proxy.workers.pool;"
        "print([m for m in sys.modules if m.startswith(('pyvips', 'mememime_proxy'))])"
    )
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "workers.pool" in seen
    for module in ("pyvips", "imaging", "workers.child"):
        assert module not in seen
