"""Tells proxies that an alias moved: from an outbox, so that a crash between the move and the telling loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiohttp
from sqlalchemy import Row, delete, select, update

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.logs import logger
from mememime_proxy.resources.database import Database
from mememime_proxy.resources.tables import OUTBOX
from mememime_proxy.tokens import Tokens

_SCOPE: Final = "purge"
"""As the proxy's purges have it."""
_BATCH: Final = 100
_AT_ONCE: Final = 16
_PATIENCE: Final = 5.0
"""Seconds for a proxy to answer; it removes files while it is asked."""
_CLAIM: Final = 15_000
"""Milliseconds for which a row belongs to the process that took it."""
_IDLE: Final = 5.0
"""Seconds between looks at the outbox while nobody says that something is in it."""
_AWAKE: Final = 0.05
_ATTENTION: Final = 2.5
"""Seconds for which the outbox is looked at all the time after somebody said so: its transaction may not have ended."""
_LONGEST: Final = 60_000
_LIFE: Final = 86_400_000
"""Milliseconds after which a proxy that never answered is given up: it has forgotten by itself by now."""


class Purger:
    """Delivers the outbox to every proxy. Any number of processes may do so on one database."""

    def __init__(self, database: Database, clock: Callable[[], int], urls: Sequence[str], key: bytes) -> None:
        """``key``: the proxies' MEMEMIME_PURGE_KEY."""
        self._database = database
        self._clock = clock
        self._urls = tuple(f"{url.rstrip('/')}/purge" for url in urls)
        self._tokens = Tokens(key, _SCOPE)
        self._woken = asyncio.Event()
        self._until = 0.0
        self._log = logger()

    async def start(self) -> None:
        """Begins in the background."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE), trust_env=False)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Ends; what is left stays in the outbox."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._http.close()

    def wake(self) -> None:
        """There is something in the outbox, or will be as soon as a transaction has ended."""
        self._until = asyncio.get_running_loop().time() + _ATTENTION
        self._woken.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                busy = await self.deliver()
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("the outbox cannot be read", detail=error.detail)
                busy = False
            if busy:
                continue
            self._woken.clear()
            wait = _AWAKE if loop.time() < self._until else _IDLE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    if wait == _IDLE:
                        await self._woken.wait()
                    else:
                        await asyncio.sleep(wait)

    async def deliver(self) -> bool:
        """Takes a batch of what is due to every proxy; whether there was any."""
        now = self._clock()
        async with self._database.read() as tx:
            due = select(OUTBOX).where(OUTBOX.c.due <= now).order_by(OUTBOX.c.due).limit(_BATCH)
            rows = (await tx.execute(due)).all()
        claimed = [row for row in rows if await self._claim(row, now)]
        places = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._one(row, places) for row in claimed))
        return bool(claimed)

    async def _claim(self, row: Row[Any], now: int) -> bool:
        async with self._database.write() as tx:
            done = await tx.execute(
                update(OUTBOX).where(OUTBOX.c.id == row.id, OUTBOX.c.due == row.due).values(due=now + _CLAIM)
            )
        return done.rowcount == 1

    async def _one(self, row: Row[Any], places: asyncio.Semaphore) -> None:
        async with places:
            told = await asyncio.gather(*(self._tell(url, row.source) for url in self._urls))
        now = self._clock()
        async with self._database.write() as tx:
            if all(told) or now - row.created > _LIFE:
                await tx.execute(delete(OUTBOX).where(OUTBOX.c.id == row.id))
                return
            wait = min(_LONGEST, 500 * 2 ** min(row.attempts, 10))
            await tx.execute(
                update(OUTBOX).where(OUTBOX.c.id == row.id).values(attempts=row.attempts + 1, due=now + wait)
            )

    async def _tell(self, url: str, source: str) -> bool:
        try:
            token = self._tokens.make({"source": source})
            async with self._http.post(url, data=token, allow_redirects=False) as answer:
                if answer.status == 200:
                    return True
                self._log.warning("a proxy refused a purge", url=url, status=answer.status, source=source)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._log.warning("a proxy does not answer", url=url, source=source, detail=type(error).__name__)
        return False
