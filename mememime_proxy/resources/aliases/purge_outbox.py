"""Tells proxies that an alias moved: from an outbox, so that a crash between the move and the telling loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import OUTBOX
from mememime_proxy.service.logs import logger
from mememime_proxy.service.tokens import Tokens

_SCOPE: Final = "purge"
"""As the proxy's purges have it."""
_BATCH: Final = 32
_BATCHES: Final = 8
"""That are under way at once: while one waits for a proxy that hangs, others go on."""
_AT_ONCE: Final = 16
_PATIENCE: Final = 5.0
"""Seconds for a proxy to answer; it removes files while it is asked."""
_CLAIM: Final = 15_000
"""Milliseconds for which a row belongs to the process that took it; more than _BATCH / _AT_ONCE * _PATIENCE."""
_REST: Final = 10.0
"""Seconds at most for which a proxy that did not answer is asked nothing, so that the others do not wait for it."""
_KNOWN: Final = 10_000
"""Rows of which it is remembered which proxies have been told; of more, some are told again."""
_IDLE: Final = 5.0
"""Seconds between looks at the outbox while nobody says that something is in it."""
_AWAKE: Final = 0.05
_ATTENTION: Final = 2.5
"""Seconds for which the outbox is looked at all the time after somebody said so: its transaction may not have ended."""
_LONGEST: Final = 60_000
_LIFE: Final = 86_400_000
"""Milliseconds after which a proxy that never answered is given up: it has forgotten by itself by now."""


@dataclass(slots=True)
class _Proxy:
    """``url``: where it takes purges."""

    url: str
    failures: int = 0
    """Times in a row that it did not answer."""
    rests_until: float = 0.0
    """By the loop's clock."""
    in_flight: int = 0
    """Requests under way."""


class Purger:
    """Delivers the outbox to every proxy. Any number of processes may do so on one database.

    Each proxy is told on its own: one that is gone or hangs neither delays the others, nor are they told anything twice
    for its sake, other than by a process that has not told them itself.
    """

    def __init__(self, database: Database, clock: Callable[[], int], urls: Sequence[str], key: bytes) -> None:
        """``key``: the proxies' MEMEMIME_PURGE_KEY."""
        self._database = database
        self._clock = clock
        self._proxies = [_Proxy(f"{url.rstrip('/')}/purge") for url in dict.fromkeys(urls)]
        self._tokens = Tokens(key, _SCOPE)
        self._delivered: dict[int, set[str]] = {}
        """Of rows that are still in the outbox: who knows already."""
        self._woken = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._until = 0.0
        self._log = logger()

    async def start(self) -> None:
        """Begins in the background."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE), trust_env=False)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Ends; what is left stays in the outbox."""
        tasks = [self._task, *self._batches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()

    def wake(self) -> None:
        """There is something in the outbox, or will be as soon as a transaction has ended."""
        self._until = asyncio.get_running_loop().time() + _ATTENTION
        self._woken.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                busy = await self._next_batch()
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("outbox.read_failed", detail=error.detail)
                busy = False
            if busy:
                if len(self._batches) >= _BATCHES:
                    await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)
                continue
            self._woken.clear()
            wait = _AWAKE if loop.time() < self._until else _IDLE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    if wait == _IDLE:
                        await self._woken.wait()
                    else:
                        await asyncio.sleep(wait)

    async def _next_batch(self) -> bool:
        """Begins to tell what is due; whether there was any."""
        now = self._clock()
        # What was never tried comes first: what waits for a proxy that is down must not hold up a fresh move.
        due = select(OUTBOX).where(OUTBOX.c.due <= now).order_by(OUTBOX.c.attempts, OUTBOX.c.due).limit(_BATCH)
        async with self._database.read() as tx:
            rows = (await tx.execute(due)).all()
        if not rows:
            return False
        async with self._database.write() as tx:
            claimed = [row for row in rows if await self._claim(tx, row, now)]
        if claimed:
            task = asyncio.create_task(self._deliver(claimed))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)
        return bool(claimed)

    async def _deliver(self, rows: Sequence[Row[Any]]) -> None:
        await asyncio.gather(*(self._tell_all(proxy, rows) for proxy in self._proxies))
        try:
            await self._record_delivery(rows)
        except (DatabaseError, StorageFullError) as error:
            # They are due again when the claim is over, and nobody is told twice.
            self._log.warning("outbox.write_failed", detail=error.detail)

    @staticmethod
    async def _claim(tx: AsyncConnection, row: Row[Any], now: int) -> bool:
        done = await tx.execute(
            update(OUTBOX).where(OUTBOX.c.id == row.id, OUTBOX.c.due == row.due).values(due=now + _CLAIM)
        )
        return done.rowcount == 1

    async def _record_delivery(self, rows: Sequence[Row[Any]]) -> None:
        """What all proxies know is done with, the rest is due again later."""
        now, everybody = self._clock(), {proxy.url for proxy in self._proxies}
        async with self._database.write() as tx:
            for row in rows:
                if self._delivered.get(row.id, set()) >= everybody or now - row.created > _LIFE:
                    await tx.execute(delete(OUTBOX).where(OUTBOX.c.id == row.id))
                else:
                    wait = min(_LONGEST, 500 * 2 ** min(row.attempts, 10))
                    await tx.execute(
                        update(OUTBOX).where(OUTBOX.c.id == row.id).values(attempts=row.attempts + 1, due=now + wait)
                    )
                    continue
                self._delivered.pop(row.id, None)
        while len(self._delivered) > _KNOWN:
            del self._delivered[next(iter(self._delivered))]

    async def _tell_all(self, proxy: _Proxy, rows: Sequence[Row[Any]]) -> None:
        """Tells one proxy what it does not know yet, until it fails to answer."""
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(row: Row[Any]) -> None:
            async with places:
                if proxy.url in self._delivered.get(row.id, ()) or loop.time() < proxy.rests_until:
                    return
                if proxy.failures and proxy.in_flight:
                    return  # one is enough to find out whether it is back
                proxy.in_flight += 1
                try:
                    if await self._tell(proxy, row.source):
                        self._delivered.setdefault(row.id, set()).add(proxy.url)
                finally:
                    proxy.in_flight -= 1

        await asyncio.gather(*(one(row) for row in rows))

    async def _tell(self, proxy: _Proxy, source: str) -> bool:
        try:
            token = self._tokens.issue({"source": source})
            async with self._http.post(proxy.url, data=token, allow_redirects=False) as answer:
                proxy.failures = 0
                if answer.status == 200:
                    return True
                self._log.warning("purge.refused", url=proxy.url, status=answer.status, source=source)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            proxy.failures += 1
            proxy.rests_until = asyncio.get_running_loop().time() + min(_REST, 0.25 * 2 ** min(proxy.failures, 10))
            self._log.warning("purge.unanswered", url=proxy.url, source=source, detail=type(error).__name__)
        return False
