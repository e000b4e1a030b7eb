"""Originals on their way: they are written to memory as they arrive, and the memory budget counts them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from mememime_proxy.errors import SourceIncompleteError, SourceTooLargeError
from mememime_proxy.memfd import memfd, write_all
from mememime_proxy.memory_budget import MemoryBudget, Permit, Use
from mememime_proxy.sources.model import CHUNK, Original

BUFFERS: Final = 2 * CHUNK
"""Bytes of a connection to a source besides the original: those that arrived and are not written yet."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MAX_WAIT: Final = 1.0
"""Seconds that an original waits for memory at most."""
_WAIT_SHARE: Final = 1 / 4
"""Share of the time for an original that it waits for memory at most."""
_GRACE: Final = 0.5
"""Seconds in which an original may arrive at any rate before others can take the memory that it does not use."""


class Arrival:
    """An original that arrives. ``receive`` once; without it, nothing stays open."""

    def __init__(self, arrivals: Arrivals, permit: Permit, size: int, seconds: float) -> None:
        """``size``: bytes of ``permit`` for the original. ``seconds``: the time that it has to arrive."""
        self._arrivals = arrivals
        self._permit = permit
        self._seconds = seconds
        self._began = arrivals.clock()
        self.reserved = size
        """Bytes that are reserved for the original."""
        self.received = 0
        self.original = Original(memfd("original"), 0, permit=permit)

    async def receive(self, chunks: AsyncIterator[bytes], limit: int) -> None:
        """Write all ``chunks`` to the original; on an error, it is closed.

        SourceTooLargeError past ``limit`` bytes (0 = any number), MemoryBudgetError where there is no memory for more.
        """
        original = self.original
        self._arrivals.add(self)
        try:
            async for chunk in chunks:
                size = self.received + len(chunk)
                self._make_room(size, limit)
                write_all(original.fd, chunk)
                self.received = size
        except BaseException:
            original.close()
            raise
        finally:
            self._arrivals.remove(self)
        original.size = self.received
        # A page is the least that a memory file takes.
        self._permit.change(-(-original.size // _PAGE) * _PAGE, Use.ORIGINALS_IN_FLIGHT)

    @property
    def is_late(self) -> bool:
        """Whether it would not arrive in time at the rate that it had so far."""
        elapsed = self._arrivals.clock() - self._began
        return elapsed > _GRACE and self.received * self._seconds < self.reserved * elapsed

    def reserve(self, size: int) -> bool:
        """Reserve ``size`` bytes in all for the original; False where more do not fit."""
        if not self._permit.resize(BUFFERS + size):
            return False
        self.reserved = size
        return True

    def _make_room(self, size: int, limit: int) -> None:
        """Reserve memory for ``size`` bytes in all, and ahead of what comes."""
        if limit and size > limit:
            raise SourceTooLargeError(f"the original has more than {limit} bytes")
        if size <= self.reserved:
            return
        ahead = max(2 * size, CHUNK)
        if not (self.reserve(min(ahead, limit) if limit else ahead) or self.reserve(size)):
            self._arrivals.budget.refuse(size, Use.ORIGINALS_IN_FLIGHT)


class Arrivals:
    """Originals that arrive at present.

    Each has memory for all of its bytes before the first one is read, where its size is announced; else for twice of
    what has come. An original that waits for memory holds none, and one that has some does not wait for more: it is
    refused. What is reserved for an original that will not arrive in time is for others.
    """

    def __init__(self, budget: MemoryBudget, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.clock = clock
        self._arrivals: set[Arrival] = set()
        budget.add_reservations(self._reclaim)

    async def begin(self, announced: int | None, seconds: float) -> Arrival:
        """Return an original that will have ``announced`` bytes (None = any number) within ``seconds``.

        SourceTooLargeError where they can never fit, MemoryBudgetError where they do not fit now.
        """
        size = announced or 0
        if size + BUFFERS > (limit := self.budget.passive_limit):
            raise SourceTooLargeError(
                f"the original has {size} bytes, MEMEMIME_MEMORY_BUDGET leaves {limit} for all originals"
            )
        wait = min(_MAX_WAIT, seconds * _WAIT_SHARE)
        permit = await self.budget.wait_and_reserve(size + BUFFERS, Use.ORIGINALS_IN_FLIGHT, wait)
        return Arrival(self, permit, size, seconds)

    async def receive_head(self, chunks: AsyncIterator[bytes], head: int, size: int, seconds: float) -> Original:
        """Return the first ``head`` bytes of an original of ``size`` bytes, and read no more. Raises as ``begin``."""
        arrival = await self.begin(head, seconds)
        await arrival.receive(_first(chunks, head), head)
        original = arrival.original
        if original.size < head:
            original.close()
            raise SourceIncompleteError(f"the source sent {original.size} bytes of {size}")
        original.size, original.head = size, head
        return original

    def add(self, arrival: Arrival) -> None:
        """Count an original among those that arrive."""
        self._arrivals.add(arrival)

    def remove(self, arrival: Arrival) -> None:
        """Count it no more."""
        self._arrivals.discard(arrival)

    def _reclaim(self, missing: int) -> None:
        """Take memory from originals that will not arrive in time, from those with the most left first."""
        late = [arrival for arrival in self._arrivals if arrival.is_late]
        for arrival in sorted(late, key=lambda arrival: arrival.received - arrival.reserved):
            if missing <= 0:
                break
            missing -= arrival.reserved - arrival.received
            arrival.reserve(arrival.received)


async def _first(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk[:most]
        most -= len(chunk)
        if most <= 0:
            return
