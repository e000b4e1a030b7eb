"""Results that the items of a chunk share."""

import asyncio

import pytest

from mememime_proxy.batch.rendering.sharing import RecentResults, RowsLeft, decode_once


class Maker:
    def __init__(self):
        self.calls = 0
        self.gate = asyncio.Event()
        self.error = None

    async def make(self):
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.calls


async def test_result_is_made_once_for_all_who_need_it():
    maker, results = Maker(), RecentResults(2)
    waiting = [asyncio.create_task(results.get("a", maker.make)) for _ in range(3)]
    await asyncio.sleep(0)
    maker.gate.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await results.get("a", maker.make) == 1
    await results.close()


async def test_failure_is_made_anew():
    maker, results = Maker(), RecentResults(2)
    maker.gate.set()
    maker.error = OSError("x")
    with pytest.raises(OSError, match="x"):
        await results.get("a", maker.make)
    maker.error = None
    assert await results.get("a", maker.make) == 2
    await results.close()


async def test_only_the_last_results_are_held():
    maker, results = Maker(), RecentResults(2)
    maker.gate.set()
    assert [await results.get(key, maker.make) for key in "abca"] == [1, 2, 3, 4]
    assert await results.get("c", maker.make) == 3
    await results.close()


async def test_one_who_is_cancelled_leaves_the_result_to_the_others():
    maker, results = Maker(), RecentResults(2)
    first, second = (asyncio.create_task(results.get("a", maker.make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    maker.gate.set()
    assert await second == 1
    assert first.cancelled()
    await results.close()


async def test_close_cancels_what_is_being_made():
    maker, results = Maker(), RecentResults(2)
    waiting = asyncio.create_task(results.get("a", maker.make))
    await asyncio.sleep(0)
    await results.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_first_render_of_an_original_ends_before_the_others_begin():
    events = []

    def render(name):
        async def run():
            events.append(f"{name} begins")
            await asyncio.sleep(0)
            events.append(f"{name} ends")
            return name

        return run

    assert await decode_once([render(name) for name in "abc"]) == ["a", "b", "c"]
    assert events[:4] == ["a begins", "a ends", "b begins", "c begins"]
    assert await decode_once([]) == []


def test_last_row_of_an_original_is_known_and_a_repetition_is_one_too():
    rows = RowsLeft(["a", "b", "a"])
    assert [rows.end(source) for source in ("a", "b", "a", "a")] == [False, True, True, True]
