"""Generations of sources: a purge begins a new one, and what was made in an old one counts no more, wherever it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from cachetools import LRUCache

_SOURCES = 1 << 16


class Marks(Protocol):
    """Where generations are kept for other processes; '' is the generation of a source that was never purged."""

    async def generation(self, source: str) -> str | None:
        """The present one; None where it cannot be found out."""
        ...

    async def begin(self, source: str, name: str) -> None:
        """Begins the generation ``name``."""
        ...


class Generations:
    """What is known of them here. Without ``marks`` nobody else can begin one."""

    def __init__(self, marks: Marks | None, freshness: float, clock: Callable[[], float] = monotonic) -> None:
        """``freshness``: seconds until marks are looked at again, and so until another process's purge is noticed."""
        self._marks = marks
        self._freshness = freshness
        self._clock = clock
        self._known: LRUCache[str, tuple[str, float]] = LRUCache(_SOURCES)

    def last(self, source: str) -> str:
        """The one that was seen last."""
        found = self._known.get(source)
        return found[0] if found is not None else ""

    def known(self, source: str) -> str | None:
        """The present one, or None where it has to be looked up."""
        found = self._known.get(source)
        if self._marks is None:
            return found[0] if found is not None else ""
        return found[0] if found is not None and self._clock() < found[1] else None

    async def look(self, source: str) -> str:
        """The present one; where it cannot be looked up, the last that was known."""
        if (known := self.known(source)) is not None or self._marks is None:
            return known or ""
        before = self.last(source)
        found = await self._marks.generation(source)
        if self.last(source) == before:  # else: purged meanwhile, here
            self._known[source] = (before if found is None else found, self._clock() + self._freshness)
        return self.last(source)

    async def renew(self, source: str) -> None:
        """Begins a new one, here at once and for others when this returns."""
        name = secrets.token_hex(8)
        self._known[source] = (name, self._clock() + self._freshness)
        if self._marks is not None:
            await self._marks.begin(source, name)
