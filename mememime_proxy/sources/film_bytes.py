"""The bytes of a film: a memory file with holes, which are filled by ranges of the source as a worker needs them."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from mememime_proxy.errors import (
    SourceIncompleteError,
    SourceResponseError,
    SourceTimeoutError,
)
from mememime_proxy.formats.containers import CONTAINER_HEAD, sniff_container
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.service.ranges import ByteRange, ContentRange, parse_content_range
from mememime_proxy.sources.model import Original, SourceState, Stream, is_conditional

HEAD: Final = 128 << 10
"""Bytes at the start that are read of the response which shows that an original is a film."""
_TIMEOUT: Final = 10.0
"""Seconds for one range."""

OpenRange = Callable[[Mapping[str, str]], Awaitable[Stream]]
"""Opens the original with further request headers."""


class FilmBytes:
    """Bytes of a film of ``size`` bytes that are there so far. ``fill`` reads more."""

    def __init__(self, size: int, state: SourceState, url: str, open_range: OpenRange, budget: MemoryBudget) -> None:
        """``budget``: for the memory of what is there."""
        self.size = size
        self.state = state
        self.url = url
        self.identity = identity_of(url, size, state)
        """Equal for two originals that have the same bytes."""
        self.received = 0
        """Bytes that were read from the source."""
        self.users = 0
        """Originals that have these bytes and are not closed."""
        self.open_range = open_range
        """Of the request that came last: it has the headers that are valid now."""
        self._budget = budget
        self._permit = budget.reserve(0, Use.ORIGINALS_IN_FLIGHT)
        self._lock = asyncio.Lock()
        self._present: list[tuple[int, int]] = []
        """Ranges that are there, in order, with a gap between two."""
        self._descriptor = os.memfd_create("film", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self._descriptor, size)
            fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        except BaseException:
            self.close()
            raise

    def original(self, state: SourceState, received: int, release: Callable[[FilmBytes], None]) -> Original:
        """Return an original, whose descriptor has these bytes and can be read alone.

        ``state``: of the source now. ``received``: bytes before its request. ``release``: called when it is closed.
        """
        read_only = os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        self.users += 1
        self.set_use(Use.ORIGINALS_IN_FLIGHT)
        return Original(read_only, self.size, state, film=FilmUse(self, received, release))

    def set_use(self, use: Use) -> None:
        """Count the memory of what is there as of another use."""
        self._permit.change(self._permit.size, use)

    @property
    def held(self) -> int:
        """Bytes that are there."""
        return self._permit.size

    def close(self) -> None:
        """Close the descriptor that is written to, and give its memory back; a second call does nothing."""
        if (permit := getattr(self, "_permit", None)) is not None:
            permit.release()
        descriptor, self._descriptor = getattr(self, "_descriptor", -1), -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()

    async def fill(self, offset: int, length: int) -> None:
        """Return when the bytes from ``offset`` on are there. Raises the errors of sources and MemoryBudgetError.

        SourceResponseError where the source is in another state now, or does not send the range.
        """
        async with self._lock:
            for start, end in self._gaps(offset, min(offset + length, self.size)):
                try:
                    async with asyncio.timeout(_TIMEOUT):
                        await self._read(start, end)
                except TimeoutError as error:
                    raise SourceTimeoutError("the source is too slow") from error
                except ConnectionError as error:
                    raise SourceIncompleteError(f"a part of the film ended early: {error}") from error

    async def _read(self, start: int, end: int) -> None:
        stream = await self.open_range({"Range": str(ByteRange(start, end - 1)), "Accept-Encoding": "identity"})
        async with stream:
            extent = parse_content_range(stream.headers.get("Content-Range", ""))
            if stream.status != 206 or extent != ContentRange(start, end, self.size):
                raise SourceResponseError("the source does not send the range of the film that was asked for")
            headers = stream.headers
            found = SourceState.of(headers.get("ETag", ""), headers.get("Last-Modified", ""))
            if found.validator != self.state.validator:
                raise SourceResponseError("the original has changed while it was read")
            await self.write(start, aiter(stream), end - start)

    async def write(self, offset: int, chunks: AsyncIterator[bytes], most: int) -> None:
        """Write at most ``most`` bytes at ``offset``. SourceIncompleteError where fewer come and the film goes on."""
        position, end = offset, min(offset + most, self.size)
        async for chunk in chunks:
            part = memoryview(chunk)[: end - position]
            self._reserve(len(part))
            while part:
                count = os.pwrite(self._descriptor, part, position)
                position, part = position + count, part[count:]
            if position == end:
                break
        self._add(offset, position)
        if position < end:
            raise SourceIncompleteError(f"the source sent {position - offset} bytes of {end - offset}")

    def _reserve(self, more: int) -> None:
        self.received += more
        if not self._permit.resize(self._permit.size + more):
            self._budget.refuse(more, Use.ORIGINALS_IN_FLIGHT)

    def _gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        gaps = []
        for first, last in self._present:
            if last <= start or first >= end:
                continue
            if first > start:
                gaps.append((start, first))
            start = max(start, last)
        return [*gaps, (start, end)] if start < end else gaps

    def _add(self, start: int, end: int) -> None:
        apart = [each for each in self._present if each[1] < start or each[0] > end]
        joined = [each for each in self._present if each not in apart]
        start, end = min([start, *(each[0] for each in joined)]), max([end, *(each[1] for each in joined)])
        self._present = sorted([*apart, (start, end)])


class FilmUse:
    """What one original has of the bytes of a film (``sources.model.FilmReading``)."""

    def __init__(self, film: FilmBytes, received: int, release: Callable[[FilmBytes], None]) -> None:
        self.identity = film.identity
        self._film = film
        self._received = received
        self._release = release
        self._is_closed = False

    @property
    def received(self) -> int:
        """Bytes that were read from the source since the request of the original."""
        return self._film.received - self._received

    async def fill(self, offset: int, length: int) -> None:
        """See ``FilmBytes.fill``."""
        await self._film.fill(offset, length)

    def close(self) -> None:
        """Let go of the bytes; a second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._film.users -= 1
            self._release(self._film)


