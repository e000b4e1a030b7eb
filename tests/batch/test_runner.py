"""A chunk's items: width, retries, errors by item, positions."""

import asyncio
import contextlib

import pytest

from mememime_proxy.batch import runner
from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.runner import ChunkResult, ChunkRunner
from mememime_proxy.errors import BrokenImageError, StorageUnavailableError
from mememime_proxy.jobs.model import Items

ITEMS = [BatchItem(str(number)) for number in range(8)]


class Worker:
    """Works on an item as ``script`` says: a list of what its tries return or raise, then ``done``."""

    def __init__(self, script=None):
        self.script = script or {}
        self.tries = []
        self.running = self.most = 0

    @contextlib.asynccontextmanager
    async def chunk(self, _items):
        yield self

    def units(self, _item):
        return ["a", "b"]

    async def process(self, item):
        self.tries.append(item.source)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        result = self.script[item.source].pop(0) if self.script.get(item.source) else ("done", "done")
        if isinstance(result, Exception):
            raise result
        return [
            UnitOutcome(
                source=item.source, unit=unit, state=UnitState.FAILED if isinstance(state, Exception) else state,
                error=state if isinstance(state, Exception) else None, size=1,
            )
            for unit, state in zip("ab", map(_state, result), strict=True)
        ]  # fmt: skip


def _state(value):
    return value if isinstance(value, Exception) else UnitState(value)


@pytest.fixture(autouse=True)
def no_delay(monkeypatch):
    monkeypatch.setattr(runner, "delay_before", lambda _tries: 0)


async def test_all_items_are_done_some_at_a_time():
    worker, positions = Worker(), []
    result = await ChunkRunner(worker, 3).run(ITEMS, on_progress=lambda result: positions.append(result.position))
    assert (result.counts, result.position, result.size, result.failures) == (Items(done=16), 8, 16, [])
    assert worker.most == 3
    assert positions == sorted(positions)


async def test_run_goes_on_at_its_position():
    worker = Worker()
    begun = ChunkResult(counts=Items(done=10), position=5)
    result = await ChunkRunner(worker, 2).run(ITEMS, begun)
    assert sorted(worker.tries) == ["5", "6", "7"]
    assert (result.counts, result.position) == (Items(done=16), 8)


async def test_error_of_a_picture_costs_itself_and_is_not_repeated():
    worker = Worker({"3": [(BrokenImageError("broken"), "done")]})
    result = await ChunkRunner(worker, 2).run(ITEMS)
    assert result.counts == Items(done=15, failed=1)
    assert [(line.source, line.unit, line.code) for line in result.failures] == [("3", "a", "image.corrupt")]
    assert worker.tries.count("3") == 1


async def test_error_that_passes_is_repeated_and_what_was_done_stays_done():
    worker = Worker({"3": [("done", StorageUnavailableError()), ("skipped", "done")], "4": [StorageUnavailableError()]})
    outcomes = []
    result = await ChunkRunner(worker, 2, outcomes.append).run(ITEMS)
    assert result.counts == Items(done=16)
    assert worker.tries.count("3") == worker.tries.count("4") == 2
    assert len(outcomes) == 16


async def test_item_is_tried_five_times():
    worker = Worker({"3": [StorageUnavailableError()] * 9})
    result = await ChunkRunner(worker, 2).run(ITEMS)
    assert worker.tries.count("3") == 5
    assert result.counts == Items(done=14, failed=2)


async def test_chunk_has_a_budget_of_retries():
    worker = Worker({item.source: [StorageUnavailableError()] * 9 for item in ITEMS})
    result = await ChunkRunner(worker, 2).run(ITEMS)
    assert len(worker.tries) == len(ITEMS) + 20
    assert result.counts == Items(failed=16)


async def test_fault_of_the_code_costs_one_item():
    result = await ChunkRunner(Worker({"3": [ZeroDivisionError("x")]}), 2).run(ITEMS)
    assert result.counts == Items(done=14, failed=2)
    assert {(line.code, str(line.error)) for line in result.failures} == {
        ("service.internal_error", "ZeroDivisionError: x")
    }
