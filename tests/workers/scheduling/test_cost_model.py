from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from mememime_proxy.cost import Cost, JobClass, JobUsage
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.workers.scheduling.cost_model import CostModel, Prior
from tests.support.clock import Clock

LARGE = Cost(JobClass.LARGE, 0.9, 50 << 20, 1 << 20)
SMALL = Cost(JobClass.SMALL, 0.02, 10 << 20, 1 << 16)
PLAN = Plan(width=300)


@pytest.fixture
def jpeg() -> Iterator[int]:
    descriptor = memfd("original", b"\xff\xd8\xff" + bytes(1000))
    yield descriptor
    os.close(descriptor)


def prior(model: CostModel, descriptor: int, source: int = 1, size: int = 66_000, plan: Plan = PLAN) -> Prior:
    return model.prior("render", plan, source, descriptor, size)


@pytest.mark.parametrize(
    ("head", "size", "plan", "job_class", "kind"),
    [
        (b"\xff\xd8\xff", 66_000, PLAN, JobClass.SMALL, JobClass.LARGE),
        (b"\xff\xd8\xff", 9_000_000, PLAN, JobClass.LARGE, JobClass.LARGE),
        (b"<svg xmlns='x'/>", 900_000, PLAN, JobClass.VECTOR, JobClass.VECTOR),
        (b"<!--" + b" " * 600 + b"--><svg/>", 900, PLAN, JobClass.SMALL, JobClass.VECTOR),
        (b"\0\0\0\x1cftypavif", 900_000, PLAN, JobClass.MODERN, JobClass.MODERN),
        (b"\xff\xd8\xff", 9_000_000, Plan(format="avif"), JobClass.MODERN, JobClass.MODERN),
        (b"\xff\xd8\xff", 66, Plan(preference=FormatPreference(prefer_jxl=True)), JobClass.SMALL, JobClass.MODERN),
        (b"", 0, PLAN, JobClass.SMALL, JobClass.LARGE),
    ],
)
def test_cost_model_guesses_by_format_and_size(
    head: bytes, size: int, plan: Plan, job_class: JobClass, kind: JobClass
) -> None:
    descriptor = memfd("original", head)
    found = prior(CostModel(), descriptor, size=size, plan=plan)
    os.close(descriptor)
    assert (found.job_class, found.kind, found.cost) == (job_class, kind, None)


def test_cost_model_knows_a_source_again_until_its_period_ends(jpeg: int) -> None:
    clock = Clock()
    model = CostModel(clock)
    model.learn(prior(model, jpeg).keys, LARGE)
    assert prior(model, jpeg).cost == LARGE
    assert model.class_of_source(PLAN, 1) is JobClass.LARGE
    assert model.class_of_source(PLAN, 2) is JobClass.SMALL
    clock.now += 601
    assert model.class_of_source(PLAN, 1) is JobClass.SMALL


def test_cost_model_takes_a_kind_for_large_only_if_nearly_all_were(jpeg: int) -> None:
    model = CostModel()
    model.learn(prior(model, jpeg).keys, LARGE)
    assert prior(model, jpeg, source=2).job_class is JobClass.LARGE
    model.learn(prior(model, jpeg, source=3).keys, SMALL)
    assert prior(model, jpeg, source=4).job_class is JobClass.SMALL
    for number in range(200):
        model.learn(prior(model, jpeg, source=10 + number).keys, LARGE)
    assert prior(model, jpeg, source=5).job_class is JobClass.LARGE


def test_cost_model_source_that_took_too_much_is_no_small_one_any_more(jpeg: int) -> None:
    model = CostModel()
    model.learn_escalation(prior(model, jpeg))
    found = prior(model, jpeg)
    assert (found.job_class, found.is_escalated) == (JobClass.LARGE, True)
    model.learn(found.keys, SMALL)
    assert prior(model, jpeg).is_escalated


def test_cost_model_factor_of_the_machine_is_a_median_with_bounds() -> None:
    model = CostModel()
    for _ in range(1000):
        model.learn_usage(SMALL, JobUsage(0.03))
    assert 1.45 < model.factor < 1.55
    for _ in range(10):
        model.learn_usage(SMALL, JobUsage(9.0))
    assert model.factor < 1.8
    for _ in range(1000):
        model.learn_usage(SMALL, JobUsage(9.0))
    assert model.factor == 4.0
    model.learn_usage(LARGE, JobUsage(0.45))
    assert model.ratios[JobClass.LARGE] == pytest.approx(0.5)


def test_cost_model_is_bounded(jpeg: int) -> None:
    model = CostModel()
    for number in range(20_000):
        model.learn((number, number), LARGE)
    assert (len(model._sources), len(model._kinds)) == (1 << 14, 4096)
