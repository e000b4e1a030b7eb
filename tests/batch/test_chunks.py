"""Chunks are cut from a stream of items."""

from mememime_proxy.batch.chunks import chunk_name, cut, units_in
from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.spec import Shard


async def stream(items):
    for item in items:
        yield item


async def chunks(items, units=10, each=1, shard=None):
    return [chunk async for chunk in cut(stream(items), lambda _item: each, units, shard or Shard())]


async def test_chunks_have_the_size_and_are_sorted_by_source():
    items = [BatchItem(f"local:///{number:02}.jpg") for number in reversed(range(25))]
    found = await chunks(items, units=20, each=2)
    assert [len(chunk) for chunk in found] == [10, 10, 5]
    assert all(chunk == sorted(chunk, key=lambda item: item.source) for chunk in found)
    assert {item for chunk in found for item in chunk} == set(items)


async def test_item_with_more_units_than_a_chunk_is_a_chunk():
    assert [len(chunk) for chunk in await chunks([BatchItem("a"), BatchItem("b")], units=10, each=50)] == [1, 1]


async def test_equal_items_are_one():
    assert await chunks([BatchItem("a"), BatchItem("a"), BatchItem("a", "rs:fit:9")]) == [
        [BatchItem("a"), BatchItem("a", "rs:fit:9")]
    ]


async def test_shards_have_all_items_once():
    items = [BatchItem(str(number)) for number in range(200)]
    parts = [[item for chunk in await chunks(items, shard=Shard(i, 4)) for item in chunk] for i in range(4)]
    assert sorted(item.source for part in parts for item in part) == sorted(item.source for item in items)


async def test_no_items_make_no_chunk():
    assert await chunks([]) == []


def test_units_in_some_seconds_are_bounded():
    assert [units_in(seconds, 0.06) for seconds in (0.1, 10, 3600)] == [50, 167, 500]


def test_name_of_a_chunk_is_that_of_its_items():
    first, second = [BatchItem("a")], [BatchItem("a", changed=1.0)]
    assert chunk_name(first) == chunk_name(list(first)) != chunk_name(second)