class FilmDetector:
    """Looks at the first bytes of an original on its way, and reads no more of a film than these.

    What was read of a film is kept for further requests, up to a number of bytes in all: its index is read by each of
    them. Films that were used longest ago are dropped first.
    """

    def __init__(self, budget: MemoryBudget, most: int = 0) -> None:
        """``most``: bytes of films that nobody uses."""
        self._budget = budget
        self._most = most
        self._films: OrderedDict[bytes, FilmBytes] = OrderedDict()
        budget.add_cache(self._evict)

    async def open(
        self, url: str, size: int, state: SourceState, chunks: AsyncIterator[bytes], open_range: OpenRange
    ) -> tuple[Original | None, AsyncIterator[bytes]]:
        """Return the original if it is a film, else None and all chunks.

        ``state``: with a validator, by which later ranges are known to be of the same bytes.
        """
        head = b""
        async for chunk in chunks:
            head += chunk
            if len(head) >= CONTAINER_HEAD:
                break
        again = _chain(head, chunks)
        if not is_conditional(state.validator) or sniff_container(head) is None:
            return None, again
        if (film := self._films.get(identity_of(url, size, state))) is not None:
            film.open_range = open_range
            return film.original(state, film.received, self._release), again
        film = FilmBytes(size, state, url, open_range, self._budget)
        try:
            await film.write(0, again, HEAD)
            original = film.original(state, 0, self._release)
        except BaseException:
            film.close()
            raise
        if self._most:
            self._films.setdefault(film.identity, film)
        return original, again

    def forget(self, url: str) -> None:
        """Keep nothing of a film that is read from ``url``."""
        for film in [film for film in self._films.values() if film.url == url]:
            self._drop(film)

    def forget_all(self) -> None:
        """Keep nothing of any film."""
        for film in list(self._films.values()):
            self._drop(film)

    def _release(self, film: FilmBytes) -> None:
        if film.users:
            return
        if self._films.get(film.identity) is not film:
            film.close()
            return
        film.set_use(Use.ORIGINALS)
        self._films.move_to_end(film.identity)
        self._evict(sum(each.held for each in self._films.values() if not each.users) - self._most)

    def _evict(self, size: int) -> None:
        """Drop films that nobody uses, until ``size`` bytes are free."""
        for film in list(self._films.values()):
            if size <= 0:
                return
            if not film.users:
                size -= film.held
                self._drop(film)

    def _drop(self, film: FilmBytes) -> None:
        del self._films[film.identity]
        if not film.users:
            film.close()


def identity_of(url: str, size: int, state: SourceState) -> bytes:
    """Return what is equal for two originals that have the same bytes."""
    return hashlib.blake2b(f"{url}\0{size}\0{state.validator}".encode("utf-8", "surrogateescape")).digest()


async def _chain(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for chunk in chunks:
        yield chunk
