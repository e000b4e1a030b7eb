import random

import pytest

from mememime_proxy.storage.resilience.breaker import Breaker, BreakerState
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def fail(breaker, times):
    for _ in range(times):
        assert breaker.allow()
        breaker.record_failure()


def succeed(breaker, times):
    for _ in range(times):
        assert breaker.allow()
        breaker.record_success()


def test_breaker_with_few_failures_stays_closed(breaker):
    fail(breaker, 19)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state == BreakerState.OPEN
    assert not breaker.allow()


def test_breaker_below_half_failures_stays_closed(breaker):
    succeed(breaker, 30)
    fail(breaker, 29)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state == BreakerState.OPEN


def test_breaker_with_one_failure_in_ten_stays_closed(breaker, clock):
    dice = random.Random(5)
    for _ in range(10_000):
        clock.now += 0.01
        assert breaker.allow()
        (breaker.record_failure if dice.random() < 0.1 else breaker.record_success)()
        assert breaker.state == BreakerState.CLOSED


def test_breaker_forgets_outcomes_outside_the_window(breaker, clock):
    fail(breaker, 15)
    clock.now += 10.001
    fail(breaker, 15)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 5)
    assert breaker.state == BreakerState.OPEN


def test_breaker_after_the_pause_allows_one_probe(breaker, clock):
    fail(breaker, 20)
    clock.now += 0.999
    assert not breaker.allow()
    clock.now += 0.001
    assert breaker.state == BreakerState.HALF_OPEN
    assert breaker.allow()
    assert not breaker.allow()
    breaker.record_success()
    assert breaker.state == BreakerState.CLOSED
    assert breaker.allow()
    fail(breaker, 18)  # the failures from before are forgotten
    assert breaker.state == BreakerState.CLOSED


def test_breaker_after_a_cancelled_probe_allows_another(breaker, clock):
    fail(breaker, 20)
    clock.now += 1
    assert breaker.allow()
    breaker.cancel()
    assert breaker.allow()


def test_breaker_pause_doubles_up_to_four_seconds(breaker, clock):
    fail(breaker, 20)
    pauses = []
    for _ in range(5):
        start = clock.now
        while not breaker.allow():
            clock.now += 0.125
        pauses.append(clock.now - start)
        breaker.record_failure()
    assert pauses == [1, 2, 4, 4, 4]


def test_breaker_ignores_failures_from_before_the_opening(breaker, clock):
    for _ in range(25):
        assert breaker.allow()
    for _ in range(20):
        breaker.record_failure()
    clock.now += 0.9
    for _ in range(5):
        breaker.record_failure()
    clock.now += 0.1
    assert breaker.allow()
