import asyncio
import contextlib

import pytest
from aiohttp import web

from mememime_proxy.service import server
from mememime_proxy.service.server import Listeners, Server
from mememime_proxy.urls.path import MAX_LENGTH


async def answer(_request):
    return web.Response(text="here")


async def test_who_never_asks_is_dropped_each_in_its_time():
    listeners, loop = Listeners(1), asyncio.get_running_loop()
    server = Server(answer, read_timeout=1.5, keepalive_timeout=60)
    (address,) = await listeners.open(server, ("127.0.0.1", 0))
    host, _, port = address.rpartition(":")

    async def silent(wait):
        await asyncio.sleep(wait)
        begun = loop.time()
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read() == b""
        writer.close()
        return loop.time() - begun

    async def asks_twice():
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(2)
        writer.close()

    *waited, _ = await asyncio.gather(silent(0), silent(0.2), silent(0.3), silent(2), asks_twice())
    assert all(1.45 < seconds < 30 for seconds in waited)
    await listeners.close()


async def test_a_request_line_may_hold_the_longest_path_and_no_end_of_query():
    listeners = Listeners(1)
    (address,) = await listeners.open(Server(answer, read_timeout=10, keepalive_timeout=60), ("127.0.0.1", 0))
    host, _, port = address.rpartition(":")
    for query, expected in ((1000, b"HTTP/1.1 200"), (100_000, b"HTTP/1.0 400")):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /" + b"a" * MAX_LENGTH + b"?" + b"b" * query + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"\r\n")).startswith(expected)
        writer.close()
    await listeners.close()


async def refuse(_request):
    response = web.Response(status=503, text="not now")
    response.force_close()
    return response


async def asked(server, send):
    """What the server answered to a body of 64 MiB of which ``send`` sends some."""
    listeners = Listeners(1)
    (address,) = await listeners.open(server, ("127.0.0.1", 0))
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
    try:
        await send(writer)
        return await reader.read()
    finally:
        writer.close()
        await listeners.close()


async def test_who_is_refused_before_the_body_has_come_reads_why(monkeypatch):
    monkeypatch.setattr(server, "_LINGERING", 60.0)

    async def slowly(writer):
        for _ in range(64):
            writer.write(bytes(1 << 20))
            await writer.drain()
            await asyncio.sleep(0.002)

    assert (await asked(Server(refuse, read_timeout=5, keepalive_timeout=5), slowly)).endswith(b"not now")


async def test_a_body_that_nobody_wants_is_not_taken_for_ever(monkeypatch):
    monkeypatch.setattr(server, "_LINGERING", 0.2)

    async def on_and_on(writer):
        with pytest.raises(ConnectionError):  # noqa: PT012 - it may be any of them
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            await asked(Server(refuse, read_timeout=5, keepalive_timeout=5), on_and_on)
