"""The bytes of a film: a memory file with holes, which are filled by ranges of the source as a worker needs them."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
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
        self.identity = hashlib.blake2b(f"{url}\0{state.validator}".encode("utf-8", "surrogateescape")).digest()
        """Equal for two originals that have the same bytes."""
        self.received = 0
        """Bytes that were read from the source."""
        self._open_range = open_range
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

    def original(self) -> Original:
        """Return the original, whose descriptor has these bytes and can be read alone. It closes this."""
        read_only = os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        return Original(read_only, self.size, self.state, permit=self._permit, film=self)

    def close(self) -> None:
        """Close the descriptor that is written to; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
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
        stream = await self._open_range({"Range": str(ByteRange(start, end - 1)), "Accept-Encoding": "identity"})
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


class FilmDetector:
    """Looks at the first bytes of an original on its way, and reads no more of a film than these."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget

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
        film = FilmBytes(size, state, url, open_range, self._budget)
        try:
            await film.write(0, again, HEAD)
            return film.original(), again
        except BaseException:
            film.close()
            raise


async def _chain(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if head:
        yield head
    async for chunk in chunks:
        yield chunk
