"""Which errors pass, how often a chunk is tried again, and after how long."""

from __future__ import annotations

import random
from typing import Final

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
MAX_LOSSES: Final = 3
"""Runs of a chunk that may end with the loss of their worker, in a row and without progress."""
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
