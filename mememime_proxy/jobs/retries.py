"""When a chunk runs again: after an error that passes, and after the loss of a worker.

A worker may be ended from outside, or by what it runs. Its rows look the same. So a chunk that has lost a worker runs
its items one by one from then on, where its kind can do that, and writes down each one before it begins: a later loss
is charged to that item alone. Items that have been charged run while nothing else does in their process. So an item
that ends its workers fails by itself, and neither its neighbours nor chunks that were never at work fail with it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Row

from mememime_proxy.errors import (
    DatabaseError,
    JobTimeoutError,
    MememimeError,
    OverloadError,
    RateError,
    RenderTimeoutError,
    SourceTimeoutError,
    SourceUnreachableError,
    StorageTimeoutError,
    StorageUnavailableError,
    WorkerKilledError,
)

MAX_TRIES: Final = 5
"""Runs of a chunk that may end with an error that passes, the last one included."""
_PASSING: Final = (
    ConnectionError,
    DatabaseError,
    JobTimeoutError,
    OverloadError,
    RateError,
    RenderTimeoutError,
    SourceTimeoutError,
    SourceUnreachableError,
    StorageTimeoutError,
    StorageUnavailableError,
    TimeoutError,
    WorkerKilledError,
)
_PASSING_STATUS: Final = (429, 502, 503, 504)
_MIN_BUDGET: Final = 20
_FIRST_DELAY: Final = 1.0
_MAX_DELAY: Final = 60.0


def passes(error: BaseException) -> bool:
    """Return whether the same work may succeed later: the cause lies outside of it."""
    return isinstance(error, _PASSING) or (isinstance(error, MememimeError) and error.status in _PASSING_STATUS)


def retry_budget(chunks: int) -> int:
    """Return how often chunks of a job are tried again altogether: where all fail, not each is tried five times."""
    return max(_MIN_BUDGET, chunks // 5)


def delay_before(tries: int) -> float:
    """Return the seconds before a chunk runs again that has failed ``tries`` times: doubled each time, at random."""
    return min(_MAX_DELAY, _FIRST_DELAY * 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)  # noqa: S311


NO_ITEM: Final = -1
"""In place of an item's index: none was begun, or it is not known which."""
MAX_LOSSES: Final = 3
"""Losses of their worker after which an item is not run again; for kinds that do not isolate items, a chunk: in a row
and without progress."""
MAX_IDLE_LOSSES: Final = 12
"""Losses in a row and without progress, of a chunk whose kind isolates items, that no item can be charged with: each
came before the first item, or while several ran."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The losses of a chunk's workers."""

    count: int
    """In a row and without progress, charged to no item."""
    position: int
    """Of the chunk at the last one; -1 = there was none."""
    items: Mapping[int, int]
    """Losses that an item is charged with, by its index in the chunk."""

    @classmethod
    def of_row(cls, row: Row[Any]) -> Self:
        """Return those that a row of JOB_CHUNKS has."""
        return cls(row.losses, row.lost_at, {int(item): count for item, count in (row.item_losses or {}).items()})

    def with_loss(self, position: int, item: int) -> Losses:
        """Return them after one more, at ``position`` while ``item`` ran alone in its chunk, or NO_ITEM."""
        if item != NO_ITEM:
            return Losses(self.count, position, {**self.items, item: self.items.get(item, 0) + 1})
        # A run that came further than the one before it has not ended its worker in the same place.
        return Losses(self.count + 1 if position == self.position else 1, position, self.items)

    def is_exceeded(self, *, isolates: bool) -> bool:
        """Return whether the chunk is given up. ``isolates``: its kind fails single items instead, see MAX_LOSSES."""
        return self.count >= (MAX_IDLE_LOSSES if isolates else MAX_LOSSES)

    def columns(self) -> dict[str, Any]:
        """Return the columns of JOB_CHUNKS, for a run that has begun no item."""
        items = {str(item): count for item, count in self.items.items()} or None
        return {"losses": self.count, "lost_at": self.position, "item_losses": items, "begun": NO_ITEM}


NO_LOSSES: Final = Losses(0, NO_ITEM, {})
