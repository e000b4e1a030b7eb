"""The feed of purges: readers wait for rows of the log, and one reading of the database serves all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from mememime_proxy.errors import DatabaseError, OverloadError, PurgesExpiredError, StorageFullError
from mememime_proxy.resources.aliases.purge_log import PAGE, LoggedPurge, LogHead, PurgeLog
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import CHANNEL
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.service.logs import limited_logger

_MEMORY: Final = 10_000
"""Rows of the log that are held; a reader that is further behind reads the database."""
_ANSWERS: Final = 64
"""Answers that are held until the next row comes."""
_INTERVAL: Final = {"sqlite": 1.0, "postgresql": 5.0}
"""Seconds between two readings that nothing has asked for: another process wrote to SQLite, or a message was lost."""
_REPLICA_INTERVAL: Final = 0.25
"""The same on a replica, to which PostgreSQL sends no messages."""
_ACTIVE_INTERVAL: Final = 0.05
_ACTIVE_TIME: Final = 2.5
"""Seconds of readings at the short interval after ``wake``: the transaction of the row may not have ended (SQLite)."""
_LOOK: Final = 5.0
"""Seconds after which a waiting reader is looked at: it may have gone away."""
_MIN_BACKOFF, _MAX_BACKOFF = 0.2, 5.0


class PurgeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A source whose variants are to be dropped."""

    number: int
    source: str
    created: int
    """Milliseconds since 1970."""


class PurgePage(msgspec.Struct, frozen=True, kw_only=True):
    """Purges by number, without gaps."""

    log: str
    """Name of the log: where it is another one, numbers of the former one say nothing."""
    purges: list[PurgeDocument]
    next: int
    """What the next request names in `after`."""
    head: int
    """The last number of the log; larger than `next` where more purges can be read."""
    now: int
    """The service's time, in milliseconds since 1970."""


