"""Queues, lanes and shedding in simulated time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from mememime_proxy.cost import JobClass
from mememime_proxy.errors import OverloadError, QueueFullError
from mememime_proxy.workers.scheduling.flow import Flow
from tests.support.pool_simulation import Arrival, Outcome, Simulation, poisson


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def latencies(outcomes: list[Outcome], *statuses: str) -> list[float]:
    return [each.latency for each in outcomes if each.status in statuses]


def overload(load: float, size: int, sources: int) -> list[Outcome]:
    jobs = list(poisson(load * size / 0.02, 10.0, 0.02))
    for number, job in enumerate(jobs):
        job.flow = Flow(source=number % sources)
    return Simulation(size=size).run(jobs)


@pytest.mark.parametrize("sources", [1, 1000])
@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("load", [4.0, 10.0])
def test_e1_h9_under_overload_what_is_admitted_is_fast_and_the_rest_refused_at_once(
    load: float, size: int, sources: int
) -> None:
    quiet = latencies(overload(0.8, size, sources), "done")
    outcomes = overload(load, size, sources)
    done = latencies(outcomes, "done")
    assert percentile(done, 0.99) <= 2 * percentile(quiet, 0.99)
    assert len(done) * 0.02 >= 0.9 * size * 10.0
    assert percentile(latencies(outcomes, "refused", "shed"), 0.99) <= percentile(quiet, 0.99)


def test_scheduler_burst_is_not_refused() -> None:
    warm = [Arrival(number * 0.1, 0.02) for number in range(10)]
    burst = [Arrival(2.0, 0.02) for _ in range(10)]
    assert Counter(each.status for each in Simulation(size=2).run(warm + burst)) == {"done": 20}


@pytest.mark.parametrize(("pictures", "apart"), [(48, 0.001), (22, 0.005)])
def test_scheduler_page_of_many_pictures_is_not_refused(pictures: int, apart: float) -> None:
    warm = [Arrival(number * 0.2, 0.05) for number in range(10)]
    page = [Arrival(3.0 + number * apart, 0.05) for number in range(pictures)]
    assert Counter(each.status for each in Simulation(size=2).run(warm + page)) == {"done": 10 + pictures}


@pytest.mark.parametrize("clients", [6, 12, 24])
@pytest.mark.parametrize("seconds", [0.003, 0.02, 0.1])
def test_scheduler_clients_that_wait_for_each_answer_are_not_refused(clients: int, seconds: float) -> None:
    random_ = random.Random(3)

    def job(time: float) -> Arrival | None:
        return Arrival(time, seconds * random_.uniform(0.3, 2.5)) if time < 10.0 else None

    def follow(outcome: Outcome) -> Arrival | None:
        return job(outcome.arrival.time + outcome.latency + 0.001)

    first = [each for number in range(clients) if (each := job(0.01 * number))]
    outcomes = Simulation(follow, size=2).run(first)
    assert {each.status for each in outcomes} == {"done"}
    assert len(outcomes) > 100


def test_scheduler_without_a_longest_wait_refuses_only_what_cannot_be_in_time() -> None:
    burst = [Arrival(0.0, 0.02)] + [Arrival(0.5, 0.02) for _ in range(60)]
    assert all(each.status == "done" for each in Simulation(size=1, max_wait=0).run(burst))
    impatient = [Arrival(0.0, 0.02)] + [Arrival(0.5, 0.02, timeout=0.5) for _ in range(60)]
    assert "refused" in {each.status for each in Simulation(size=1, max_wait=0).run(impatient)}


@pytest.mark.parametrize("size", [2, 3, 8])
def test_h1_small_jobs_do_not_wait_for_large_ones(size: int) -> None:
    large = [Arrival(0.0, 0.02, JobClass.LARGE)]
    large += [Arrival(0.1 + number * 0.01, 1.0, JobClass.LARGE, Flow(host="l")) for number in range(50)]
    small = list(poisson(20.0, 10.0, 0.02))
    outcomes = Simulation(size=size).run(large + small)
    waits = [each.latency - each.arrival.seconds for each in outcomes if each.arrival.job_class is JobClass.SMALL]
    assert len(waits) == len(small)
    assert {each.status for each in outcomes if each.arrival.job_class is JobClass.SMALL} == {"done"}
    assert percentile(waits, 0.99) < 0.1


def test_scheduler_with_one_worker_a_small_job_waits_for_no_more_than_the_job_that_runs() -> None:
    large = [Arrival(0.0, 0.02, JobClass.LARGE), *(Arrival(0.1, 0.3, JobClass.LARGE) for _ in range(3))]
    outcomes = Simulation(size=1).run([*large, Arrival(0.15, 0.02)])
    small = next(each for each in outcomes if each.arrival.job_class is JobClass.SMALL)
    assert small.status == "done"
    assert small.latency <= 0.3 + 0.02


def test_scheduler_no_class_but_the_small_one_holds_all_general_workers() -> None:
    simulation = Simulation(size=4, max_wait=0)
    for job_class, most in ((JobClass.VECTOR, 2), (JobClass.SMALL, 4)):
        assert simulation.scheduler._classes[job_class].cap == (3 if job_class is JobClass.SMALL else most)
    jobs = [Arrival(0.0, 1.0, JobClass.VECTOR) for _ in range(9)] + [Arrival(0.5, 0.1, JobClass.MODERN)]
    outcomes = simulation.run(jobs)
    modern = next(each for each in outcomes if each.arrival.job_class is JobClass.MODERN)
    assert modern.latency == pytest.approx(0.1)


def test_e8_flow_with_few_jobs_is_served_beside_one_with_many() -> None:
    warm = [Arrival(0.0, 0.02)]
    many = list(poisson(400.0, 5.0, 0.02, start=0.1, flow=Flow(host="many")))
    few = list(poisson(10.0, 4.0, 0.02, seed=2, start=0.6, flow=Flow(host="few")))
    outcomes = Simulation(size=2).run(warm + many + few)
    served = [each for each in outcomes if each.arrival.flow.host == "few"]
    assert Counter(each.status for each in served)["done"] >= 0.95 * len(few)
    assert percentile(latencies(served, "done"), 0.99) < 0.15


@pytest.mark.parametrize("queue_size", [0, 3])
def test_scheduler_full_queue_refuses(queue_size: int) -> None:
    outcomes = Simulation(size=1, queue_size=queue_size).run([Arrival(0.0, 0.1) for _ in range(6)])
    assert Counter(each.status for each in outcomes) == {"done": 1 + queue_size, "refused": 5 - queue_size}


@pytest.mark.parametrize("size", [1, 4])
def test_scheduler_jobs_that_come_at_once_take_the_free_workers_first(size: int) -> None:
    scheduler = Simulation(size=size, queue_size=2).scheduler
    for more in range(size + 2):
        scheduler.check(JobClass.SMALL, Flow(host="page"), 10.0, more)
    with pytest.raises(QueueFullError):
        scheduler.check(JobClass.SMALL, Flow(host="page"), 10.0, size + 2)


def test_scheduler_large_job_is_not_refused_because_small_ones_run() -> None:
    known = [Arrival(0.0, 0.6, JobClass.LARGE)]
    small = list(poisson(90.0, 4.0, 0.02, start=1.0))
    large = [Arrival(1.5 + number, 0.6, JobClass.LARGE) for number in range(3)]
    outcomes = Simulation(size=2).run(known + small + large)
    assert {each.status for each in outcomes if each.arrival.job_class is JobClass.LARGE} == {"done"}


def test_h1_source_that_is_asked_for_without_pause_has_no_other_refused() -> None:
    warm = [Arrival(number * 0.05, 0.01) for number in range(10)]
    attack = list(poisson(800.0, 5.0, 0.01, start=1.0, flow=Flow(host="h", source=1)))
    good = [Arrival(2.0 + number * 0.05, 0.01, flow=Flow(host="h", source=2 + number)) for number in range(60)]
    outcomes = Simulation(size=2).run(warm + attack + good)
    served = [each for each in outcomes if each.arrival.flow.source > 1]
    assert Counter(each.status for each in served) == {"done": 60}
    assert percentile(latencies(served, "done"), 0.99) < 0.1


@pytest.mark.parametrize(("attack", "good"), [(0.05, 0.006), (0.002, 0.006)])
def test_h8_few_good_requests_beside_two_hostile_sources_are_all_done(attack: float, good: float) -> None:
    overhead = 0.008
    hostile = [
        each
        for number, host in enumerate(("", "h"))
        for each in poisson(
            300.0, 6.0, attack + overhead, seed=number, start=0.5, cpu=attack, flow=Flow(host=host, source=number + 1)
        )
    ]
    few = [
        Arrival(1.0 + number * 0.05, good + overhead, cpu=good, flow=Flow(host="h" * (number % 2), source=10 + number))
        for number in range(100)
    ]
    outcomes = Simulation(size=2).run(hostile + few)
    served = [each for each in outcomes if each.arrival.flow.source >= 10]
    assert Counter(each.status for each in served) == {"done": 100}
    assert percentile(latencies(served, "done"), 0.99) < 0.2


def test_scheduler_figures_of_a_class() -> None:
    simulation = Simulation(size=1)
    simulation.run([Arrival(0.0, 0.5), *(Arrival(1.0, 0.5) for _ in range(12))])
    figures = simulation.scheduler.stats()[JobClass.SMALL]
    assert (figures.queued, figures.running, figures.expected_wait) == (0, 0, 0.0)
    assert figures.mean_seconds == pytest.approx(0.5)
    assert figures.refused == sum(each.status == "refused" for each in simulation.outcomes) > 0


def test_scheduler_counts_jobs_that_will_be_added_before_one() -> None:
    simulation = Simulation(size=2, queue_size=1000)
    simulation.run([Arrival(number * 0.1, 0.02) for number in range(10)])
    simulation.scheduler.check(JobClass.SMALL, Flow(), 10.0, more=100)
    with pytest.raises(OverloadError):
        simulation.scheduler.check(JobClass.SMALL, Flow(), 10.0, more=500)
