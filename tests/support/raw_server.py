"""Servers of bytes, look-ups with chosen answers, and the sources that meet them."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from pathlib import Path

from mememime_proxy.memfd import read_all
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.registry import Sources


def answer(*addresses):
    """A look-up that knows one answer for every name."""

    def look_up(_host, port, _family):
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    return look_up


@asynccontextmanager
async def sources(look_up=answer("127.0.0.1"), budget=None, **config):  # noqa: B008
    instance = Sources(SourcesConfig(**({"allow_loopback": True} | config)), look_up, budget=budget)
    await instance.start()
    try:
        yield instance
    finally:
        await instance.close()


async def stop_listening(server):
    """Close a server of asyncio when it has what it accepted.

    Python forgets a connection, open, whose transport it makes after its server was closed (gh-109564).
    """

    def accepted():
        return {task for task in asyncio.all_tasks() if task.get_coro().__name__ == "_accept_connection2"}

    before = None
    while (now := accepted()) != before:  # those that are there twice have begun
        before = now
        await asyncio.sleep(0)
    server.close()


@asynccontextmanager
async def raw_server(talk, ssl=None):
    """A server of bytes: ``talk(reader, writer)`` for each connection. Yields its port and the connections' number."""
    requests, running = [], set()

    async def serve(reader, writer):
        requests.append(writer)
        running.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ssl)
    try:
        yield server.sockets[0].getsockname()[1], requests
    finally:
        await stop_listening(server)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for writer in requests:
            writer.transport.abort()


def says(*parts, pause=0.0, end=None):
    """A conversation: read the request, send ``parts`` one by one."""

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if end is not None:
            end(writer)

    return talk


def reset(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def fetch(sources_, port, path="/x", host="name.example", **more):
    url, options = f"http://{host}:{port}{path}", {"timeout": 60} | more
    if validator := options.pop("validator", ""):
        return await sources_.fetch_if_changed(url, validator, **options)
    return await sources_.fetch(url, **options)


async def body_of(original):
    with original:
        return read_all(original.fd, original.size)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def rest_of(stream):
    async with stream:
        return b"".join([chunk async for chunk in stream])
