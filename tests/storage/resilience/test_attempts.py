"""Attempts with time that does not pass by itself."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage.resilience.attempts import ATTEMPTS, Attempts, LatencyWindow, RequestBudget, RetryableError
from mememime_proxy.storage.resilience.breaker import BreakerState
from mememime_proxy.storage.resilience.stats import StorageStats
from tests.support.clock import Clock

LATER = RetryableError(StorageUnavailableError("SlowDown"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def attempts(clock):
    return Attempts("b", StorageStats(), clock, clock.sleep, random.Random(1).random)


def script(*results):
    """An attempt that ends as listed, one after the other."""
    left = list(results)

    async def attempt():
        result = left.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result

    return attempt


async def test_attempt_that_is_refused_is_repeated(attempts, clock):
    assert await attempts.run("get", script(LATER, LATER, "body"), timeout=5) == "body"
    assert attempts.stats.requests == 3
    assert attempts.stats.retries == 2
    assert attempts.stats.calls["get"] == 1
    assert not attempts.stats.errors
    assert 0.025 <= clock.slept[0] <= 0.05 <= clock.slept[1] <= 0.1


async def test_attempts_after_the_last_one_raise(attempts):
    with pytest.raises(StorageUnavailableError, match="SlowDown"):
        await attempts.run("get", script(*[LATER] * 9), timeout=60)
    assert attempts.stats.requests == ATTEMPTS
    assert attempts.stats.errors == {"storage.unavailable": 1}


@pytest.mark.parametrize("error", [ObjectNotFoundError("no"), StorageDeniedError("no"), ValueError("bug")])
async def test_attempt_with_another_error_is_not_repeated(attempts, error):
    with pytest.raises(type(error)):
        await attempts.run("get", script(error, "body"), timeout=5)
    assert attempts.stats.requests == 1


async def test_retry_after_the_deadline_is_not_started(attempts, clock):
    async def slow():
        clock.now += 0.99
        raise LATER

    with pytest.raises(StorageUnavailableError):
        await attempts.run("get", slow, timeout=1)
    assert attempts.stats.requests == 1


async def test_attempt_without_an_answer_times_out(attempts):
    with pytest.raises(StorageTimeoutError):
        await attempts.run("get", asyncio.Event().wait, timeout=0.01)


async def test_attempts_that_succeed_send_nothing_more(attempts):
    for _ in range(1000):
        await attempts.run("get", script("body"), timeout=5, discard=print)
    assert attempts.stats.requests == attempts.stats.calls.total() == 1000


@pytest.mark.parametrize("seed", range(5))
async def test_attempts_with_one_in_ten_refused_all_succeed(attempts, clock, seed):
    dice = random.Random(seed)

    async def attempt():
        clock.now += 0.01
        if dice.random() < 0.1:
            raise LATER
        return "body"

    for _ in range(5000):
        assert await attempts.run("get", attempt, timeout=5) == "body"
    assert attempts.stats.requests <= 1.13 * 5000
    assert attempts.breaker.state == BreakerState.CLOSED


async def test_attempts_during_an_outage_stay_within_the_budget(attempts, clock):
    """Sixty seconds of it with a hundred requests a second, and a recovery that is noticed within five."""
    down, failed = True, 0

    async def attempt():
        if down:
            raise LATER
        return "body"

    end = clock.now + 60
    while clock.now < end:
        clock.now += 0.01
        with pytest.raises(StorageUnavailableError):
            await attempts.run("get", attempt, timeout=5)
        failed += 1
    # Twenty to open the breaker, then one probe every four seconds, and what each of them may be retried.
    assert attempts.stats.requests < 120
    assert attempts.stats.refused > failed * 0.95
    down, back = False, clock.now
    while True:
        clock.now += 0.01
        try:
            assert await attempts.run("get", attempt, timeout=5) == "body"
            break
        except StorageUnavailableError:
            continue
    assert clock.now - back < 5
    for _ in range(100):
        assert await attempts.run("get", attempt, timeout=5) == "body"


async def warm(attempts, seconds=0.02):
    async def attempt():
        attempts.clock.now += seconds
        return "usual"

    for _ in range(64):
        await attempts.run("get", attempt, timeout=5, discard=print)
    assert attempts.latency.p95 == pytest.approx(seconds)


async def test_hedge_beside_a_slow_attempt_wins(attempts):
    await warm(attempts)
    calls, cancelled = [], asyncio.Event()

    async def attempt():
        calls.append(None)
        if len(calls) == 1:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
        return "second"

    assert await attempts.run("get", attempt, timeout=5, discard=print) == "second"
    await cancelled.wait()
    assert (attempts.stats.hedges, attempts.stats.hedges_won) == (1, 1)


async def test_hedge_slower_than_the_first_attempt_loses(attempts):
    await warm(attempts)
    gate, started = asyncio.Event(), []

    async def attempt():
        started.append(None)
        if len(started) == 1:
            await gate.wait()
            return "first"
        gate.set()
        return await asyncio.Event().wait()

    assert await attempts.run("get", attempt, timeout=5, discard=print) == "first"
    assert (attempts.stats.hedges, attempts.stats.hedges_won) == (1, 0)


async def test_hedge_that_fails_leaves_the_first_attempt(attempts):
    await warm(attempts)
    gate, started = asyncio.Event(), []

    async def attempt():
        started.append(None)
        if len(started) == 1:
            await gate.wait()
            return "first"
        asyncio.get_running_loop().call_later(0.01, gate.set)
        raise LATER

    assert await attempts.run("get", attempt, timeout=5, discard=print) == "first"
    assert len(started) == 2


async def test_hedge_and_attempt_that_fail_raise_once(attempts):
    await warm(attempts)
    started, gate = [], asyncio.Event()

    async def attempt():
        started.append(None)
        if len(started) == 1:
            await gate.wait()
        gate.set()
        if len(started) <= 2:
            raise LATER
        return "third"

    assert await attempts.run("get", attempt, timeout=5, discard=print) == "third"


async def test_result_of_the_slower_attempt_is_discarded(attempts):
    await warm(attempts)
    gate, started, dropped = asyncio.Event(), [], []

    async def attempt():
        started.append(None)
        number = len(started)
        if number == 1:
            await gate.wait()
        gate.set()
        return number

    assert await attempts.run("get", attempt, timeout=5, discard=dropped.append) in {1, 2}
    await asyncio.sleep(0)
    assert len(dropped) <= 1
    assert len(started) == 2


async def test_cancelled_call_cancels_both_attempts(attempts):
    await warm(attempts)
    both, ended = asyncio.Event(), []

    async def attempt():
        try:
            if attempts.stats.hedges:
                both.set()
            await asyncio.Event().wait()
        finally:
            ended.append(None)

    task = asyncio.create_task(attempts.run("get", attempt, timeout=5, discard=print))
    await both.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert len(ended) == 2
    assert attempts.breaker.state == BreakerState.CLOSED


async def test_hedges_stay_within_their_budget(attempts):
    """A storage that became a hundred times slower all at once is not asked twice as often."""
    await warm(attempts, 0.0001)
    before = attempts.stats.requests

    async def attempt():
        await asyncio.sleep(0.012)  # above the least delay; the clock of the latencies stands still
        return "slow"

    for _ in range(100):
        await attempts.run("get", attempt, timeout=5, discard=lambda _: None)
    assert 1 <= attempts.stats.hedges <= 5 + 0.05 * 164
    assert attempts.stats.requests - before == 100 + attempts.stats.hedges


@given(st.lists(st.booleans(), max_size=400), st.sampled_from([0.05, 0.1, 0.15]), st.sampled_from([1.0, 5.0, 20.0]))
def test_request_budget_with_any_sequence_stays_below_its_share(wanted_flags, share, reserve):
    budget, additional = RequestBudget(share, reserve), 0
    for number, is_wanted in enumerate(wanted_flags, 1):
        budget.earn()
        additional += is_wanted and budget.spend()
        assert additional <= share * number + reserve + 1e-9


def test_request_budget_unspent_holds_its_reserve_at_most():
    budget = RequestBudget(0.5, 2)
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_latency_window_before_32_samples_has_no_percentile():
    window = LatencyWindow()
    for seconds in range(31):
        window.add(seconds)
    assert window.p95 is None
    window.add(31)
    assert window.p95 == 30


def test_latency_window_percentile_is_above_95_in_100_samples():
    window = LatencyWindow()
    for number in range(1600):
        window.add(number % 100)
    assert window.p95 is not None
    assert 93 <= window.p95 <= 96


def test_latency_window_after_256_new_samples_has_forgotten_the_old_ones():
    window = LatencyWindow()
    for _ in range(256):
        window.add(1.0)
    for _ in range(256):
        window.add(0.1)
    assert window.p95 == 0.1
