"""Places in long lists: those of the rows that a plain list has, found in steps, and found anew after a while."""

import asyncio

import pytest

from mememime_proxy.errors import DatabaseError
from mememime_proxy.resources.assets import positions
from mememime_proxy.resources.assets.positions import EXACT, STEP, Place, Positions, RowKey


class Numbers:
    """The list of the numbers from 1 on."""

    def __init__(self, count):
        self.count = count
        self.searches = 0
        self.fails = False

    async def key_after(self, key, skipped):
        await asyncio.sleep(0)
        if self.fails:
            raise DatabaseError("gone")
        self.searches += key is None
        number = (key.number if key else 0) + 1 + skipped
        return RowKey(number, "x") if number <= self.count else None

    async def count_after(self, key, most):
        return min(most, max(0, self.count - (key.number if key else 0)))


@pytest.fixture
async def places():
    instance = Positions()
    yield instance
    await instance.close()


@pytest.mark.parametrize("count", [0, 1, STEP, EXACT - 1, EXACT, EXACT + 1, EXACT + STEP, 3 * EXACT + 7])
async def test_total_and_places_are_those_of_the_list(places, count):
    numbers = Numbers(count)
    assert await places.total("a", numbers) == count
    for offset in {0, 1, STEP, count // 2, EXACT - 1, EXACT, count - 1, count, count + STEP} - {-1}:
        place = await places.place("a", numbers, offset)
        first = None if place is None else await numbers.key_after(place.key, place.skipped)
        assert (first.number if first else None) == (offset + 1 if offset < count else None)
        assert place is None or place.skipped < max(STEP, EXACT)


async def test_short_lists_are_never_searched(places):
    numbers = Numbers(EXACT)
    assert await places.total("a", numbers) == EXACT
    assert await places.place("a", numbers, EXACT - 1) == Place(None, EXACT - 1)
    numbers.count += -5
    assert await places.total("a", numbers) == EXACT - 5
    assert numbers.searches == 0


async def test_concurrent_requests_share_one_search(places):
    numbers = Numbers(2 * EXACT)
    found = await asyncio.gather(*(places.place("a", numbers, EXACT + each) for each in range(20)))
    assert [place.skipped for place in found] == list(range(20))
    assert numbers.searches == 1
    await places.place("another", numbers, EXACT)
    assert numbers.searches == 2


async def test_old_keys_are_used_while_newer_ones_are_searched(places, monkeypatch):
    numbers = Numbers(2 * EXACT)
    assert await places.total("a", numbers) == 2 * EXACT
    numbers.count += 100
    assert await places.total("a", numbers) == 2 * EXACT
    assert numbers.searches == 1
    monkeypatch.setattr(positions, "_MIN_AGE", -1.0)
    monkeypatch.setattr(positions, "_REST", -1)
    assert await places.total("a", numbers) == 2 * EXACT
    await asyncio.gather(*places._searches.values())
    assert await places.total("a", numbers) == 2 * EXACT + 100


async def test_failed_search_is_repeated(places):
    numbers = Numbers(2 * EXACT)
    numbers.fails = True
    with pytest.raises(DatabaseError):
        await places.total("a", numbers)
    numbers.fails = False
    assert await places.total("a", numbers) == 2 * EXACT
