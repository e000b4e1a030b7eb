import asyncio

import pytest

from mememime_proxy.proxy.cache.single_flight import SingleFlight


async def test_callers_with_one_key_share_one_task():
    flights, gate, calls = SingleFlight(), asyncio.Event(), []

    async def work():
        calls.append(1)
        await gate.wait()
        return object()

    waiting = [asyncio.create_task(flights.run("k", work)) for _ in range(100)]
    await asyncio.sleep(0)
    assert "k" in flights
    gate.set()
    results = await asyncio.gather(*waiting)
    assert len(calls) == 1
    assert len(set(map(id, results))) == 1
    assert len(flights) == 0
    await flights.run("k", work)
    assert len(calls) == 2


async def test_task_is_cancelled_when_its_last_waiter_leaves():
    flights, ended = SingleFlight(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    first, second = (asyncio.create_task(flights.run("k", work)) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert not ended.is_set()
    second.cancel()
    await asyncio.wait([second])
    await asyncio.wait_for(ended.wait(), 5)
    assert len(flights) == 0


async def test_new_caller_does_not_join_a_task_that_is_being_cancelled():
    flights, started = SingleFlight(), []

    async def work():
        started.append(1)
        if len(started) == 1:
            await asyncio.Event().wait()
        return "fresh"

    first = asyncio.create_task(flights.run("k", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert await flights.run("k", work) == "fresh"


async def test_error_is_raised_for_all_waiters_and_not_for_later_callers():
    flights, gate = SingleFlight(), asyncio.Event()

    async def fail():
        await gate.wait()
        raise ValueError("no")

    waiting = [asyncio.create_task(flights.run("k", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    assert [type(e) for e in await asyncio.gather(*waiting, return_exceptions=True)] == [ValueError] * 3

    async def work():
        return 1

    assert await flights.run("k", work) == 1


async def test_drain_cancels_all_tasks():
    flights = SingleFlight()
    task = asyncio.create_task(flights.run("k", asyncio.Event().wait))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await flights.drain()
    assert len(flights) == 0
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_waiter_with_timeout_leaves_the_task_to_the_others():
    flights, gate = SingleFlight(), asyncio.Event()

    async def work():
        await gate.wait()
        return "done"

    patient = asyncio.create_task(flights.run("k", work))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await flights.run("k", work, 0.01)
    gate.set()
    assert await patient == "done"


async def test_waiters_have_deadlines_of_their_own():
    flights, gate, loop = SingleFlight(), asyncio.Event(), asyncio.get_running_loop()
    patient = asyncio.create_task(flights.run("k", gate.wait))
    begun = loop.time()

    async def impatient(seconds):
        with pytest.raises(TimeoutError):
            await flights.run("k", gate.wait, seconds)
        return loop.time() - begun

    seconds = [0.3, 0.1, 0.2, *(0.1 + n / 1e5 for n in range(100))]
    took = await asyncio.gather(*map(impatient, seconds))
    assert all(real >= wanted - 0.002 for real, wanted in zip(took, seconds, strict=True))
    assert took.index(max(took)) == 0
    gate.set()
    assert await patient


async def test_task_is_cancelled_when_its_last_waiter_times_out():
    flights, ended = SingleFlight(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await flights.run("k", work, 0.01)
    assert "k" not in flights
    await ended.wait()
