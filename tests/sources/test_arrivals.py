"""Originals on their way: what of the memory budget they take, and what happens where it is too little."""

import asyncio

import pytest

from mememime_proxy.errors import MemoryBudgetError, SourceTimeoutError, SourceTooLargeError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.sources.arrivals import BUFFERS, Arrivals
from tests.support.clock import Clock
from tests.support.raw_server import body_of, open_files, raw_server, sources

MIB = 1 << 20
IN_FLIGHT = Use.ORIGINALS_IN_FLIGHT


def budget_for_originals(size):
    """A budget that leaves so many bytes for originals and their buffers."""
    return MemoryBudget(size * 8 // 3 + 8)


class Feed:
    """Chunks that come when they are sent."""

    def __init__(self):
        self.queue = asyncio.Queue()

    async def send(self, chunk):
        """Send a chunk, b"" = the end, and let its receiver run."""
        self.queue.put_nowait(chunk)
        for _ in range(5):
            await asyncio.sleep(0)

    async def __aiter__(self):
        while chunk := await self.queue.get():
            yield chunk


async def begin(arrivals, announced, limit=0, seconds=10):
    arrival, feed = await arrivals.begin(announced, seconds), Feed()
    return arrival, feed, asyncio.create_task(arrival.receive(aiter(feed), limit))


async def test_original_of_a_known_size_has_its_memory_before_the_first_byte_comes():
    budget = MemoryBudget(0)
    arrival, feed, task = await begin(Arrivals(budget), 10 * MIB)
    assert budget.used_by[IN_FLIGHT] == 10 * MIB + BUFFERS
    await feed.send(bytes(10 * MIB))
    assert budget.used == 10 * MIB + BUFFERS
    await feed.send(b"")
    await task
    assert budget.used == arrival.original.size == 10 * MIB
    arrival.original.close()
    assert budget.used == 0


async def test_original_of_an_unknown_size_has_memory_ahead_of_what_has_come():
    budget = MemoryBudget(0)
    arrival, feed, task = await begin(Arrivals(budget), None, limit=7 * MIB)
    assert budget.used == BUFFERS
    for _ in range(6):
        await feed.send(bytes(MIB))
        assert arrival.received + BUFFERS <= budget.used <= min(2 * arrival.received, 7 * MIB) + BUFFERS
    await feed.send(b"")
    await task
    assert budget.used == 6 * MIB


async def test_original_without_references_gives_its_memory_back():
    budget, before = MemoryBudget(0), open_files()
    await Arrivals(budget).begin(MIB, 10)
    assert budget.used == 0
    _, _, task = await begin(Arrivals(budget), MIB)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del task, _
    assert budget.used == 0
    assert open_files() <= before


async def test_original_past_its_limit_is_refused_and_gives_its_memory_back():
    budget = MemoryBudget(0)
    arrival, feed, task = await begin(Arrivals(budget), None, limit=MIB)
    await feed.send(bytes(MIB))
    assert not task.done()
    await feed.send(b"x")
    with pytest.raises(SourceTooLargeError, match="more than 1048576 bytes"):
        await task
    assert (budget.used, arrival.original.fd) == (0, -1)


async def test_h5_original_that_does_not_fit_is_refused_when_it_has_waited():
    budget = budget_for_originals(4 * MIB)
    arrivals = Arrivals(budget)
    first = await arrivals.begin(2 * MIB, 10)
    with pytest.raises(MemoryBudgetError):
        await arrivals.begin(2 * MIB, 0.04)
    waiting = asyncio.create_task(arrivals.begin(2 * MIB, 240))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    first.original.close()
    assert (await waiting).reserved == 2 * MIB


async def test_h5_original_that_can_never_fit_is_too_large():
    with pytest.raises(SourceTooLargeError, match="MEMEMIME_MEMORY_BUDGET leaves"):
        await Arrivals(budget_for_originals(4 * MIB)).begin(4 * MIB, 10)


async def test_h5_original_that_has_memory_does_not_wait_for_more_so_that_none_wait_for_each_other():
    budget = budget_for_originals(8 * MIB)
    arrivals = Arrivals(budget)
    begun = [await begin(arrivals, None) for _ in range(3)]
    for _ in range(5):
        for _, feed, task in begun:
            if not task.done():
                await feed.send(bytes(MIB))
                assert budget.used <= 8 * MIB
    refused = [task for _, _, task in begun if task.done()]
    assert 1 <= len(refused) < 3
    for task in refused:
        with pytest.raises(MemoryBudgetError):
            await task
    for arrival, feed, task in begun:
        if task not in refused:
            await feed.send(b"")
            await task
            assert arrival.original.size == 5 * MIB


async def test_h5_original_that_will_be_late_gives_up_the_memory_that_it_does_not_use():
    """A source that announces much and sends little cannot keep others away."""
    clock = Clock()
    budget = budget_for_originals(21 * MIB)
    arrivals = Arrivals(budget, clock)
    slow, slow_feed, slow_task = await begin(arrivals, 10 * MIB)
    steady, steady_feed, steady_task = await begin(arrivals, 8 * MIB)
    await slow_feed.send(bytes(100))
    with pytest.raises(MemoryBudgetError):
        await arrivals.begin(4 * MIB, 0.04)  # too early to say who is late
    clock.now += 5
    await steady_feed.send(bytes(5 * MIB))
    other = await arrivals.begin(4 * MIB, 0.04)
    assert (slow.reserved, steady.reserved, other.reserved) == (100, 8 * MIB, 4 * MIB)
    await slow_feed.send(bytes(MIB))
    assert slow.reserved >= MIB + 100
    other.original.close()
    for feed, task in ((slow_feed, slow_task), (steady_feed, steady_task)):
        await feed.send(b"")
        await task
    assert budget.used == slow.original.permit.size + steady.original.permit.size


async def test_h5_hundred_slow_originals_never_take_more_than_their_share():
    """Row C5: originals on their way are counted, and what does not fit is 503 at once or after a short wait."""

    async def trickle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 31457280\r\n\r\n")
        while True:
            writer.write(bytes(1 << 14))
            await writer.drain()
            await asyncio.sleep(0.02)

    budget, most = MemoryBudget(512 * MIB), 0

    async def watch():
        nonlocal most
        while True:
            most = max(most, budget.used)
            await asyncio.sleep(0.001)

    async with raw_server(trickle) as (port, _), sources(budget=budget) as it:
        watching = asyncio.create_task(watch())
        fetches = [it.fetch(f"http://127.0.0.1:{port}/{number}", timeout=2) for number in range(100)]
        outcomes = await asyncio.gather(*fetches, return_exceptions=True)
        watching.cancel()
    assert {type(outcome) for outcome in outcomes} <= {MemoryBudgetError, SourceTimeoutError}
    assert 30 * MIB < most <= budget.passive_limit
    assert budget.used == 0
    assert budget.refusals[IN_FLIGHT] == sum(isinstance(outcome, MemoryBudgetError) for outcome in outcomes)


async def test_original_of_http_holds_its_memory_until_it_is_closed():
    body = bytes(300_000)

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    budget = MemoryBudget(0)
    async with raw_server(talk) as (port, _), sources(budget=budget) as it:
        original = await it.fetch(f"http://127.0.0.1:{port}/")
        assert budget.used == 74 * 4096
        assert await body_of(original) == body
    assert budget.used == 0
