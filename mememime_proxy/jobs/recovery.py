"""Recovery: the queue gets what the rows say is due, so that a queue that is lost, or in memory, loses no work."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import Select, and_, select

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import ChunkKey, Message, Transactions
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.schema import JOB_CHUNKS
from mememime_proxy.jobs.states import ChunkState
from mememime_proxy.service.logs import limited_logger

_MEMORY_INTERVAL: Final = 0.5
"""Seconds between two rounds where the queue is in memory: other processes reach this one by the rows alone."""
_SHARED_INTERVAL: Final = 2.5
"""The same where PostgreSQL carries the messages, so that a round finds something after a loss only."""
_DUE_INTERVAL: Final = 10.0
"""Seconds between two looks for messages that a shared queue has lost."""
_ROWS: Final = 500
"""Chunks that one round adds to a shared queue; in memory as many as the worker has slots, since each round counts anew
which chunks are the most urgent."""
_LOG_INTERVAL: Final = 60.0

_COLUMNS: Final = (JOB_CHUNKS.c.kind, JOB_CHUNKS.c.job, JOB_CHUNKS.c.number, JOB_CHUNKS.c.rank)


class Recovery:
    """Rounds in the background, from ``start`` to ``close``."""

    def __init__(
        self,
        database: Transactions,
        queue: JobQueue,
        kinds: Collection[JobKind],
        clock: Callable[[], int],
        slots: int,
    ) -> None:
        self._database = database
        self._queue = queue
        self._kinds = kinds
        self._clock = clock
        self._rows = slots if queue.is_in_memory else _ROWS
        self._interval = _MEMORY_INTERVAL if queue.is_in_memory else _SHARED_INTERVAL
        self._log = limited_logger("error")

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """End them."""
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        next_clearing = next_look + _LOG_INTERVAL
        while True:
            now = loop.time()
            try:
                await self.add_lost()
                if self._queue.is_in_memory or now >= next_look:
                    next_look = now + _DUE_INTERVAL * random.uniform(0.8, 1.2)  # noqa: S311
                    await self.add_due()
                if now >= next_clearing:
                    next_clearing = now + _LOG_INTERVAL
                    await self._queue.clear_log(self._kinds)
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("queue.recovery_failed", error=error.code, detail=error.detail)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval * random.uniform(0.8, 1.2)):  # noqa: S311
                    await self._queue.has_room.wait()
            self._queue.has_room.clear()

    async def add_lost(self) -> int:
        """Bring chunks whose worker was lost to the queue, and return how many there are."""
        column = JOB_CHUNKS.c
        is_lapsed = and_(column.state == ChunkState.RUNNING, column.lease_until <= self._clock())
        names = [kind.name for kind in self._kinds]
        count = await self._add(select(*_COLUMNS).where(is_lapsed, column.kind.in_(names)).order_by(column.lease_until))
        if count:
            # The message of a lost worker is in a shared queue: it is seen once somebody looks.
            await self._queue.wake()
        return count

    async def add_due(self) -> int:
        """Bring the most urgent chunks of each kind to the queue, if it has none of that kind; return how many."""
        column, count = JOB_CHUNKS.c, 0
        for kind in self._kinds:
            if await self._queue.has_due(kind):
                continue
            is_due = and_(column.kind == kind.name, column.state == ChunkState.QUEUED, column.due <= self._clock())
            count += await self._add(select(*_COLUMNS).where(is_due).order_by(column.rank, column.due))
        return count

    async def _add(self, query: Select[Any]) -> int:
        async with self._database.read() as tx:
            rows = (await tx.execute(query.limit(self._rows))).all()
            messages = [Message(row.kind, ChunkKey(row.job, row.number), -row.rank) for row in rows]
            await self._queue.add(tx, messages)  # which changes the engine's own tables alone
        return len(rows)
