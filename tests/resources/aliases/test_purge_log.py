"""The log of purges: no reader misses a row, however transactions overlap."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy import select, update

from mememime_proxy.errors import PurgesExpiredError
from mememime_proxy.resources.aliases.purge_log import PAGE, RETENTION, PurgeLog
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import PURGE_HEAD, PURGES
from tests.resources.conftest import new_url

OUTBOX = Outbox()


class Clock:
    now = 1_000_000_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(database, clock):
    return PurgeLog(database, clock)


async def add(database, *names, at=0):
    async with database.write() as tx:
        await OUTBOX.add_aliases(tx, names, at)


async def read_all(log, after=0):
    rows = []
    while page := await log.read(after):
        assert [row.number for row in page] == list(range(after + 1, after + 1 + len(page)))
        rows += page
        after = page[-1].number
    return rows


async def test_log_begins_at_zero_and_counts(log, database):
    start = await log.head()
    assert start.number == 0
    assert await log.read(0) == []
    await add(database, "a", "b", at=5)
    assert (await log.head()).number == 2
    assert [(row.source, row.created) for row in await read_all(log)] == [("alias://a", 5), ("alias://b", 5)]
    assert await log.read(2) == []
    assert (await log.head()).log == start.log


async def test_log_pages_are_bounded(log, database):
    await add(database, *map(str, range(PAGE + 3)))
    assert (await log.head()).number == PAGE + 3
    assert len(await log.read(0)) == PAGE
    assert len(await read_all(log)) == PAGE + 3


async def test_log_row_rolled_back_leaves_no_gap(log, database):
    async def fail():
        async with database.write() as tx:
            await OUTBOX.add_alias(tx, "never", 0)
            raise KeyError

    await add(database, "a")
    with pytest.raises(KeyError):
        await fail()
    await add(database, "b")
    assert (await log.head()).number == 2
    assert [row.source for row in await read_all(log)] == ["alias://a", "alias://b"]


@pytest.fixture
async def postgresql(request, tmp_path):
    """A database of PostgreSQL: of SQLite there is one writer at a time."""
    database = Database(new_url(request, "postgresql", tmp_path))
    await database.start()
    yield database
    await database.close()


async def test_log_transaction_that_ends_late_gets_a_later_number(postgresql, clock):
    log = PurgeLog(postgresql, clock)
    async with postgresql.write() as late:
        await OUTBOX.add_alias(late, "late", 0)
        await add(postgresql, "early")
        assert (await log.head()).number == 1
        assert [row.source for row in await log.read(0)] == ["alias://early"]
    assert (await log.head()).number == 2
    ids = {row.source: row.id for row in await _rows(postgresql)}
    assert ids["alias://late"] < ids["alias://early"], "by the order of insertion it would be missed"
    assert [row.source for row in await log.read(1)] == ["alias://late"]


async def _rows(database):
    async with database.read() as tx:
        return (await tx.execute(select(PURGES))).all()


async def test_log_overlapping_transactions_and_numberers_hide_no_row_from_any_reader(postgresql, clock):
    """Writers end in another order than they began; several processes give numbers; readers go on where they were."""
    writers, rows_each, done = 12, 12, asyncio.Event()
    chance = random.Random(16)
    pauses = [[chance.random() / 200 for _ in range(rows_each)] for _ in range(writers)]
    processes = [Database(str(postgresql.url.set(drivername="postgresql").render_as_string(hide_password=False)))
                 for _ in range(3)]  # fmt: skip
    for process in processes:
        await process.start()

    async def write(number):
        for row, pause in enumerate(pauses[number]):
            async with processes[number % 3].write() as tx:
                await OUTBOX.add_alias(tx, f"{number}/{row}", 0)
                await asyncio.sleep(pause)  # others begin and end meanwhile

    async def follow(number):
        log, after, found = PurgeLog(processes[number % 3], clock), 0, []
        while True:
            ended = done.is_set()
            await log.head()
            while page := await log.read(after):
                assert [row.number for row in page] == list(range(after + 1, after + 1 + len(page)))
                found += [row.source for row in page]
                after = page[-1].number
            if ended:
                return found
            await asyncio.sleep(0)

    readers = [asyncio.create_task(follow(number)) for number in range(4)]
    await asyncio.gather(*(write(number) for number in range(writers)))
    done.set()
    expected = {f"alias://{number}/{row}" for number in range(writers) for row in range(rows_each)}
    for found in await asyncio.gather(*readers):
        assert len(found) == len(expected)
        assert set(found) == expected
    for process in processes:
        await process.close()


async def test_log_old_rows_are_removed_and_missed_ones_are_told(log, database, clock):
    await add(database, "old", "old too", at=clock.now - RETENTION)
    await add(database, "young", at=clock.now)
    await add(database, "old but behind", at=clock.now - RETENTION)
    assert await log.delete_old(1) == 1
    assert await log.delete_old(100) == 1
    assert await log.delete_old(100) == 0
    assert [row.number for row in await _rows(database)] == [3, 4]
    assert [row.number for row in await log.read(2)] == [3, 4]
    for after in (0, 1):
        with pytest.raises(PurgesExpiredError, match="no longer in the log"):
            await log.read(after)
    clock.now += 2 * RETENTION
    assert await log.delete_old(100) == 2
    assert await log.delete_old(100) == 0
    assert (await log.head()).number == 4, "numbers do not begin again"
    assert await log.read(4) == []
    with pytest.raises(PurgesExpiredError):
        await log.read(3)
    await add(database, "next")
    await log.head()
    assert [row.number for row in await log.read(4)] == [5]


async def test_log_row_that_nobody_read_gets_a_number_before_it_is_removed(log, database):
    await add(database, "unseen")
    assert await log.delete_old(100) == 1
    with pytest.raises(PurgesExpiredError):
        await log.read(0)


async def test_log_number_of_another_log_is_told(log, database):
    with pytest.raises(PurgesExpiredError, match="last one of this log is 0"):
        await log.read(1)
    async with database.write() as tx:
        await tx.execute(update(PURGE_HEAD).values(log="f" * 32))
    assert (await log.head()).log == "f" * 32
