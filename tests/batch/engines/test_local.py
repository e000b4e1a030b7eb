"""The engine in this process: all chunks, a limit of errors, cancellation."""

import asyncio
import contextlib

import pytest

from mememime_proxy.batch.engines.local import LocalEngine
from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.spec import ErrorLimit
from mememime_proxy.batch.totals import BatchTotals
from mememime_proxy.errors import BatchInputError, BrokenImageError, TooManyErrorsError
from mememime_proxy.jobs.model import Items


class Handler:
    """Fails for sources in ``broken``; waits at ``gate`` for those in ``slow``."""

    def __init__(self, broken=(), slow=()):
        self.broken, self.slow = set(broken), set(slow)
        self.gate = asyncio.Event()
        self.cancelled = []
        self.waits = asyncio.Event()

    @contextlib.asynccontextmanager
    async def chunk(self, _items):
        yield self

    def units(self, _item):
        return [""]

    async def process(self, item):
        if item.source in self.slow:
            self.waits.set()
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(item.source)
                raise
        if item.source in self.broken:
            raise BrokenImageError("broken")
        return [UnitOutcome(source=item.source, unit="", state=UnitState.DONE, size=2)]


async def chunks(count, error=None):
    for number in range(count):
        yield [BatchItem(f"{number}-{part}") for part in range(3)]
    if error is not None:
        raise error


def engine(handler, limit="100%"):
    totals, outcomes = BatchTotals(), []
    return LocalEngine(handler, 2, ErrorLimit.parse(limit), totals, outcomes.append), totals, outcomes


async def test_all_chunks_are_run():
    local, totals, outcomes = engine(Handler(broken=["2-1"]))
    await local.run(chunks(5))
    assert (totals.counts, totals.size, len(outcomes)) == (Items(done=14, failed=1), 28, 15)


async def test_too_many_errors_stop_it():
    handler = Handler(broken=["0-0", "0-1"], slow=["1-0"])
    local, totals, _ = engine(handler, "1")
    with pytest.raises(TooManyErrorsError, match="2 of"):
        await local.run(chunks(1000))
    assert totals.ended < 100
    assert handler.cancelled in ([], ["1-0"])


async def test_error_of_the_input_ends_it():
    handler = Handler(slow=["1-0"])
    local, _, _ = engine(handler)
    with pytest.raises(BatchInputError, match="line 7"):
        await local.run(chunks(2, BatchInputError("line 7")))


async def test_cancellation_cancels_what_runs():
    handler = Handler(slow=["0-0"])
    local, _, _ = engine(handler)
    task = asyncio.create_task(local.run(chunks(1)))
    await handler.waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert handler.cancelled == ["0-0"]
