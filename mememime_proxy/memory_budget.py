"""The memory that a service may use, shared by everything in it that grows with its work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from math import inf
from types import TracebackType
from typing import Final, NoReturn, Self

from mememime_proxy.errors import MemoryBudgetError


class Use(StrEnum):
    """What memory is used for: the label ``use`` of the metrics."""

    BASE = "base"
    """The processes of the service as they are without work."""
    SMALL_RENDERS = "small_renders"
    """Reserved from the start for the workers that take small jobs only."""
    RENDERS = "renders"
    """Grants of running jobs, their results among them."""
    RESULTS = "results"
    """Results that no cache holds: they are being sent, or wait to be stored."""
    ORIGINALS_IN_FLIGHT = "originals_in_flight"
    """Originals on their way, and those that a request has in use and no cache holds."""
    ORIGINALS = "originals"
    """Originals in the cache."""
    VARIANTS = "variants"
    """Variants in the cache in memory."""
    PIXELS = "pixels"
    """Decoded pixels of originals, and files for those that a render is going to hand back."""
    STREAMS = "streams"
    """Buffers of originals that are passed through."""
    UPLOADS = "uploads"
    """Buffers of uploads."""


_PASSIVE: Final = frozenset({Use.RESULTS, Use.ORIGINALS_IN_FLIGHT, Use.STREAMS, Use.UPLOADS})
"""Uses that last as long as a client, a source or a waiting job lets them."""
_FIXED: Final = frozenset({Use.BASE, Use.SMALL_RENDERS})
PASSIVE_SHARE: Final = 3 / 8
"""Share of what is not fixed that passive uses may have. The rest is for renders, which need nothing else to end: so
originals that wait for a render cannot take the memory that it waits for."""
_MAX_WAITING: Final = 64
"""Reservations that may wait for memory at once; each is tried again whenever memory is freed."""


class MemoryBudget:
    """Bytes that are reserved before they are used. 0 = no limit; what is used is counted all the same.

    For one thread: that of the event loop.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.used_by: dict[Use, int] = dict.fromkeys(Use, 0)
        self.refusals: Counter[Use] = Counter()
        self.passive_limit: float = int(limit * PASSIVE_SHARE) if limit else inf
        """Bytes that originals, results and buffers together may have."""
        self._passive = 0
        self._fixed = 0
        self._caches: list[Callable[[int], object]] = []
        self._reservations: list[Callable[[int], object]] = []
        self._callbacks: list[Callable[[], object]] = []
        self._waiting = 0

    @property
    def free(self) -> int:
        """Bytes that could be reserved now, without what caches would give up."""
        return max(0, self.limit - self.used)

    @property
    def largest_render(self) -> float:
        """Bytes that one job may have: those that nothing else can hold for long."""
        return self.limit - self._fixed - self.passive_limit if self.limit else inf

    @property
    def results_fit(self) -> bool:
        """False while originals and results that wait for their clients have all that they may have."""
        return self._passive < self.passive_limit

    def add_cache(self, reclaim: Callable[[int], object]) -> None:
        """Add a cache. ``reclaim`` evicts entries of about so many bytes."""
        self._caches.append(reclaim)

    def add_reservations(self, reclaim: Callable[[int], object]) -> None:
        """Add a holder of passive reservations that are not used yet. ``reclaim`` gives up about so many bytes."""
        self._reservations.append(reclaim)

    def call_when_freed(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` once, when bytes are given back next: in the middle of a release, maybe in a thread."""
        self._callbacks.append(callback)

    def try_reserve(self, size: int, use: Use) -> Permit | None:
        """Reserve ``size`` bytes, for which caches give up entries where need be; None where they do not fit."""
        return self.reserve_now(size, use) if self.fits(size, use) else None

    def reserve(self, size: int, use: Use) -> Permit:
        """Reserve ``size`` bytes. Raises MemoryBudgetError where they do not fit now."""
        return self.try_reserve(size, use) or self.refuse(size, use)

    def reserve_now(self, size: int, use: Use) -> Permit:
        """Reserve what is in use already, whether or not it fits."""
        permit = Permit(self, use)
        permit.change(size, use)
        return permit

    async def wait_and_reserve(self, size: int, use: Use, seconds: float) -> Permit:
        """Reserve ``size`` bytes, within ``seconds``. Raises MemoryBudgetError where they do not fit by then.

        A caller must not hold anything that others wait for.
        """
        permit = self.try_reserve(size, use)
        if permit is not None:
            return permit
        if self._waiting >= _MAX_WAITING:
            self.refuse(size, use)
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while permit is None:
                    await self._until_freed()
                    permit = self.try_reserve(size, use)
        except TimeoutError:
            self.refuse(size, use)
        finally:
            self._waiting -= 1
        return permit

    def refuse(self, size: int, use: Use) -> NoReturn:
        """Count a refusal and raise its error."""
        self.refusals[use] += 1
        used = f"{self.used} of {self.limit} bytes are in use, {self._passive} of them by originals and results"
        raise MemoryBudgetError(f"no memory for {size} bytes ({use}): {used}")

    def fits(self, more: int, use: Use) -> bool:
        """Return whether ``more`` bytes fit, for which reservations and caches were reduced where need be."""
        if not self.limit:
            return True
        missing, missing_passive = self._missing(more, use)
        if missing <= 0 and missing_passive <= 0:
            return True
        for reclaim in self._reservations:
            reclaim(max(missing, missing_passive))
        missing, missing_passive = self._missing(more, use)
        if missing_passive > 0:
            return False
        for reclaim in self._caches:
            if missing <= 0:
                break
            reclaim(missing)
            missing = self._missing(more, use)[0]
        return missing <= 0

    def _missing(self, more: int, use: Use) -> tuple[int, int]:
        """Return how many bytes are missing in all, and how many of those for passive uses."""
        passive = self._passive + more - int(self.passive_limit) if use in _PASSIVE else 0
        return self.used + more - self.limit, passive

    async def _until_freed(self) -> None:
        freed = asyncio.Event()
        # The last reference to a permit may be that of a thread.
        self.call_when_freed(partial(asyncio.get_running_loop().call_soon_threadsafe, freed.set))
        await freed.wait()

    def count(self, use: Use, more: int) -> None:
        """Count ``more`` bytes, which may be negative. For ``Permit``."""
        self.used += more
        self.used_by[use] += more
        if use in _PASSIVE:
            self._passive += more
        elif use in _FIXED:
            self._fixed += more
            if self.limit:
                self.passive_limit = int((self.limit - self._fixed) * PASSIVE_SHARE)
        if more < 0 and self._callbacks:
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback()


class Permit:
    """A number of bytes reserved in a budget, until ``release`` or until nothing refers to the permit any more.

    A context manager, too, which releases it.
    """

    __slots__ = ("__weakref__", "_budget", "size", "use")

    def __init__(self, budget: MemoryBudget, use: Use) -> None:
        self._budget = budget
        self.size = 0
        self.use = use

    def resize(self, size: int) -> bool:
        """Change to ``size`` bytes; False where more do not fit, and nothing has changed."""
        if size > self.size and not self._budget.fits(size - self.size, self.use):
            return False
        self.change(size, self.use)
        return True

    def change(self, size: int, use: Use) -> None:
        """Change to ``size`` bytes that are used for ``use``, whether or not they fit: they are in use already."""
        if use is self.use:
            if size != self.size:
                self._budget.count(use, size - self.size)
        else:
            self._budget.count(use, size)
            self._budget.count(self.use, -self.size)
            self.use = use
        self.size = size

    def release(self) -> None:
        """Give the bytes back; a second call does nothing."""
        if self.size:
            size, self.size = self.size, 0
            self._budget.count(self.use, -size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()
