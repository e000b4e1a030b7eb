"""Delivery of the outbox to proxies."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web
from sqlalchemy import insert, select

from mememime_proxy.resources.aliases.purge_outbox import Purger
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.schema import OUTBOX
from mememime_proxy.service.server import Listeners
from mememime_proxy.service.tokens import Tokens

KEY = b"k" * 32


class Proxy:
    """Takes purges as a proxy does, and fails when it is told to."""

    def __init__(self):
        self.sources = []
        self.status = 200
        self.heard = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def answer(self, request):
        token = (await request.read()).decode()
        self.heard.set()
        await self.free.wait()
        if self.status == 200:
            self.sources.append(Tokens(KEY, "purge").verify(token, 60)["source"])
        return web.Response(status=self.status)

    async def __aenter__(self):
        self.listeners = Listeners(1)
        (address,) = await self.listeners.open(web.Server(self.answer), ("127.0.0.1", 0))
        self.url = f"http://{address}"
        return self

    async def __aexit__(self, *_):
        await self.listeners.close()


@pytest.fixture
async def proxies():
    async with Proxy() as one, Proxy() as two:
        yield one, two


async def add(database, *sources, due=0):
    async with database.write() as tx:
        for source in sources:
            await tx.execute(insert(OUTBOX).values(source=source, attempts=0, created=now(), due=due))


async def left(database):
    async with database.read() as tx:
        return (await tx.execute(select(OUTBOX))).all()


async def opened(database, proxies, clock=now):
    purger = Purger(database, clock, [proxy.url + "/" for proxy in proxies], KEY)
    await purger.start()
    return purger


async def until(condition):
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - a row of a database
            await asyncio.sleep(0.01)


async def test_outbox_entries_left_by_a_crash_are_sent_to_every_proxy(database, proxies):
    await add(database, "alias://a", "alias://ü/b")
    purger = await opened(database, proxies)
    await until(lambda: _empty(database))
    await purger.close()
    for proxy in proxies:
        assert sorted(proxy.sources) == ["alias://a", "alias://ü/b"]


async def _empty(database):
    return not await left(database)


async def test_outbox_entries_are_sent_when_they_are_due(database, proxies):
    purger = await opened(database, proxies)
    await until(lambda: _empty(database))
    purger.wake()  # its transaction has not even begun
    await add(database, "alias://now")
    await add(database, "alias://later", due=now() + 3_600_000)
    async with asyncio.timeout(4):  # less than the wait between looks
        for proxy in proxies:
            await proxy.heard.wait()
    await until(lambda: _only(database, "alias://later"))
    await purger.close()
    assert all(proxy.sources == ["alias://now"] for proxy in proxies)


async def _only(database, source):
    return [row.source for row in await left(database)] == [source]


@pytest.mark.parametrize("how", ["refuses", "is gone"])
async def test_outbox_failed_delivery_is_repeated(database, proxies, how):
    one, two = proxies
    if how == "refuses":
        two.status = 503
    else:
        await two.listeners.close()
    await add(database, "alias://a")
    purger = await opened(database, proxies)
    await until(lambda: _tried(database))
    if how == "refuses":
        two.status = 200
        async with database.write() as tx:
            await tx.execute(OUTBOX.update().values(due=0))
        purger.wake()
        await until(lambda: _empty(database))
        assert two.sources == ["alias://a"]
    await purger.close()
    assert one.sources[0] == "alias://a"
    assert bool(await left(database)) == (how == "is gone")


async def _tried(database):
    return any(row.attempts for row in await left(database))


async def test_outbox_hanging_proxy_does_not_delay_others(database, proxies):
    one, two = proxies
    two.free.clear()
    await add(database, "alias://old")
    purger = await opened(database, proxies)
    await two.heard.wait()
    for n in range(3):
        await add(database, f"alias://{n}")
        purger.wake()
        async with asyncio.timeout(4):  # less than a proxy is waited for
            while f"alias://{n}" not in one.sources:  # noqa: ASYNC110 - a list that the other end fills
                await asyncio.sleep(0.01)
    assert two.sources == []
    two.free.set()
    await until(lambda: _empty(database))
    await purger.close()
    assert sorted(one.sources) == sorted(two.sources) == ["alias://0", "alias://1", "alias://2", "alias://old"]


async def test_outbox_new_entries_are_sent_first_and_deliveries_not_repeated(database, proxies):
    one, two = proxies
    await two.listeners.close()
    await add(database, *(f"alias://{n}" for n in range(40)))
    purger = await opened(database, proxies)
    await until(lambda: _all_tried(database))
    await add(database, "alias://fresh", due=now())
    async with database.write() as tx:
        await tx.execute(OUTBOX.update().where(OUTBOX.c.attempts > 0).values(due=1))
    purger.wake()
    await until(lambda: _all_tried(database))
    await purger.close()
    assert sorted(one.sources) == sorted(["alias://fresh", *(f"alias://{n}" for n in range(40))])


async def _all_tried(database):
    return all(row.attempts for row in await left(database))


async def test_outbox_entry_of_an_unreachable_proxy_is_dropped_in_the_end(database, proxies):
    for proxy in proxies:
        proxy.status = 403
    await add(database, "alias://a")
    purger = await opened(database, proxies, lambda: now() + 2 * 86_400_000)
    await until(lambda: _empty(database))
    await purger.close()


async def test_outbox_two_processes_send_each_entry_once(database, database_url, proxies):
    await add(database, *(f"alias://{n}" for n in range(20)))
    second = Database(database_url)
    await second.start()
    purgers = [await opened(database, proxies), await opened(second, proxies)]
    await until(lambda: _empty(database))
    for purger in purgers:
        await purger.close()
    await second.close()
    assert sorted(proxies[0].sources) == sorted(f"alias://{n}" for n in range(20))


async def test_outbox_entry_for_a_name_is_sent_to_all_its_addresses(database, monkeypatch):
    """A name that has no address is asked for again: its proxies may be there later."""
    addresses = []

    def look_up(name, port, *_arguments, **_named):
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    async with Proxy() as proxy:
        port = proxy.url.rpartition(":")[2]
        await add(database, "alias://a")
        purger = Purger(database, now, [f"dns+http://proxies:{port}"], KEY)
        await purger.start()
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", look_up)
            await until(lambda: _tried(database))
            assert proxy.sources == []
            addresses.append("127.0.0.1")
            async with database.write() as tx:
                await tx.execute(OUTBOX.update().values(due=0))
            purger.wake()
            await until(lambda: _empty(database))
        await purger.close()
        assert proxy.sources == ["alias://a"]
