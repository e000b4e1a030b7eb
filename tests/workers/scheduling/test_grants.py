from __future__ import annotations

import asyncio
from math import inf

import pytest

from mememime_proxy.cost import FILM_COST, SMALL_CPU, SMALL_MEMORY, SMALL_RESERVE, Cost, JobClass, grant_for, with_gate
from mememime_proxy.workers.scheduling.cost_model import Prior
from mememime_proxy.workers.scheduling.flow import NO_FLOW
from mememime_proxy.workers.scheduling.grants import charged_cpu, refusal, small_grant, terms
from mememime_proxy.workers.scheduling.ticket import Ticket
from mememime_proxy.workers.wire import WorkerJob

LARGE = Cost(JobClass.LARGE, 0.9, 500 << 20, 1 << 20)


def ticket(job_class: JobClass, cost: Cost | None = None, size: int = 1 << 20, *, escalated: bool = False) -> Ticket:
    return Ticket(
        job=WorkerJob(),
        source=-1,
        size=size,
        flow=NO_FLOW,
        prior=Prior(job_class, cost, (0, 0), JobClass.LARGE),
        job_class=job_class,
        cost=cost,
        cpu=0.0,
        created=0.0,
        deadline=10.0,
        answer=asyncio.get_running_loop().create_future(),
        is_escalated=escalated,
    )


async def test_grants_every_small_job_fits_into_the_small_grant() -> None:
    for cpu, memory, result in ((SMALL_CPU, SMALL_MEMORY, 0), (0.0, 0, SMALL_MEMORY), (0.01, 1 << 20, 1 << 20)):
        for factor in (1.0, 3.0):
            wanted = grant_for(Cost(JobClass.SMALL, cpu, memory, result), factor)
            assert small_grant(factor).covers(wanted)
            assert wanted.memory + wanted.result <= SMALL_RESERVE + (1 << 20)


async def test_grants_job_of_known_cost_gets_what_that_needs() -> None:
    found = terms(ticket(JobClass.LARGE, LARGE), 1.0, inf)
    assert found.grant == grant_for(LARGE)
    assert found.reserve == found.grant.memory + found.grant.result


async def test_c2_grants_of_a_megabyte_stay_below_two_seconds_before_its_cost_is_known() -> None:
    for job_class in set(JobClass) - {JobClass.FILM}:  # of which no worker for pictures gets one
        found = terms(ticket(job_class), 1.0, inf)
        assert found.gate.cpu <= 1.0
        assert found.gate.memory <= 512 << 20
    escalated = terms(ticket(JobClass.LARGE, escalated=True), 1.0, inf)
    assert escalated.grant.covers(grant_for(Cost(JobClass.SMALL, SMALL_CPU)))
    assert small_grant(1.0).cpu + escalated.least_cpu < 2.0
    assert escalated.grant.cpu == escalated.least_cpu == 1.0


async def test_grants_film_gets_as_much_whatever_its_size() -> None:
    small, large = (terms(ticket(JobClass.FILM, FILM_COST, size=size), 1.0, inf) for size in (1 << 10, 5 << 30))
    assert small == large
    assert small.gate == small.grant
    assert terms(ticket(JobClass.FILM, FILM_COST), 1.0, 100 << 20).reserve == 100 << 20


async def test_c5_job_whose_kind_costs_more_than_there_may_be_is_looked_at_first() -> None:
    for job_class in (JobClass.LARGE, JobClass.VECTOR):
        found = terms(ticket(job_class, Cost(job_class, 0.9, 900 << 20, 1 << 20)), 1.0, 600 << 20)
        assert found.grant == small_grant(1.0)
        assert found.reserve <= 600 << 20


async def test_grants_gate_is_within_what_one_job_may_have() -> None:
    assert terms(ticket(JobClass.VECTOR), 1.0, 120 << 20).reserve == 120 << 20


@pytest.mark.parametrize(
    ("seconds", "most", "words"),
    [(10.0, inf, ""), (0.4, inf, "CPU time"), (10.0, 300 << 20, "memory")],
)
async def test_grants_job_that_cannot_be_done_is_refused_with_figures(seconds: float, most: float, words: str) -> None:
    found = refusal(LARGE, 1.0, seconds, most)
    assert words in found
    assert bool(found) is bool(words)


def test_h8_small_job_with_a_long_gate_is_a_large_one() -> None:
    small = Cost(JobClass.SMALL, 0.05, 1 << 20, 1000)
    assert with_gate(small, 0.01) == Cost(JobClass.SMALL, 0.05 + 0.01, 1 << 20, 1000)
    assert with_gate(small, SMALL_CPU) == Cost(JobClass.LARGE, 0.05 + SMALL_CPU, 1 << 20, 1000)
    assert with_gate(LARGE, 1.0).job_class is JobClass.LARGE
    assert with_gate(Cost(JobClass.VECTOR, 0.5), 1.0).job_class is JobClass.VECTOR


async def test_grants_flow_is_charged_with_the_estimate() -> None:
    assert charged_cpu(ticket(JobClass.LARGE, LARGE), 2.0) == 1.8
    assert 0 < charged_cpu(ticket(JobClass.SMALL), 1.0) < SMALL_CPU
