"""A request's body cut into pieces that are made durable one by one; what came of a body that breaks off is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from mememime_proxy.errors import ClientDisconnectedError, RequestError, ShuttingDownError

KEEPS = (ConnectionError, ClientDisconnectedError, ShuttingDownError, RequestError)
"""How a body may end early so that what came of it before is worth to be kept."""


class Pieces:
    """``read`` once: pieces of ``size`` bytes, the last one shorter.

    While one is dealt with the next one comes in: up to twice ``size`` is in memory. Where the body breaks off, or
    ``stopping`` is set, what came is a last piece, and the iteration ends in the error.
    """

    def __init__(self, body: AsyncIterator[bytes], size: int, limit: int, stopping: asyncio.Event) -> None:
        """``limit``: bytes after which nothing may come; ``body`` itself ends in an error where there is more."""
        self._body = body
        self._size = size
        self._limit = limit
        self._stopping = stopping
        self._held = bytearray()
        self._total = 0
        self._room = asyncio.Event()
        self._changed = asyncio.Event()
        self._asked: list[asyncio.Future[None]] = []
        self._ended = False

    async def hand_on(self) -> None:
        """Returns when all that has come up to now was given to whoever reads, who has dealt with it."""
        if self._ended:
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._changed.set()
        await asked

    async def read(self) -> AsyncGenerator[bytes, None]:
        """The pieces; to be closed (``aclosing``)."""
        filling = asyncio.create_task(self._fill())
        stop = asyncio.create_task(self._stopping.wait())
        for task in (filling, stop):
            task.add_done_callback(lambda _: self._changed.set())
        try:
            while True:
                self._changed.clear()
                if self._is_full:
                    yield self._take(self._size)
                elif filling.done() or stop.done():
                    break
                elif self._asked:
                    asked, self._asked = self._asked, []
                    # The last piece waits for the end of the body: more than there may be makes it doubtful.
                    if self._held and self._total < self._limit:
                        yield self._take(self._size)
                    _answer(asked)
                else:
                    await self._changed.wait()
            broken = filling.result() if filling.done() else ShuttingDownError()
            while self._held:
                yield self._take(self._size)
            if broken is not None:
                raise broken
        finally:
            self._ended = True
            _answer(self._asked)
            stop.cancel()
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)

    @property
    def _is_full(self) -> bool:
        return len(self._held) >= self._size and self._total < self._limit

    def _take(self, size: int) -> bytes:
        piece = bytes(self._held[:size])
        del self._held[:size]
        self._room.set()
        return piece

    async def _fill(self) -> BaseException | None:
        """How the body ended; raises where what came of it is not to be kept."""
        try:
            async for chunk in self._body:
                self._held += chunk
                self._total += len(chunk)
                self._changed.set()
                while self._is_full:
                    self._room.clear()
                    await self._room.wait()
        except KEEPS as error:
            return error
        return None


def _answer(asked: list[asyncio.Future[None]]) -> None:
    for each in asked:
        if not each.done():
            each.set_result(None)


async def cut(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of ``size``, the last one shorter."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


class Senders:
    """Who sends to which upload in this process, so that one who asks for the offset is told all that came."""

    def __init__(self) -> None:
        self._now: dict[str, set[Pieces]] = {}

    def begin(self, upload: str, pieces: Pieces) -> None:
        """``pieces`` go to ``upload`` from now on."""
        self._now.setdefault(upload, set()).add(pieces)

    def end(self, upload: str, pieces: Pieces) -> None:
        """They do no more."""
        there = self._now.get(upload, set())
        there.discard(pieces)
        if not there:
            self._now.pop(upload, None)

    async def settle(self, upload: str, patience: float) -> None:
        """What came for ``upload`` is durable on return, or ``patience`` seconds are over."""
        asked = [asyncio.ensure_future(pieces.hand_on()) for pieces in self._now.get(upload, ())]
        if not asked:
            return
        await asyncio.wait(asked, timeout=patience)
        for each in asked:
            each.cancel()
