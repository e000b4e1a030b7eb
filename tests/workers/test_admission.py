"""Admission by cost, in a real pool: what is granted, what is ended, what is refused, what is reserved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mememime_proxy.cost import SMALL_RESERVE, JobClass
from mememime_proxy.errors import (
    BrokenImageError,
    CostLimitError,
    MememimeError,
    MemoryBudgetError,
    OverloadError,
    QuarantineError,
    RenderTimeoutError,
)
from mememime_proxy.memfd import memfd
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.config import Lane
from mememime_proxy.workers.pool import Flow, Pool, PoolConfig, WorkerJob

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0
MEBIBYTE = 1 << 20
URL = "http://example.com/a.jpg"


def large(operation: str, cpu: float = 1.0, memory: int = 200 * MEBIBYTE, result: int = MEBIBYTE) -> WorkerJob:
    return WorkerJob(f"cost:large {cpu} {memory} {result} {operation}", Plan(source=URL))


def small(operation: str) -> WorkerJob:
    return WorkerJob(f"cost:small 0.02 {20 * MEBIBYTE} 1000 {operation}", Plan(source=URL))


async def budgeted(limit: int, **config: Any) -> Pool:
    pool = Pool(PoolConfig(test_operations=True, **config), RenderConfig(), budget=MemoryBudget(limit))
    await pool.start()
    return pool


async def test_admission_job_that_is_taken_for_small_runs_as_what_it_is(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2)
    result = await observed.pool.run(large("burn:0.5"), source, LONG)
    assert result.variant.body == b"an original"
    assert observed.pool.stats().restarts == {}
    classes = observed.pool.stats().classes
    assert classes[JobClass.LARGE].mean_seconds > 0.4
    # The next of this source is known.
    assert observed.pool._model.prior("x", Plan(), 0, source, 11).job_class is JobClass.SMALL
    await observed.pool.run(large("burn:0.5"), source, LONG)
    assert observed.pool.stats().restarts == {}


async def test_h8_originals_whose_gate_takes_long_to_refuse_them_are_not_small(
    open_pool: OpenPool, source: int
) -> None:
    observed = await open_pool(size=2)
    flow = Flow(0, "h", 1)
    for seconds, expected in (("0", JobClass.SMALL), ("0.15", JobClass.LARGE)):
        job = WorkerJob(f"refuse:{seconds} image.corrupt")
        with pytest.raises(BrokenImageError):
            await observed.pool.run(job, source, LONG, flow)
        assert observed.pool._model.prior(job.operation, job.plan, 1, source, 11).job_class is expected


async def test_admission_small_job_that_takes_more_is_run_once_more_as_another_class(
    open_pool: OpenPool, source: int
) -> None:
    observed = await open_pool(size=2)
    result = await observed.pool.run(small("burn:0.4"), source, LONG, Flow(0, "h", 1))
    assert result.variant.body == b"an original"
    assert observed.pool.stats().restarts == {"over-cpu": 1}
    # Neither its source nor its content is taken for small again.
    for flow in (Flow(0, "h", 1), Flow(0, "h", 2)):
        await observed.pool.run(small("burn:0.4"), source, LONG, flow)
    assert observed.pool.stats().restarts == {"over-cpu": 1}
    assert observed.pool.stats().quarantined == 0


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (small("spin"), "over-cpu"),
        (large("spin", cpu=0.1), "over-cpu"),
        (large(f"allocate:{600 * MEBIBYTE}"), "memory"),
        (small(f"allocate:{300 * MEBIBYTE}"), "memory"),
    ],
)
async def test_h7_job_over_its_grant_is_an_error_and_its_original_is_refused_whatever_its_url(
    open_pool: OpenPool, source: int, job: WorkerJob, reason: str
) -> None:
    observed = await open_pool(size=2)
    for number in range(2):
        with pytest.raises(CostLimitError):
            await observed.pool.run(job, source, LONG, Flow(0, "h", number))
    await observed.wait_until_ended(reason, 2)
    copy = memfd("original", b"an original")
    with pytest.raises(QuarantineError):
        await observed.pool.run(WorkerJob("echo"), copy, LONG, Flow(0, "other", 9))
    assert observed.pool.stats().quarantined == 1
    assert observed.pool.forgive(URL) == 1
    assert (await observed.pool.run(WorkerJob("echo"), copy, LONG)).variant.body == b"an original"
    os.close(copy)


async def test_h7_original_that_hangs_is_refused_after_two_deadlines(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2)
    for _ in range(2):
        with pytest.raises(RenderTimeoutError):
            await observed.pool.run(large("sleep:20"), source, 0.6)
    with pytest.raises(QuarantineError):
        await observed.pool.run(WorkerJob("echo"), source, LONG)


async def test_h7_jobs_that_wait_are_refused_as_soon_as_their_original_is(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1, max_wait=0)
    jobs = [asyncio.create_task(observed.pool.run(large("segv"), source, LONG)) for _ in range(8)]
    errors = [type(error) for error in await asyncio.gather(*jobs, return_exceptions=True)]
    refused = errors.count(QuarantineError)
    # One more may have begun before the second loss was known.
    assert refused in {5, 6}
    assert observed.pool.stats().restarts == {"sigsegv": len(jobs) - refused}


async def test_admission_job_that_cannot_end_in_time_is_refused_with_figures(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    with pytest.raises(CostLimitError, match=r"90\.0 s of CPU time"):
        await observed.pool.run(large("echo", cpu=90.0), source, LONG)
    assert observed.pool.stats().restarts == {}


async def test_h1_small_jobs_run_while_large_ones_hold_the_general_worker(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=2, max_wait=0)
    long = [asyncio.create_task(observed.pool.run(large("sleep:20"), source, LONG)) for _ in range(3)]
    await observed.wait_until(lambda: observed.pool.stats().classes[JobClass.LARGE].running == 1)
    for _ in range(20):
        result = await observed.pool.run(small("echo"), source, LONG)
        assert result.render_seconds < 10
    assert observed.pool.stats().classes[JobClass.LARGE].running == 1
    general = [worker for worker in observed.pool._workers._all if worker.lane is Lane.GENERAL]
    assert [os.getpriority(os.PRIO_PROCESS, worker.pid) for worker in general] == [10] * len(general)
    for job in long:
        job.cancel()
    await asyncio.gather(*long, return_exceptions=True)


async def test_h5_c5_job_waits_until_there_is_memory_for_its_grant(source: int) -> None:
    pool = await budgeted(2000 * MEBIBYTE, size=3, max_wait=0)
    budget, most = pool._budget, 0
    assert budget.used_by[Use.SMALL_RENDERS] == SMALL_RESERVE
    jobs = [asyncio.create_task(pool.run(large("sleep:0.3", memory=400 * MEBIBYTE), source, LONG)) for _ in range(6)]
    while not all(job.done() for job in jobs):
        most = max(most, budget.used)
        await asyncio.sleep(0.005)
    results = await asyncio.gather(*jobs)
    assert most <= budget.limit
    assert budget.used_by[Use.RENDERS] == 0
    # Each result is counted while someone has it.
    assert budget.used_by[Use.RESULTS] == sum(len(result.variant.body) for result in results)
    del results, jobs
    await asyncio.sleep(0.01)
    assert budget.used_by[Use.RESULTS] == 0
    await pool.close(0)
    assert budget.used == 0


async def test_h5_job_that_never_fits_is_refused_with_figures(source: int) -> None:
    pool = await budgeted(1000 * MEBIBYTE, size=2)
    with pytest.raises(CostLimitError, match="of memory are needed"):
        await pool.run(large("echo", memory=900 * MEBIBYTE), source, LONG)
    await pool.close(0)


async def test_h5_results_that_clients_do_not_take_refuse_further_jobs(source: int) -> None:
    pool = await budgeted(1000 * MEBIBYTE, size=1)
    permit = pool._budget.reserve_now(900 * MEBIBYTE, Use.RESULTS)
    with pytest.raises(MemoryBudgetError):
        await pool.run(small("echo"), source, LONG)
    permit.release()
    assert (await pool.run(small("echo"), source, LONG)).variant.body == b"an original"
    await pool.close(0)


async def test_e1_overload_is_refused_before_an_original_is_fetched(open_pool: OpenPool, source: int) -> None:
    observed = await open_pool(size=1)
    await observed.pool.run(WorkerJob("sleep:0.9"), source, LONG)
    observed.pool.check(Plan(), Flow(), LONG)
    jobs = [asyncio.create_task(observed.pool.run(WorkerJob("sleep:0.3"), source, LONG)) for _ in range(2)]
    await observed.wait_until(lambda: observed.pool.stats().queued == 1)
    with pytest.raises(OverloadError) as refused:
        observed.pool.check(Plan(), Flow(), 4.0)
    assert refused.value.retry_after == 2
    refused_error: MememimeError = refused.value
    assert "expected" in refused_error.detail
    await asyncio.gather(*jobs)
    observed.pool.check(Plan(), Flow(), LONG)
