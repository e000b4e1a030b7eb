"""Requests in progress: those that work, and those that wait for another one's render, which cost next to nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from mememime_proxy.errors import OverloadError

WAITING_CLIENTS: Final = 4
"""Requests that may wait for renders of others, for each that may work: 40 KiB each."""
_MOST_OF_ONE: Final = 2
"""One render may have half of them, so that others may be waited for as well."""


class Clients:
    """Counts requests in progress against MAX_CLIENTS."""

    def __init__(self, limit: Callable[[], int]) -> None:
        """``limit``: requests that may work at once, at present; 0 = any number."""
        self._limit = limit
        self.in_progress = 0
        self.waiting = 0
        """Of those in progress: requests that wait for another one's render."""

    def check(self) -> None:
        """Return if one more request may work, which is counted in ``in_progress`` already. Raises OverloadError."""
        working = self.in_progress - self.waiting
        if (limit := self._limit()) and working > limit:
            raise OverloadError(f"{working} requests are in progress")

    @contextlib.contextmanager
    def wait(self, others: int) -> Iterator[None]:
        """Count the request as waiting while the block lasts. Raises OverloadError where too many wait already.

        ``others``: how many wait for the same render.
        """
        limit = WAITING_CLIENTS * self._limit()
        if limit and (self.waiting >= limit or others >= limit // _MOST_OF_ONE):
            raise OverloadError(f"{others} requests wait for this render, {self.waiting} for any")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
