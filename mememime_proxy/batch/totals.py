"""The totals of a batch up to now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mememime_proxy.jobs.model import Items


@dataclass(slots=True)
class BatchTotals:
    """What has come of a batch. Only the sums are held, however many items there are."""

    clock: Callable[[], float] = time.monotonic
    total: int | None = None
    """Units of the whole input; None = unknown up to now."""
    counts: Items = field(default_factory=Items)
    size: int = 0
    """Bytes that were written."""
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def ended(self) -> int:
        """Units that have ended."""
        return sum(self.counts)

    @property
    def left(self) -> int | None:
        """Units that have not ended; None = unknown."""
        return None if self.total is None else max(0, self.total - self.ended)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.started

    def add(self, counts: Items, size: int) -> None:
        """Add what has ended."""
        self.counts = self.counts.plus(counts)
        self.size += size
