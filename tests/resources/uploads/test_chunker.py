import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import ShuttingDownError, UploadStalledError, UploadTooLargeError
from mememime_proxy.resources.uploads.chunker import ActiveChunkers, Chunker, rechunk

SIZE = 10


class Body:
    """Brings what it is told to, when it is told to."""

    def __init__(self, *items):
        self.items = asyncio.Queue()
        self.waited_for = asyncio.Event()
        """More is wanted than there is."""
        for item in items:
            self.items.put_nowait(item)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.items.empty():
            self.waited_for.set()
        item = await self.items.get()
        if isinstance(item, BaseException):
            raise item
        if item is None:
            raise StopAsyncIteration
        return item


async def read(body, limit=1000, stopping=None):
    found, error = [], None
    pieces = Chunker(body, SIZE, limit, stopping or asyncio.Event())
    try:
        async with contextlib.aclosing(pieces.read()) as them:
            async for piece in them:
                found.append(piece)
    except Exception as broken:  # noqa: BLE001
        error = broken
    return found, error


@given(st.lists(st.binary(min_size=1, max_size=35), max_size=8))
def test_chunker_body_is_stored_in_chunks_of_one_size(chunks):
    found, error = asyncio.run(read(Body(*chunks, None), limit=10_000))
    whole = b"".join(chunks)
    assert error is None
    assert found == [whole[k : k + SIZE] for k in range(0, len(whole), SIZE)]


@pytest.mark.parametrize("end", [ConnectionResetError("gone"), UploadStalledError()], ids=["broken", "stalled"])
@pytest.mark.parametrize("sent", range(0, 31, 3))
async def test_chunker_broken_or_stalled_body_keeps_received_bytes(sent, end):
    found, error = await read(Body(*[b"x"] * sent, end))
    assert error is end
    assert b"".join(found) == b"x" * sent
    assert all(len(piece) == SIZE for piece in found[:-1])


async def test_chunker_too_long_body_keeps_complete_chunks_only():
    found, error = await read(Body(b"x" * 25, UploadTooLargeError()), limit=30)
    assert isinstance(error, UploadTooLargeError)
    assert found == [b"x" * SIZE] * 2


async def test_chunker_last_chunk_is_stored_only_after_the_end_of_the_body():
    found, error = await read(Body(b"x" * SIZE, UploadTooLargeError()), limit=SIZE)
    assert isinstance(error, UploadTooLargeError)
    assert found == []
    found, error = await read(Body(b"x" * SIZE, None), limit=SIZE)
    assert (found, error) == ([b"x" * SIZE], None)


async def test_chunker_stopping_service_keeps_received_bytes():
    stopping, body = asyncio.Event(), Body(b"abc")
    task = asyncio.create_task(read(body, stopping=stopping))
    await body.waited_for.wait()
    stopping.set()
    found, error = await task
    assert found == [b"abc"]
    assert isinstance(error, ShuttingDownError)


async def test_chunker_offset_includes_all_received_bytes():
    senders, body, kept = ActiveChunkers(), Body(b"abc"), bytearray()
    pieces = Chunker(body, SIZE, 1000, asyncio.Event())
    stored = asyncio.Event()

    async def send():
        senders.add("upload", pieces)
        async with contextlib.aclosing(pieces.read()) as them:
            async for piece in them:
                await stored.wait()  # as slow as a storage
                kept.extend(piece)
        senders.remove("upload", pieces)

    task = asyncio.create_task(send())
    await body.waited_for.wait()
    flush = asyncio.create_task(senders.flush("upload", 30))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not flush.done()
    stored.set()
    await flush
    assert kept == b"abc"
    body.items.put_nowait(b"def")
    body.items.put_nowait(None)
    await task
    assert kept == b"abcdef"
    await senders.flush("upload", 30)
    await pieces.flush()


async def test_chunker_flush_without_a_reader_ends_after_its_timeout():
    senders, body = ActiveChunkers(), Body(b"abc")
    pieces = Chunker(body, SIZE, 1000, asyncio.Event())
    senders.add("upload", pieces)
    await senders.flush("upload", 0.01)  # of whom nobody reads


@given(st.lists(st.binary(max_size=35), max_size=8))
def test_rechunk_yields_chunks_of_one_size(chunks):
    async def found():
        async def them():
            for chunk in chunks:
                yield chunk

        return [piece async for piece in rechunk(them(), SIZE)]

    whole = b"".join(chunks)
    assert asyncio.run(found()) == [whole[k : k + SIZE] for k in range(0, len(whole), SIZE)]
