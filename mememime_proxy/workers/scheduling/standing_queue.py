"""Detection of a standing queue, as in CoDel (RFC 8289): a burst makes a queue that drains, overload one that stays."""

from __future__ import annotations

from typing import Final

_INTERVAL: Final = 0.1
_TIMES: Final = 3.5
"""Seconds, and multiple of what a job may wait; meanwhile all must have waited more, and more come than can be done."""
_EXCESS: Final = 2.0
"""Times what can be done that has to come. Clients that wait for each answer offer what can be done, and no more."""
_RELIEF: Final = 1.25
"""Times what can be done that still comes when the queue no longer stands."""
_NO_WAIT: Final = 0.001


class StandingQueue:
    """One queue. Every job that leaves it tells how long it waited.

    A page asks for dozens of pictures at once: they wait, but no more come meanwhile, and so none is refused. It stands
    until no job waits, or hardly more come than can be done.
    """

    def __init__(self) -> None:
        self.is_standing = False
        self._above_since: float | None = None
        self._offered = 0.0

    def offer(self, seconds: float) -> None:
        """Note a job that comes, whether or not it is admitted, by the time that it will take."""
        self._offered += seconds

    def observe_timely(self, wait: float, *, others: bool = False) -> None:
        """Note a job that leaves the queue after ``wait`` seconds, no more than in one that drains.

        ``others``: whether jobs wait behind it; it may only have been its flow's turn then. The queue no longer stands
        when the last one did not wait at all: while jobs are refused because of it, it is short.
        """
        if not others:
            self._above_since = None
            self.is_standing = self.is_standing and wait > _NO_WAIT

    def observe_late(self, now: float, target: float, servers: float) -> None:
        """Note a job that leaves the queue after more than ``target`` seconds.

        ``servers``: workers that the queue has.
        """
        if self._above_since is None:
            self._above_since, self._offered = now, 0.0
        elif now - self._above_since >= max(_INTERVAL, _TIMES * target):
            load = self._offered / (servers * (now - self._above_since))
            self.is_standing = load > (_RELIEF if self.is_standing else _EXCESS)
            self._above_since, self._offered = now, 0.0
