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


def test_a_few_failures_open_nothing(breaker):
    fail(breaker, 19)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state == BreakerState.OPEN
    assert not breaker.allow()


def test_less_than_half_opens_nothing(breaker):
    succeed(breaker, 30)
    fail(breaker, 29)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state == BreakerState.OPEN


def test_one_in_ten_never_opens_it(breaker, clock):
    dice = random.Random(5)
    for _ in range(10_000):
        clock.now += 0.01
        assert breaker.allow()
        (breaker.record_failure if dice.random() < 0.1 else breaker.record_success)()
        assert breaker.state == BreakerState.CLOSED


def test_what_is_older_than_the_window_does_not_count(breaker, clock):
    fail(breaker, 15)
    clock.now += 10.001
    fail(breaker, 15)
    assert breaker.state == BreakerState.CLOSED
    fail(breaker, 5)
    assert breaker.state == BreakerState.OPEN


def test_one_probe_at_a_time(breaker, clock):
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


def test_a_probe_that_was_given_up_makes_room_for_another(breaker, clock):
    fail(breaker, 20)
    clock.now += 1
    assert breaker.allow()
    breaker.cancel()
    assert breaker.allow()


def test_pauses_grow_up_to_four_seconds(breaker, clock):
    fail(breaker, 20)
    pauses = []
    for _ in range(5):
        start = clock.now
        while not breaker.allow():
            clock.now += 0.125
        pauses.append(clock.now - start)
        breaker.record_failure()
    assert pauses == [1, 2, 4, 4, 4]


def test_failures_of_attempts_from_before_do_not_prolong_the_pause(breaker, clock):
    for _ in range(25):
        assert breaker.allow()
    for _ in range(20):
        breaker.record_failure()
    clock.now += 0.9
    for _ in range(5):
        breaker.record_failure()
    clock.now += 0.1
    assert breaker.allow()
