"""Results that are kept, as those who make them see them: what still holds, whose turn it is, what to keep."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from mememime_proxy.errors import SourceError
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.memory import Kept
from mememime_proxy.proxy.model import Picture, new_serial
from mememime_proxy.proxy.request_state import Work
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.service.logs import logger
from mememime_proxy.sources.model import SourceState


def _nothing() -> None:
    """Where there is no lock to release."""


class Keeping:
    """Memory first, then the store; a result of an older generation of its source is as if it were not there."""

    def __init__(self, caches: Caches, metrics: Metrics) -> None:
        self._originals = caches.originals
        self._results = caches.results
        self._generations = caches.generations
        self._store = caches.store
        self._locks = caches.locks
        self._metrics = metrics
        self._log = logger()

    async def look(self, work: Work) -> Kept | None:
        """What is kept of a variant, whether its source has changed or not; learns its generation."""
        kept, url = self._results.get(work.key), work.source.url
        self._metrics.caches.miss("variants")
        if kept is None and self._store is not None:
            if (generation := self._generations.known(url)) is not None:
                work.generation, kept = generation, await self._stored(work)
            else:
                work.generation, kept = await asyncio.gather(self._generations.look(url), self._stored(work))
        else:
            work.generation = await self._generations.look(url)
        return kept if kept is not None and kept.generation == work.generation else None

    async def turn(self, work: Work) -> Kept | None:
        """Waits until no other process of this machine makes the variant; then, what the store has of it by now.

        The turn lasts until ``work.release``, or until the result is stored. TimeoutError at the deadline.
        """
        if self._locks is None or work.lock is not None:
            return None
        try:
            with work.span("lock"):
                async with asyncio.timeout(work.left()):
                    work.lock = await self._locks.acquire(work.key)
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            self._log.warning("cache.locks_unavailable", detail=str(error))
            return None
        kept = await self._stored(work)
        return kept if kept is not None and kept.generation == work.generation else None

    async def _stored(self, work: Work) -> Kept | None:
        if self._store is None:
            return None
        with work.span("store"):
            return await self._store.get(work.source.url, work.key)

    async def still(self, work: Work, kept: Kept | None) -> Picture | None:
        """The picture that is kept, if its source is known to be in the same state without being asked."""
        if kept is None:
            return None
        try:
            state = await self._originals.known(work.source)
        except SourceError:
            return None
        if state is None:
            recent = self._originals.note(work.source, kept.state, time.time() - kept.checked)
            return self.serve(work, kept) if recent else None
        if state.validator != kept.state.validator:
            return None
        picture = self.serve(work, kept)
        return self.stale(picture) if state.stale else picture

    def confirmed(self, work: Work, kept: Kept, state: SourceState) -> Picture:
        """The picture that is kept, as its source was just seen in the same state; with what that says of caching."""
        self._originals.note(work.source, state)
        picture = self.serve(work, kept)
        if state.stale:
            return self.stale(picture)
        said = {**picture.said, **{name: value for name, value in state.cache_headers.items() if value}}
        if said == picture.said:
            return picture
        picture = replace(picture, said=said, serial=new_serial())
        self._keep(work, replace(kept, picture=picture))
        return picture

    def unconfirmed(self, work: Work, kept: Kept) -> Picture:
        """The picture that is kept, as its source cannot be asked; nor will it be for a while."""
        self._originals.note(work.source, replace(kept.state, stale=True))
        return self.stale(self.serve(work, kept))

    def serve(self, work: Work, kept: Kept) -> Picture:
        """Counts an answer that was kept, and has it in memory from now on."""
        if self._results.get(work.key) is not kept:
            self._metrics.caches.hit("store")
            self._keep(work, kept)
        return kept.picture

    def stale(self, picture: Picture) -> Picture:
        """The picture, marked as one whose source cannot be asked."""
        self._metrics.stale.inc()
        return replace(picture, stale=True, serial=-picture.serial)

    async def put(self, work: Work, picture: Picture, state: SourceState) -> None:
        """Keeps a new result; in the store behind its answer. StorageError where that must not fail."""
        kept = Kept(
            picture,
            replace(state, stale=False) if state.stale else state,
            work.generation,
            work.source.url,
            time.time(),
        )
        if self._keep(work, kept) and self._store is not None:
            lock, work.lock = work.lock, None
            await self._store.put(work.key, kept, lock.release if lock is not None else _nothing)

    def _keep(self, work: Work, kept: Kept) -> bool:
        """Whether it may be kept: it can be told from the next state, and no purge came in between."""
        good = bool(kept.state.validator) and work.generation == self._generations.last(work.source.url)
        if good:
            self._results.put(work.key, kept)
        return good
