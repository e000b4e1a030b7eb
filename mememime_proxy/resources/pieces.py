"""A request's body cut into pieces that are made durable one by one; what came of a body that breaks off is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from mememime_proxy.errors import ClientGoneError, RequestError, ShuttingDownError

KEEPS = (ConnectionError, ClientGoneError, ShuttingDownError, RequestError)
"""How a body may end early so that what came of it before is worth to be kept."""


class Pieces:
    """``read`` once: pieces of ``size`` bytes, the last one shorter.

    Where the body breaks off, or ``stopping`` is set, what came is a last piece, and the iteration ends in the error.
    """

    def __init__(self, body: AsyncIterator[bytes], size: int, limit: int, stopping: asyncio.Event) -> None:
        """``limit``: bytes after which nothing may come; ``body`` itself ends in an error where there is more."""
        self._body = body
        self._size = size
        self._limit = limit
        self._stopping = stopping
        self._asked: list[asyncio.Future[None]] = []
        self._wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = False

    async def hand_on(self) -> None:
        """Returns when all that has come up to now was given to whoever iterates, who has dealt with it."""
        if self._ended:
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        if not self._wake.done():
            self._wake.set_result(None)
        await asked

    async def read(self) -> AsyncGenerator[bytes, None]:
        """The pieces; to be closed (``aclosing``)."""
        held, total = bytearray(), 0
        stop = asyncio.ensure_future(self._stopping.wait())
        reading = asyncio.ensure_future(_next(self._body))
        broken: BaseException | None = None
        try:
            while broken is None:
                waited: list[asyncio.Future[Any]] = [reading, stop, self._wake]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if stop.done():
                    broken = ShuttingDownError()
                if reading.done():
                    try:
                        chunk = reading.result()
                    except KEEPS as error:
                        broken = error
                        continue
                    if chunk is None:
                        broken = None
                        break
                    held += chunk
                    total += len(chunk)
                    reading = asyncio.ensure_future(_next(self._body))
                # The last piece waits for the end of the body: more than there may be makes all of it doubtful.
                while len(held) >= self._size and total < self._limit:
                    yield bytes(held[: self._size])
                    del held[: self._size]
                if self._wake.done():
                    if held and total < self._limit:
                        yield bytes(held)
                        held.clear()
                    self._answer()
            while held:
                yield bytes(held[: self._size])
                del held[: self._size]
            if broken is not None:
                raise broken
        finally:
            self._ended = True
            self._answer()
            stop.cancel()
            reading.cancel()

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        for each in asked:
            if not each.done():
                each.set_result(None)
        if self._wake.done():
            self._wake = asyncio.get_running_loop().create_future()


async def _next(body: AsyncIterator[bytes]) -> bytes | None:
    return await anext(body, None)


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
