"""Reader of the resource service's purges: drops what they name in this process, and in the NGINX of this machine.

It remembers the number of the last purge, so that none is missed while the service cannot be reached. A process begins
at the head of the log, because it holds nothing yet; beside an NGINX it goes on where the files of that are. Where a
purge is no longer in the log, everything is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mememime_proxy.cdn.purge import CacheFolder, FeedPosition
from mememime_proxy.errors import MememimeError, SourceStatusError, StorageError
from mememime_proxy.proxy.cache.purge import Purge
from mememime_proxy.proxy.cache.purge_epochs import epoch_name
from mememime_proxy.service.logs import limited_logger
from mememime_proxy.sources.resources.purges import EXPIRED, FeedPage, PurgeClient

_WAIT: Final = 25.0
"""Seconds that the service may wait for a purge before it answers."""
_SECOND_PURGE: Final = 0.6
"""Seconds after which a source is purged again: for responses that were on their way, and proxies that were later."""
_MAX_PENDING: Final = 100
"""Pages that may wait for their second purge."""
_MIN_BACKOFF, _MAX_BACKOFF = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class _SecondPurge:
    due: float
    """On the event loop's clock."""
    epochs: Mapping[str, str]
    """Names of the epochs that begin, by source."""
    position: FeedPosition


class PurgeFeedReader:
    """Reads from ``start`` to ``close``."""

    def __init__(self, client: PurgeClient, purge: Callable[[], Purge], edge: CacheFolder | None) -> None:
        """``purge`` returns the present one: a reload makes another."""
        self._client = client
        self._purge = purge
        self._edge = edge
        self._position: FeedPosition | None = None
        self._pending: deque[_SecondPurge] = deque()
        self._changed = asyncio.Condition()
        """Of ``_pending``."""
        self._age = 0.0
        self._cut_off_since: float | None = time.monotonic()
        self._log = limited_logger()

    def start(self) -> None:
        """Begin to read."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._repeat())]

    async def close(self) -> None:
        """Stop; what NGINX holds is purged again by the next process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def lag(self) -> float:
        """Seconds by which this process is behind the log.

        The age of the oldest purge of the last answer, until an answer without one; or the time without any answer.
        """
        return self._age if self._cut_off_since is None else time.monotonic() - self._cut_off_since

    async def _run(self) -> None:
        if self._edge is not None:
            self._position = await asyncio.to_thread(self._edge.read_position)
        backoff = _MIN_BACKOFF
        while True:
            try:
                await self._read_page()
            except SourceStatusError as error:
                self._log.warning("purge_feed.unavailable", detail=error.detail)
            except StorageError as error:
                self._log.warning("purge_feed.purge_failed", detail=error.detail)
            except Exception as error:  # noqa: BLE001 - without this task old pictures would be served for ever
                self._log.error("purge_feed.failed", exc_info=error)
            else:
                backoff = _MIN_BACKOFF
                continue
            if self._cut_off_since is None:
                self._cut_off_since = time.monotonic()
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all come at once
            backoff = min(2 * backoff, _MAX_BACKOFF)

    async def _read_page(self) -> None:
        position = self._position
        if position is None:
            await self._begin()
            return
        # The first answer comes at once: whether the service can be reached is known soon.
        wait = _WAIT if self._cut_off_since is None else 0
        try:
            page = await self._client.read(position.number, wait)
        except SourceStatusError as error:
            if error.upstream != EXPIRED:
                raise
            await self._reset(position, error)
            return
        if page.log != position.log:
            await self._reset(position, SourceStatusError(f"the log {page.log} is another one", upstream=EXPIRED))
            return
        await self._apply(page)
        if page.next == page.head and self._cut_off_since is not None:
            self._log.info("purge_feed.connected", number=page.next)
            self._cut_off_since = None

    async def _begin(self) -> None:
        """Begin at the head. What was held before it was known is dropped: purges may have come meanwhile."""
        page = await self._client.read(None)
        self._purge().drop_memory()
        await self._set_position(FeedPosition(page.log, page.next))

    async def _reset(self, position: FeedPosition, reason: MememimeError) -> None:
        page = await self._client.read(None)
        self._pending.clear()
        self._purge().drop_memory()
        edge = await asyncio.to_thread(self._edge.purge_all) if self._edge is not None else 0
        self._log.warning("purge_feed.reset", number=position.number, head=page.next, edge=edge, detail=reason.detail)
        await self._set_position(FeedPosition(page.log, page.next))

    async def _set_position(self, position: FeedPosition) -> None:
        if self._edge is not None:
            await asyncio.to_thread(self._edge.write_position, position)
        self._position = position

    async def _apply(self, page: FeedPage) -> None:
        if not page.purges:
            self._age = 0.0
            return
        answered = time.monotonic()
        epochs = {purge.source: epoch_name(purge.created, f"{purge.number:x}") for purge in page.purges}
        await self._purge().apply(epochs)
        oldest = min(purge.created for purge in page.purges)
        self._age = max(0.0, (page.now - oldest) / 1000) + time.monotonic() - answered
        self._position = FeedPosition(page.log, page.next)
        async with self._changed:
            self._pending.append(
                _SecondPurge(asyncio.get_running_loop().time() + _SECOND_PURGE, epochs, self._position)
            )
            self._changed.notify_all()
            await self._changed.wait_for(lambda: len(self._pending) < _MAX_PENDING)

    async def _repeat(self) -> None:
        """Purge each source once more; what is due is done at once, and its position remembered then."""
        loop = asyncio.get_running_loop()
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._pending)
                first = self._pending[0]
            await asyncio.sleep(max(0.0, first.due - loop.time()))
            due = [each for each in self._pending if each.due <= loop.time()]
            try:
                await self._purge().apply({source: name for each in due for source, name in each.epochs.items()})
                if due and self._edge is not None:
                    await asyncio.to_thread(self._edge.write_position, due[-1].position)
            except (StorageError, OSError) as error:
                self._log.warning("purge_feed.purge_failed", detail=str(error))
                await asyncio.sleep(_MIN_BACKOFF)
                continue
            async with self._changed:
                for each in due:
                    with contextlib.suppress(ValueError):  # a reset has removed it
                        self._pending.remove(each)
                self._changed.notify_all()
