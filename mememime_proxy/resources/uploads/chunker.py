"""Chunks of a request's body, made durable one by one; the received bytes of an interrupted body are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from mememime_proxy.errors import RequestError, ShuttingDownError, UploadStalledError

INTERRUPTIONS: Final = (ConnectionError, UploadStalledError, ShuttingDownError, RequestError)
"""Ends of a body after which the bytes before it are kept."""


class Chunker:
    """``read`` once: chunks of ``size`` bytes, the last one shorter.

    While one chunk is stored the next one comes in: up to twice ``size`` is in memory. Where the body breaks off, or
    ``stopping`` is set, what came is a last chunk, and the iteration ends in the error.
    """

    def __init__(self, body: AsyncIterator[bytes], size: int, limit: int, stopping: asyncio.Event) -> None:
        """``limit``: bytes after which nothing may come; ``body`` itself ends in an error where there is more."""
        self._body = body
        self._size = size
        self._limit = limit
        self._stopping = stopping
        self._buffer = bytearray()
        self._total = 0
        self._drained = asyncio.Event()
        self._changed = asyncio.Event()
        self._flushes: list[asyncio.Future[None]] = []
        self._ended = False

    async def flush(self) -> None:
        """Return when all bytes that have come up to now are stored."""
        if self._ended:
            return
        flush: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushes.append(flush)
        self._changed.set()
        await flush

    async def read(self) -> AsyncGenerator[bytes, None]:
        """Yield the chunks; to be closed (``aclosing``)."""
        filling = asyncio.create_task(self._fill())
        watching = asyncio.create_task(self._watch_stop())
        try:
            while True:
                self._changed.clear()
                if self._is_full:
                    yield self._take(self._size)
                elif filling.done() or self._stopping.is_set():
                    break
                elif self._flushes:
                    flushes, self._flushes = self._flushes, []
                    # The last chunk is stored after the end of the body: a body that is too long is refused.
                    if self._buffer and self._total < self._limit:
                        yield self._take(self._size)
                    _resolve(flushes)
                else:
                    await self._changed.wait()
            error = filling.result() if filling.done() else ShuttingDownError()
            while self._buffer:
                yield self._take(self._size)
            if error is not None:
                raise error
        finally:
            self._ended = True
            _resolve(self._flushes)
            watching.cancel()
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)

    @property
    def _is_full(self) -> bool:
        return len(self._buffer) >= self._size and self._total < self._limit

    def _take(self, size: int) -> bytes:
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._drained.set()
        return chunk

    async def _fill(self) -> BaseException | None:
        """Return how the body ended; raise an error after which its bytes are not kept."""
        try:
            async for block in self._body:
                self._buffer += block
                self._total += len(block)
                self._changed.set()
                while self._is_full:
                    self._drained.clear()
                    await self._drained.wait()
        except INTERRUPTIONS as error:
            return error
        finally:
            self._changed.set()
        return None

    async def _watch_stop(self) -> None:
        await self._stopping.wait()
        self._changed.set()


def _resolve(flushes: list[asyncio.Future[None]]) -> None:
    for flush in flushes:
        if not flush.done():
            flush.set_result(None)


async def rechunk(blocks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Yield the same bytes in chunks of ``size``, the last one shorter."""
    buffer = bytearray()
    async for block in blocks:
        buffer += block
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


class ActiveChunkers:
    """The chunkers of this process by upload, so that a HEAD request gets an offset that counts all that came."""

    def __init__(self) -> None:
        self._chunkers: dict[str, set[Chunker]] = {}

    def add(self, upload_id: str, chunker: Chunker) -> None:
        """Register a chunker that feeds an upload."""
        self._chunkers.setdefault(upload_id, set()).add(chunker)

    def remove(self, upload_id: str, chunker: Chunker) -> None:
        """Forget a chunker that has ended."""
        chunkers = self._chunkers.get(upload_id, set())
        chunkers.discard(chunker)
        if not chunkers:
            self._chunkers.pop(upload_id, None)

    async def flush(self, upload_id: str, seconds: float) -> None:
        """Return when all bytes that have come for an upload are stored, after so many seconds at most."""
        flushes = [asyncio.ensure_future(chunker.flush()) for chunker in self._chunkers.get(upload_id, ())]
        if not flushes:
            return
        await asyncio.wait(flushes, timeout=seconds)
        for flush in flushes:
            flush.cancel()
