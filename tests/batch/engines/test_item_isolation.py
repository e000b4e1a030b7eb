"""Items that may have ended their process run alone; those that did so three times do not run."""

import asyncio
import contextlib

from mememime_proxy.batch.engines.item_isolation import ItemIsolation
from mememime_proxy.errors import JobWorkerLostError
from mememime_proxy.jobs.model import Chunk, ChunkKey
from mememime_proxy.jobs.retries import MAX_LOSSES, NO_ITEM, NO_LOSSES, Losses


class Log:
    """Notes what is stored of chunks and which items run."""

    def __init__(self):
        self.stored = []
        self.running = set()
        self.together = []

    def chunk(self, name, losses=NO_LOSSES):
        async def begin_item(item):
            self.stored.append((name, item))

        return Chunk(key=ChunkKey(name, 0), kind="batch", tenant="", priority=0, job_input=None, payload=None, items=9,
                     tries=0, due=0, losses=losses, begin_item=begin_item)  # fmt: skip

    async def run(self, isolation, chunk, item, end):
        async with isolation.begun(chunk, item) as refusal:
            if refusal is None:
                self.running.add((chunk.key.job, item))
                self.together.append(set(self.running))
                await end.wait()
                self.running.discard((chunk.key.job, item))
            return refusal


async def test_items_run_together_until_one_has_to_run_alone():
    isolation, log, first, then = ItemIsolation(), Log(), asyncio.Event(), asyncio.Event()
    new, lost = log.chunk("new"), log.chunk("lost", Losses(1, 0, {2: 1}))
    async with asyncio.TaskGroup() as group:
        for chunk, item in ((new, 0), (lost, 0)):
            group.create_task(log.run(isolation, chunk, item, first))
        await asyncio.sleep(0)
        group.create_task(log.run(isolation, lost, 2, then))
        for _ in range(3):
            await asyncio.sleep(0)
        group.create_task(log.run(isolation, new, 1, first))  # after the one that waits
        for _ in range(3):
            await asyncio.sleep(0)
        assert log.running == {("new", 0), ("lost", 0)}
        first.set()
        for _ in range(9):
            await asyncio.sleep(0)
        assert log.running == {("lost", 2)}
        then.set()
    assert log.together == [{("new", 0)}, {("new", 0), ("lost", 0)}, {("lost", 2)}, {("new", 1)}]
    # Of a chunk that has lost no worker nothing is stored; one that waits is not charged with a loss meanwhile.
    assert log.stored == [("lost", 0), ("lost", NO_ITEM), ("lost", 2)]


async def test_item_that_lost_too_many_workers_does_not_run():
    isolation, log, end = ItemIsolation(), Log(), asyncio.Event()
    end.set()
    refusal = await log.run(isolation, log.chunk("lost", Losses(0, 4, {4: MAX_LOSSES})), 4, end)
    assert isinstance(refusal, JobWorkerLostError)
    assert (log.stored, log.together) == ([], [])


async def test_cancelled_item_holds_nobody_up():
    isolation, log, end = ItemIsolation(), Log(), asyncio.Event()
    tasks = [
        asyncio.create_task(log.run(isolation, chunk, 2, end))
        for chunk in (log.chunk("new"), log.chunk("lost", Losses(1, 0, {2: 1})))
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    end.set()
    assert await log.run(isolation, log.chunk("other", Losses(1, 0, {0: 1})), 0, end) is None
