"""The log of purges: numbers without gaps, in the order in which transactions end.

A row is written without a number, in the transaction of its change. Numbers are given later, to rows that are
committed, by one transaction at a time, which holds the row with the last number until it is committed itself. So a
reader that has seen a number can read every smaller one: none appears below it afterwards. A sequence would give
numbers at the insertion, and a transaction that takes long would end behind larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from mememime_proxy.errors import PurgesExpiredError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import PURGE_HEAD, PURGES

RETENTION: Final = 86_400_000
"""Milliseconds for which rows are kept."""
PAGE: Final = 1000
"""Rows that are read at a time."""
_BATCH: Final = 10_000
"""Rows that get a number in one transaction."""
_HEAD: Final = select(PURGE_HEAD.c.log, PURGE_HEAD.c.number)
_LOCKED_HEAD: Final = _HEAD.with_for_update()
_WAITING: Final = select(PURGES.c.id).where(PURGES.c.number.is_(None))
_ANY_WAITING: Final = _WAITING.limit(1)
_FIRST_WAITING: Final = _WAITING.order_by(PURGES.c.id).limit(_BATCH).subquery()
_PLACES: Final = select(
    _FIRST_WAITING.c.id, func.row_number().over(order_by=_FIRST_WAITING.c.id).label("place")
).subquery()


@dataclass(frozen=True, slots=True)
class LoggedPurge:
    """A row of the log."""

    number: int
    source: str
    created: int
    """Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """The log, and its last number; 0 = there was none yet."""

    log: str
    number: int


class PurgeLog:
    """The log in the database. All methods raise DatabaseError. Any number of processes may use it at once."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def head(self) -> LogHead:
        """Give numbers to all rows that have none, and return the last one. On a replica others give them."""
        while True:
            async with self._database.read() as tx:
                head = (await tx.execute(_HEAD)).one()
                if self._database.read_only or (await tx.execute(_ANY_WAITING)).first() is None:
                    return LogHead(head.log, head.number)
            await self._give_numbers()

    async def read(self, after: int) -> Sequence[LoggedPurge]:
        """Return up to PAGE rows that follow the number ``after``. Raises PurgesExpiredError where one is removed."""
        query = (
            select(PURGES.c.number, PURGES.c.source, PURGES.c.created)
            .where(PURGES.c.number > after)
            .order_by(PURGES.c.number)
            .limit(PAGE)
        )
        async with self._database.read() as tx:
            last = (await tx.execute(_HEAD)).one().number
            rows = [LoggedPurge(*row) for row in await tx.execute(query)]
        if after > last:
            raise PurgesExpiredError(f"found the number {after}, and the last one of this log is {last}")
        if after < last and (not rows or rows[0].number != after + 1):
            raise PurgesExpiredError(f"the purge {after + 1} is no longer in the log")
        return rows

    async def delete_old(self, limit: int) -> int:
        """Remove up to ``limit`` rows past the retention, the smallest numbers first; return how many.

        A row behind one that is not old stays, however old it is: what is left has no gap.
        """
        await self.head()  # a row without a number would be removed unseen
        numbers = PURGES.c.number
        async with self._database.write() as tx:
            is_young = PURGES.c.created > self._clock() - RETENTION
            first = (await tx.execute(select(func.min(numbers)).where(is_young))).scalar_one()
            is_old = numbers < first if first is not None else numbers.is_not(None)
            oldest = select(numbers).where(is_old).order_by(numbers).limit(limit)
            return (await tx.execute(delete(PURGES).where(numbers.in_(oldest)))).rowcount

    async def _give_numbers(self) -> None:
        async with self._database.write() as tx:
            # Whoever waits for this row sees, in the next statement, what its holder has committed.
            last = (await tx.execute(_LOCKED_HEAD)).one().number
            numbered = update(PURGES).where(PURGES.c.id == _PLACES.c.id).values(number=last + _PLACES.c.place)
            count = (await tx.execute(numbered)).rowcount
            await tx.execute(update(PURGE_HEAD).values(number=last + count))
