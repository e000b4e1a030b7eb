"""Servers that answer correctly, and far too much of it."""

import asyncio

import pytest

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError, SourceTooLargeError
from mememime_proxy.sources.http import connection
from tests.support.raw_server import body_of, fetch, raw_server, rest_of, says, sources

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 100 \r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


def floods(head, more, rounds=400):
    """Sends ``more`` as fast as it is read, until nobody reads."""

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for _ in range(rounds):
            writer.write(more * (1 + (1 << 16) // len(more)))
            await writer.drain()

    return talk


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (floods(b"", INTERIM), SourceResponseError),
        (floods(b"", HINTS), SourceResponseError),
        (floods(HEAD, b"X: a\r\n"), SourceResponseError),
        (floods(HEAD + b"X: ", b"a"), SourceResponseError),
        (floods(CHUNKED + b"0\r\n", b"X: a\r\n"), (SourceIncompleteError, SourceResponseError)),
    ],
    ids=["interim", "hints", "headers", "long header", "trailers"],
)
async def test_flood_of_interim_responses_or_chunks_is_stopped_early(talk, error):
    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(error):
            await fetch(it, port, timeout=60)


@pytest.mark.parametrize(
    "talk", [floods(CHUNKED, b"1\r\na\r\n"), floods(CHUNKED + b"1;", b"a")], ids=["tiny", "padded"]
)
async def test_chunked_body_with_little_payload_is_refused(talk):
    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(SourceIncompleteError, match="too little payload in the chunks"):
            await fetch(it, port, timeout=60)


@pytest.mark.parametrize("count", [0, 1, connection.MAX_INTERIM])
async def test_few_interim_responses_are_accepted(count):
    async def talk(reader, writer):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HINTS * count + HEAD + b"Content-Length: 1\r\n\r\nx")

    async with raw_server(talk) as (port, seen), sources() as it:
        for _ in range(3):
            assert await body_of(await fetch(it, port)) == b"x"
        assert len(seen) == 1
    too_many = says(HINTS * (connection.MAX_INTERIM + 1) + HEAD + b"Content-Length: 1\r\n\r\nx")
    async with raw_server(too_many) as (port, _), sources() as it:
        with pytest.raises(SourceResponseError, match="interim"):
            await fetch(it, port)


@pytest.mark.parametrize("size", [1, 16, 1000, 100_000])
async def test_chunked_body_of_usual_chunks_arrives(size):
    """A short body may come in chunks of one byte; a long one in chunks of any sensible size."""
    body = bytes(range(256)) * (4000 // 256 if size == 1 else 4000)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts(body, size))
    async with raw_server(says(CHUNKED + chunks + b"0\r\n\r\n")) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port)) == body


def parts(body, size):
    return [body[at : at + size] for at in range(0, len(body), size)]


async def test_chunked_body_read_slowly_is_complete():
    """Flow control and slices of received bytes together lose nothing."""
    body = bytes(range(256)) * 20_000
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts(body, 3000))
    async with raw_server(says(CHUNKED + chunks + b"0\r\n\r\n")) as (port, _), sources() as it:
        found = []
        async with await it.stream(f"http://name.example:{port}/", {}) as stream:
            async for chunk in stream:
                found.append(chunk)
                await asyncio.sleep(0.001)
        assert b"".join(found) == body


async def test_chunked_body_above_the_limit_raises():
    async with raw_server(floods(CHUNKED, b"400\r\n" + b"a" * 1024 + b"\r\n")) as (port, _), sources() as it:
        with pytest.raises(SourceTooLargeError):
            await fetch(it, port, max_bytes=1 << 20, timeout=60)


@pytest.mark.parametrize("bad", [b"xyz\r\n", b"-1\r\n", b"5\r\nabcdeX", b"f" * 20 + b"\r\n"])
async def test_chunked_body_with_an_invalid_chunk_raises(bad):
    async with raw_server(says(CHUNKED, b"1\r\na\r\n", bad, pause=0.02)) as (port, _), sources(idle_timeout=60) as it:
        with pytest.raises(SourceIncompleteError):
            await fetch(it, port, timeout=60)
    async with raw_server(says(CHUNKED, b"1\r\na\r\n", bad, pause=0.02)) as (port, _), sources(idle_timeout=60) as it:
        stream = await it.stream(f"http://name.example:{port}/", {})
        with pytest.raises(ConnectionAbortedError):
            await rest_of(stream)
