"""Purge epochs of sources: a purge begins a new one, and a variant of an older epoch is not valid, wherever it is."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from cachetools import LRUCache

from mememime_proxy.proxy.model import Epoch

_MAX_SOURCES = 1 << 16
_NAME = re.compile(r"([0-9a-f]{11})-[0-9a-f-]+")
"""Of an epoch: milliseconds since 1970 in hexadecimal, and what makes it unique."""
_MAX_SKEW = 60.0
"""Seconds by which the clocks of two processes that share a store may differ."""


def epoch_name(milliseconds: int, unique: str) -> str:
    """Return the name of an epoch that begins at this time; ``unique``: in hexadecimal digits."""
    return f"{milliseconds:011x}-{unique}"


def is_valid(made_in: Epoch, present: str) -> bool:
    """Whether a variant of an epoch is valid in the present one.

    One whose epoch was assumed is, too, if it was begun after the present one: by its time, and the clocks' difference.
    """
    if made_in.name == present:
        return True
    return made_in.assumed_at > 0 and made_in.assumed_at > _began(present) + _MAX_SKEW


def _began(name: str) -> float:
    match = _NAME.fullmatch(name)
    return int(match[1], 16) / 1000 if match else float("inf")


class EpochStore(Protocol):
    """Storage of epochs that processes share. '' is the epoch of a source that was never purged."""

    async def read_epoch(self, source: str) -> str | None:
        """Return the present epoch; None where the store does not answer."""
        ...

    async def write_epoch(self, source: str, epoch: str) -> None:
        """Begin the epoch ``epoch``."""
        ...


class _Entry(NamedTuple):
    epoch: Epoch
    fresh_until: float


class PurgeEpochs:
    """Epochs that this process knows. Without a store, no other process can begin one."""

    def __init__(self, store: EpochStore | None, freshness: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``freshness``: seconds until an epoch is read again, and so until another process's purge is noticed."""
        self._store = store
        self._freshness = freshness
        self._clock = clock
        self._entries: LRUCache[str, _Entry] = LRUCache(_MAX_SOURCES)
        self._default = Epoch()
        """Of a source that has no entry."""
        self._divisions: LRUCache[str, int] = LRUCache(_MAX_SOURCES)
        """Number of divisions of a source, see ``divide``."""
        self._all_divisions = 0

    def last_seen(self, source: str) -> str:
        """Return the name of the epoch that was seen last."""
        entry = self._entries.get(source)
        return (entry.epoch if entry is not None else self._default).name

    def get_fresh(self, source: str) -> Epoch | None:
        """Return the present epoch; None where it must be looked up."""
        entry = self._entries.get(source)
        if self._store is None:
            return entry.epoch if entry is not None else self._default
        return entry.epoch if entry is not None and self._clock() < entry.fresh_until else None

    def group(self, source: str) -> tuple[str, int, int]:
        """Return what two requests have in common that may share work: no purge came between them."""
        return self.last_seen(source), self._divisions.get(source, 0), self._all_divisions

    def divide(self, source: str) -> None:
        """Let no later request share the work of an earlier one. Variants stay valid: their sources' states decide."""
        self._divisions[source] = self._divisions.get(source, 0) + 1

    def assume(self, source: str) -> Epoch:
        """Return an epoch for a variant that is made from now on, without a look at the store.

        It holds for as long as one that was looked up. Nothing in the store is compared with it: see ``is_valid``.
        """
        if (epoch := self.get_fresh(source)) is None:
            epoch = Epoch(self.last_seen(source), time.time())
            self._entries[source] = _Entry(epoch, self._clock() + self._freshness)
        return epoch

    async def lookup(self, source: str, *, verify: bool = False) -> Epoch:
        """Return the present epoch, read from the store where necessary; the last one seen if that fails.

        ``verify``: one that was only assumed is not enough.
        """
        epoch = self.get_fresh(source)
        if self._store is None or (epoch is not None and not (verify and epoch.assumed_at)):
            return epoch or self._default
        last_epoch = self.last_seen(source)
        name = await self._store.read_epoch(source)
        if self.last_seen(source) == last_epoch:  # otherwise a purge came meanwhile, in this process
            self._entries[source] = _Entry(Epoch(last_epoch if name is None else name), self._clock() + self._freshness)
        entry = self._entries.get(source)
        return entry.epoch if entry is not None else self._default

    async def begin(self, source: str) -> None:
        """Begin a new epoch: at once in this process, and for the others when this returns."""
        name = epoch_name(time.time_ns() // 1_000_000, secrets.token_hex(6))
        self._set(source, name)
        if self._store is not None:
            await self._store.write_epoch(source, name)

    async def adopt(self, source: str, name: str) -> bool:
        """Begin the epoch ``name``, which other processes begin, too; return whether this one was the first.

        A later one in the store stays.
        """
        if self._store is None:
            self._set(source, name)
            return True
        present = await self._store.read_epoch(source)
        if present and _began(name) <= _began(present) < float("inf"):
            self._set(source, present)
            return False
        self._set(source, name)
        await self._store.write_epoch(source, name)
        return True

    def drop_all(self) -> None:
        """Forget all epochs: what is in the memory of this process, or being made, is valid no more.

        With a store, what is there is valid as before.
        """
        self._entries.clear()
        self._all_divisions += 1
        if self._store is None:
            self._default = Epoch(epoch_name(time.time_ns() // 1_000_000, secrets.token_hex(6)))

    def _set(self, source: str, name: str) -> None:
        self._entries[source] = _Entry(Epoch(name), self._clock() + self._freshness)
