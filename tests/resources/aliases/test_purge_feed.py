"""The feed of purges: who waits is answered at once, by one reading for all, and nobody waits without bounds."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import event, text

from mememime_proxy.errors import OverloadError, PurgesExpiredError
from mememime_proxy.resources.aliases.purge_feed import PurgeFeed
from mememime_proxy.resources.aliases.purge_log import PAGE, PurgeLog
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import PURGES
from tests.resources.conftest import new_url
from tests.support.waiting import wait_until


def opened(database, limit=100):
    feed = PurgeFeed(database, now, limit)
    feed.start()
    return feed


@pytest.fixture
async def feed(database):
    it = opened(database)
    yield it
    await it.close()


async def move(database, *names, wake=lambda: None):
    async with database.write() as tx:
        await Outbox(None, wake).add_aliases(tx, names, now())


async def read(feed, after=None, wait=0.0, is_gone=lambda: False):
    return json.loads(await feed.read(after, wait, is_gone))


def sources(page):
    return [purge["source"] for purge in page["purges"]]


async def test_feed_reader_begins_at_the_head(feed, database):
    await move(database, "before")
    page = await read(feed)
    assert (page["purges"], page["next"], page["head"]) == ([], 1, 1)
    await move(database, "after")
    page = await read(feed, 1, 20)
    assert (sources(page), page["next"], page["head"]) == (["alias://after"], 2, 2)
    assert page["purges"][0]["created"] <= page["now"]
    assert (await read(feed, 2))["purges"] == []


async def test_feed_all_who_wait_get_one_answer_by_one_reading(feed, database):
    assert (await read(feed))["next"] == 0
    readings = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda *arguments: readings.append(1) if "purges.number >" in arguments[2] else None,
    )
    waits = [asyncio.create_task(feed.read(0, 20, lambda: False)) for _ in range(50)]
    await wait_until(lambda: feed.waiting == 50)
    await move(database, "a", wake=feed.wake)
    answers = await asyncio.gather(*waits)
    assert len(set(map(id, answers))) == 1, "they are the same bytes"
    assert sources(json.loads(answers[0])) == ["alias://a"]
    assert len(readings) == 1
    assert feed.waiting == 0


async def test_feed_purge_written_by_another_process_is_found(feed, database, database_url):
    other = Database(database_url)
    await other.start()
    assert (await read(feed))["next"] == 0
    waiting = asyncio.create_task(read(feed, 0, 20))
    await wait_until(lambda: feed.waiting)
    await move(other, "a")
    assert sources(await waiting) == ["alias://a"]
    await other.close()


async def test_feed_transaction_that_ends_after_the_wake_is_found(feed, database):
    assert (await read(feed))["next"] == 0
    waiting = asyncio.create_task(read(feed, 0, 20))
    await wait_until(lambda: feed.waiting)
    async with database.write() as tx:
        await Outbox(None, feed.wake).add_alias(tx, "a", now())
        assert (await read(feed, 0))["purges"] == []
    assert sources(await waiting) == ["alias://a"]


async def test_feed_reader_far_behind_reads_pages(feed, database):
    assert (await read(feed))["next"] == 0
    await feed.close()  # it has not read what follows
    names = [str(number) for number in range(2 * PAGE + 1)]
    await move(database, *names)
    second, after, found = opened(database), 0, []
    while True:
        page = await read(second, after)
        found += sources(page)
        assert page["next"] == after + len(page["purges"])
        if page["next"] == page["head"]:
            break
        after = page["next"]
    assert found == [f"alias://{name}" for name in names]
    await second.close()


async def test_feed_waits_end_in_an_empty_page(feed):
    assert (await read(feed))["next"] == 0
    page = await read(feed, 0, 0.01)
    assert (page["purges"], page["next"]) == ([], 0)


async def test_feed_number_from_another_process_is_known(feed, database):
    assert (await read(feed))["next"] == 0
    second = opened(database)
    await move(database, "a")
    assert (await read(second))["next"] == 1
    assert (await read(feed, 1))["next"] == 1
    await second.close()


async def test_feed_number_beyond_the_head_and_removed_rows_are_told(feed, database):
    with pytest.raises(PurgesExpiredError):
        await read(feed, 1, 20)
    await move(database, "a", "b")
    assert (await read(feed))["next"] == 2
    async with database.write() as tx:
        await tx.execute(PURGES.delete().where(PURGES.c.number == 1))
    second = opened(database)
    with pytest.raises(PurgesExpiredError):
        await read(second, 0, 20)
    assert sources(await read(second, 1)) == ["alias://b"]
    await second.close()


async def test_feed_readers_are_bounded(feed):
    feed.limit = 2
    waits = [asyncio.create_task(read(feed, 0, 20)) for _ in range(2)]
    await wait_until(lambda: feed.waiting == 2)
    with pytest.raises(OverloadError, match="2 readers wait for purges already, as MEMEMIME_PURGE_READERS allows"):
        await read(feed, 0, 20)
    assert (await read(feed, 0))["next"] == 0, "who does not wait is answered"
    feed.stop()
    assert [page["purges"] for page in await asyncio.gather(*waits)] == [[], []]
    assert (await read(feed, 0, 20))["purges"] == [], "nobody waits any more"


async def test_feed_reader_that_has_gone_leaves_its_slot(feed, monkeypatch):
    monkeypatch.setattr("mememime_proxy.resources.aliases.purge_feed._LOOK", 0.01)
    gone = asyncio.Event()
    waiting = asyncio.create_task(read(feed, 0, 600, gone.is_set))
    await wait_until(lambda: feed.waiting)
    gone.set()
    assert (await waiting)["purges"] == []
    assert feed.waiting == 0


async def test_feed_on_a_replica_has_what_others_gave_numbers(database, database_url):
    replica = Database(database_url, read_only=True)
    await replica.start()
    readers = opened(replica)
    assert (await read(readers))["next"] == 0
    waiting = asyncio.create_task(read(readers, 0, 20))
    await wait_until(lambda: readers.waiting)
    await move(database, "a")
    assert (await read(readers, 0))["purges"] == []
    await PurgeLog(database, now).head()
    assert sources(await waiting) == ["alias://a"]
    await readers.close()
    await replica.close()


async def test_feed_lost_connection_of_postgresql_is_opened_again(request, tmp_path):
    database = Database(new_url(request, "postgresql", tmp_path))
    await database.start()
    feed = opened(database)
    assert (await read(feed))["next"] == 0

    async def listeners():
        query = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        async with database.read() as tx:
            return list((await tx.execute(text(query))).scalars())

    await wait_until(listeners)
    (first,) = await listeners()
    async with database.write() as tx:
        await tx.execute(text(f"SELECT pg_terminate_backend({first})"))

    async def is_replaced():
        return await listeners() not in ([], [first])

    await wait_until(is_replaced)
    waiting = asyncio.create_task(read(feed, 0, 20))
    await wait_until(lambda: feed.waiting)
    await move(database, "a")
    assert sources(await waiting) == ["alias://a"]
    await feed.close()
    await database.close()
