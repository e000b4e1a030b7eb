"""The listening server: time limits, long request lines, refused bodies."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from mememime_proxy.service import server
from mememime_proxy.service.server import Listeners, Server
from mememime_proxy.urls.path import MAX_LENGTH
from tests.support.waiting import wait_until


async def answer(_request):
    return web.Response(text="found")


async def test_connection_without_a_request_is_closed_at_its_own_deadline():
    listeners, loop = Listeners(1), asyncio.get_running_loop()
    server = Server(answer, read_timeout=1.5, keepalive_timeout=60)
    (address,) = await listeners.open(server, ("127.0.0.1", 0))
    host, _, port = address.rpartition(":")

    async def connect_only(wait):
        await asyncio.sleep(wait)
        started = loop.time()
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read() == b""
        writer.close()
        return loop.time() - started

    async def send_two_requests():
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"found")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(2)
        writer.close()

    *waited, _ = await asyncio.gather(
        connect_only(0), connect_only(0.2), connect_only(0.3), connect_only(2), send_two_requests()
    )
    assert all(1.45 < seconds < 30 for seconds in waited)
    await listeners.close()


async def test_request_line_of_the_longest_path_is_accepted_and_of_an_endless_query_refused():
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


async def response_to_body(server, send):
    """Return the response to a body of 64 MiB of which ``send`` sends some."""
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


async def test_client_refused_while_it_sends_its_body_reads_the_response(monkeypatch):
    monkeypatch.setattr(server, "_LINGERING_TIME", 60.0)

    async def send_slowly(writer):
        for _ in range(64):
            writer.write(bytes(1 << 20))
            await writer.drain()
            await asyncio.sleep(0.002)

    assert (await response_to_body(Server(refuse, read_timeout=5, keepalive_timeout=5), send_slowly)).endswith(
        b"not now"
    )


async def test_connection_that_sends_a_refused_body_endlessly_is_closed(monkeypatch):
    monkeypatch.setattr(server, "_LINGERING_TIME", 0.2)

    async def send_endlessly(writer):
        with pytest.raises(ConnectionError):  # noqa: PT012 - it may be any of them
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            await response_to_body(Server(refuse, read_timeout=5, keepalive_timeout=5), send_endlessly)


async def test_i11_socket_file_is_removed_at_the_end_unless_another_process_made_it_anew(tmp_path):
    path = tmp_path / "service.sock"
    for replaced in (False, True):
        listeners = Listeners(1)
        assert await listeners.open(Server(answer, read_timeout=10, keepalive_timeout=60), str(path)) == [str(path)]
        assert path.is_socket()
        if replaced:
            other = Listeners(1)
            await other.open(Server(answer, read_timeout=10, keepalive_timeout=60), str(path))
        await listeners.close()
        assert path.exists() is replaced
    await other.close()
    assert not path.exists()


async def test_i12_client_that_takes_nothing_of_a_response_is_dropped_and_a_slow_one_is_not():
    size = 32 << 20

    async def large(request):
        response = web.StreamResponse(headers={"Content-Length": str(size)})
        await response.prepare(request)
        for _ in range(size >> 16):
            await response.write(bytes(1 << 16))
        return response

    listeners = Listeners(1)
    server = Server(large, read_timeout=10, keepalive_timeout=60, write_timeout=2)
    (address,) = await listeners.open(server, ("127.0.0.1", 0))
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 16)
    slow_reader, slow_writer = await asyncio.open_connection(host, int(port), limit=1 << 16)
    for each in (writer, slow_writer):
        each.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")  # and nothing more
    await slow_reader.readuntil(b"\r\n\r\n")
    received = 0
    while received < size:
        received += len(await slow_reader.read(1 << 18))
        await asyncio.sleep(0.005)
    await wait_until(lambda: len(server.connections) < 2)
    with contextlib.suppress(ConnectionError):
        assert len(await reader.read()) < size
    for each in (writer, slow_writer):
        each.close()
    await listeners.close()