class PurgeFeed:
    """The readers of one process, of which at most ``limit`` wait."""

    def __init__(
        self, database: Database, clock: Callable[[], int], limit: int, metrics: ResourceMetrics | None = None
    ) -> None:
        (metrics or ResourceMetrics()).watch_purge_readers(lambda: self.waiting)
        self._purges = PurgeLog(database, clock)
        self._database = database
        self._clock = clock
        self.limit = limit
        """A smaller one holds for new readers."""
        self.waiting = 0
        """Readers that wait."""
        self._head: LogHead | None = None
        self._rows: deque[LoggedPurge] = deque(maxlen=_MEMORY)
        """The last rows up to ``_head``."""
        self._answers: dict[int, bytes] = {}
        """By the number after which they begin."""
        self._changed = asyncio.Event()
        self._woken = asyncio.Event()
        self._active_until = 0.0
        self._stopping = False
        self._reading = asyncio.Lock()
        self._listens = database.dialect == "postgresql" and not database.read_only
        self._interval = _REPLICA_INTERVAL if database.read_only else _INTERVAL[database.dialect]
        self._tasks: list[asyncio.Task[None]] = []
        self._log = limited_logger()

    def start(self) -> None:
        """Give numbers and read, whether or not somebody waits: a service on a replica cannot give any."""
        self._tasks.append(asyncio.create_task(self._run()))
        if self._listens:
            self._tasks.append(asyncio.create_task(self._listen()))

    def wake(self) -> None:
        """Read soon: the log has a new row, or will have when a transaction ends. PostgreSQL tells it by itself."""
        if self._database.dialect == "sqlite":
            self._active_until = asyncio.get_running_loop().time() + _ACTIVE_TIME
            self._woken.set()

    def stop(self) -> None:
        """Answer all who wait, and let nobody wait from now on."""
        self._stopping = True
        self._changed.set()

    async def close(self) -> None:
        """Stop reading."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def read(self, after: int | None, wait: float, is_gone: Callable[[], bool]) -> bytes:
        """Return a ``PurgePage`` as JSON with the purges behind the number ``after``; None = behind the last one.

        Where there are none, the first one is waited for, for ``wait`` seconds at most or until ``is_gone``. Raises
        DatabaseError; OverloadError where too many wait; PurgesExpiredError where a row is removed, or ``after`` is
        larger than the last number.
        """
        head = self._head
        if head is None or after is None or after > head.number:
            # Another process may have given numbers that this one has not read yet.
            head = await self._refresh()
        if after is None:
            after = head.number
        elif after > head.number:
            raise PurgesExpiredError(f"found the number {after}, and the last one of this log is {head.number}")
        if wait:
            await self._wait(after, wait, is_gone)
        return await self._answer(after)

    async def _wait(self, after: int, wait: float, is_gone: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        with self._slot():
            while self._last_number == after and not self._stopping and loop.time() < end and not is_gone():
                changed = self._changed
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(min(end, loop.time() + _LOOK)):
                        await changed.wait()

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        if self.waiting >= self.limit:
            raise OverloadError(f"{self.limit} readers wait for purges already, as MEMEMIME_PURGE_READERS allows")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    @property
    def _last_number(self) -> int:
        return self._head.number if self._head is not None else 0

    async def _answer(self, after: int) -> bytes:
        """Return the answer to all who have the number ``after``: it is made once for each state of the log."""
        answer = self._answers.get(after)
        if answer is None:
            changed = self._changed
            rows = await self._rows_after(after)
            head = self._head or LogHead("", 0)
            answer = msgspec.json.encode(
                PurgePage(
                    log=head.log,
                    purges=[PurgeDocument(number=row.number, source=row.source, created=row.created) for row in rows],
                    next=rows[-1].number if rows else after,
                    head=max(head.number, rows[-1].number if rows else after),
                    now=self._clock(),
                )
            )
            if rows and changed is self._changed and len(self._answers) < _ANSWERS:
                self._answers[after] = answer
        return answer

    async def _rows_after(self, after: int) -> list[LoggedPurge]:
        if after == self._last_number:
            return []
        if self._rows and self._rows[0].number <= after + 1:
            start = after + 1 - self._rows[0].number
            return list(islice(self._rows, start, start + PAGE))
        return list(await self._purges.read(after))

    async def _run(self) -> None:
        loop, idle = asyncio.get_running_loop(), self._interval
        while True:
            is_active = loop.time() < self._active_until
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ACTIVE_INTERVAL if is_active else idle):
                    # While a transaction is waited for, each wake would be one reading more.
                    await (asyncio.sleep(idle) if is_active else self._woken.wait())
            self._woken.clear()
            try:
                await self._refresh()
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("purge_feed.read_failed", detail=error.detail)

    async def _listen(self) -> None:
        """Read whenever PostgreSQL tells of new rows; without it, they are found at the next interval."""
        backoff = _MIN_BACKOFF
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._database.listen(CHANNEL, self._woken.set)
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("purge_feed.listen_failed", detail=error.detail)
            lasted = asyncio.get_running_loop().time() - started
            backoff = _MIN_BACKOFF if lasted > _MAX_BACKOFF else min(2 * backoff, _MAX_BACKOFF)
            await asyncio.sleep(backoff)

    async def _refresh(self) -> LogHead:
        """Read what is new, and answer those who wait for it."""
        async with self._reading:
            known, head = self._head, await self._purges.head()
            if known == head:
                return head
            if known is None or known.log != head.log or not known.number < head.number <= known.number + _MEMORY:
                self._rows.clear()
            else:
                head = LogHead(head.log, await self._read_until(known.number, head.number))
            self._head = head
            self._answers.clear()
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
            return head

    async def _read_until(self, number: int, last: int) -> int:
        """Hold the rows between the two numbers, or none of them; return the last number that was read."""
        try:
            while number < last:
                rows = await self._purges.read(number)
                self._rows.extend(rows)
                number = rows[-1].number
        except PurgesExpiredError:  # this process stood still for a day
            self._rows.clear()
            return last
        return number
