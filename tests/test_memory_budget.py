import asyncio
import gc
from math import inf

import pytest

from mememime_proxy.errors import MemoryBudgetError
from mememime_proxy.memory_budget import MemoryBudget, Use

LIMIT = 1000


class Cache:
    """A cache whose entries are permits."""

    def __init__(self, budget, size, entry=10):
        self.entries = [budget.reserve_now(entry, Use.ORIGINALS) for _ in range(size // entry)]
        self.calls = []
        budget.add_cache(self.reclaim)

    def reclaim(self, missing):
        self.calls.append(missing)
        while missing > 0 and self.entries:
            missing -= self.entries[-1].size
            self.entries.pop().release()


async def woken():
    """Let callbacks of the event loop run."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_what_fits_is_counted_by_use_until_it_is_released():
    budget = MemoryBudget(LIMIT)
    permit = budget.reserve(600, Use.RENDERS)
    assert (budget.used, budget.free, budget.used_by[Use.RENDERS]) == (600, 400, 600)
    assert budget.try_reserve(401, Use.RENDERS) is None
    assert permit.resize(1000)
    assert not permit.resize(1001)
    assert permit.size == budget.used == 1000
    permit.release()
    permit.release()
    assert (budget.used, budget.used_by[Use.RENDERS]) == (0, 0)


def test_permit_is_released_with_the_last_reference_to_it():
    budget = MemoryBudget(LIMIT)
    permits = [budget.reserve(100, Use.RENDERS)]
    assert budget.used == 100
    permits.clear()
    gc.collect()
    assert budget.used == 0


def test_refusal_has_an_error_of_its_own_and_is_counted():
    budget = MemoryBudget(LIMIT)
    with pytest.raises(MemoryBudgetError) as refusal:
        budget.reserve(LIMIT + 1, Use.RENDERS)
    assert (refusal.value.status, refusal.value.retry_after) == (503, 1)
    assert "0 of 1000 bytes are in use" in refusal.value.detail
    assert budget.refusals == {Use.RENDERS: 1}
    assert budget.used == 0


def test_without_a_limit_everything_fits_and_is_counted():
    budget = MemoryBudget(0)
    permit = budget.reserve(1 << 40, Use.ORIGINALS_IN_FLIGHT)
    assert budget.used == 1 << 40
    assert budget.results_fit
    assert budget.largest_render == inf
    assert permit.resize(1 << 41)


def test_what_is_in_use_already_is_counted_though_it_does_not_fit():
    budget = MemoryBudget(LIMIT)
    permit = budget.reserve_now(1500, Use.RESULTS)
    assert budget.used == 1500
    assert budget.free == 0
    permit.change(2000, Use.VARIANTS)
    assert budget.used_by[Use.RESULTS] == 0
    assert budget.used_by[Use.VARIANTS] == budget.used == 2000


def test_c5_originals_and_results_leave_to_renders_what_the_largest_one_needs():
    """A render needs no more memory of others to end: those that have arrived cannot wait for each other."""
    budget = MemoryBudget(LIMIT)
    base = budget.reserve_now(200, Use.BASE)
    assert (budget.passive_limit, budget.largest_render) == (300, 500)
    passive = [budget.reserve(100, use) for use in (Use.ORIGINALS_IN_FLIGHT, Use.UPLOADS, Use.STREAMS)]
    assert budget.try_reserve(1, Use.ORIGINALS_IN_FLIGHT) is None
    assert not passive[0].resize(101)
    assert not budget.results_fit
    render = budget.reserve(int(budget.largest_render), Use.RENDERS)
    assert budget.used == LIMIT
    passive.pop().release()
    assert budget.results_fit
    render.change(50, Use.RESULTS)
    base.release()
    assert budget.passive_limit == 375


def test_c5_caches_give_way_to_what_is_needed_now_and_no_further():
    budget = MemoryBudget(LIMIT)
    cache = Cache(budget, 500)
    assert budget.reserve(500, Use.RENDERS).size == 500
    assert cache.calls == []
    render = budget.reserve(600, Use.RENDERS)
    assert budget.used_by[Use.ORIGINALS] == 400
    assert render.resize(700)
    assert budget.used_by[Use.ORIGINALS] == 300
    assert budget.try_reserve(400, Use.RENDERS) is None
    assert budget.used == 700


def test_caches_give_nothing_up_where_originals_and_results_are_what_is_too_much():
    budget = MemoryBudget(LIMIT)
    cache = Cache(budget, 500)
    assert budget.try_reserve(376, Use.ORIGINALS_IN_FLIGHT) is None
    assert cache.calls == []
    assert budget.try_reserve(375, Use.ORIGINALS_IN_FLIGHT)


def test_reservations_that_are_not_used_are_given_up_before_entries_of_caches():
    budget = MemoryBudget(LIMIT)
    cache = Cache(budget, 100)
    slow = budget.reserve(300, Use.ORIGINALS_IN_FLIGHT)
    budget.add_reservations(lambda missing: slow.resize(slow.size - missing))
    fast = budget.reserve(175, Use.ORIGINALS_IN_FLIGHT)
    assert (slow.size, fast.size) == (200, 175)
    assert budget.reserve(600, Use.RENDERS)
    assert slow.size == 125
    assert cache.calls == []


async def test_reservation_waits_until_others_are_released():
    budget = MemoryBudget(LIMIT)
    first = budget.reserve(375, Use.ORIGINALS_IN_FLIGHT)
    waiting = [asyncio.create_task(budget.wait_and_reserve(size, Use.ORIGINALS_IN_FLIGHT, 60)) for size in (200, 100)]
    await woken()
    first.resize(300)
    await woken()
    assert not any(task.done() for task in waiting)
    first.resize(260)
    await woken()
    assert [task.done() for task in waiting] == [False, True]
    first.release()
    await woken()
    assert [(await task).size for task in waiting] == [200, 100]
    assert budget.refusals == {}


async def test_reservation_that_waits_too_long_is_refused():
    budget = MemoryBudget(LIMIT)
    first = budget.reserve(375, Use.ORIGINALS_IN_FLIGHT)
    with pytest.raises(MemoryBudgetError):
        await budget.wait_and_reserve(100, Use.ORIGINALS_IN_FLIGHT, 0.01)
    assert budget.used == first.size
    assert budget.refusals == {Use.ORIGINALS_IN_FLIGHT: 1}


async def test_few_reservations_wait_and_more_are_refused_at_once():
    budget = MemoryBudget(LIMIT)
    first = budget.reserve(375, Use.UPLOADS)
    waiting = [asyncio.create_task(budget.wait_and_reserve(1, Use.UPLOADS, 60)) for _ in range(100)]
    await woken()
    assert len([task for task in waiting if task.done()]) == 36
    first.release()
    await woken()
    assert all(task.done() for task in waiting)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(outcome, MemoryBudgetError) for outcome in outcomes) == 36


async def test_reservation_that_is_cancelled_leaves_nothing():
    budget = MemoryBudget(LIMIT)
    first = budget.reserve(375, Use.UPLOADS)
    waiting = asyncio.create_task(budget.wait_and_reserve(1, Use.UPLOADS, 60))
    await woken()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    first.release()
    await woken()
    assert budget.used == 0


async def test_permit_released_in_a_thread_wakes_the_loop():
    budget = MemoryBudget(LIMIT)
    first = budget.reserve(375, Use.UPLOADS)
    waiting = asyncio.create_task(budget.wait_and_reserve(1, Use.UPLOADS, 60))
    await woken()
    await asyncio.to_thread(first.release)
    assert (await waiting).size == 1
