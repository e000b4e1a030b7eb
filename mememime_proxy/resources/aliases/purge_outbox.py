"""Delivery of purges to proxies from an outbox, so that a crash after the change of an alias loses none."""

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
from mememime_proxy.resources.aliases.purge_targets import PurgeTargets
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import OUTBOX
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.service.logs import limited_logger
from mememime_proxy.service.tokens import PURGE_SCOPE, Tokens

_BATCH: Final = 32
_MAX_BATCHES: Final = 8
"""Concurrent batches, so that one that waits for a hanging proxy does not delay the others."""
_CONCURRENCY: Final = 16
_TIMEOUT: Final = 5.0
"""Seconds for a proxy to respond; it removes files before it does."""
_CLAIM: Final = 15_000
"""Milliseconds for which a row is claimed by one process; more than _BATCH / _CONCURRENCY * _TIMEOUT."""
_MAX_BACKOFF: Final = 10.0
"""Longest pause in seconds after a failed request to a proxy, so that it does not delay the others."""
_MAX_DELIVERED: Final = 10_000
"""Rows whose deliveries are remembered; beyond that some are sent again."""
_IDLE_INTERVAL: Final = 5.0
"""Seconds between polls of the outbox without a call of ``wake``."""
_ACTIVE_INTERVAL: Final = 0.05
_ACTIVE_TIME: Final = 2.5
"""Seconds of polling at the short interval after ``wake``: the transaction of the row may not have ended."""
_MAX_DELAY: Final = 60_000
"""Longest delay in milliseconds before a row is sent again."""
_MAX_AGE: Final = 86_400_000
"""Milliseconds after which a row is dropped: no proxy can serve the old picture any more."""


@dataclass(slots=True)
class _Proxy:
    """A proxy; ``url``: that of its purge endpoint."""

    url: str
    failures: int = 0
    """Failed requests in a row."""
    paused_until: float = 0.0
    """On the loop's clock."""
    in_flight: int = 0
    """Requests in flight."""


class Purger:
    """Delivers the outbox to every proxy. Several processes may do so on one database.

    Deliveries to one proxy are independent of the others: a proxy that is down or hangs does not delay them. A purge is
    sent twice to a proxy only by different processes.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        urls: Sequence[str],
        keys: Sequence[bytes],
        metrics: ResourceMetrics | None = None,
    ) -> None:
        """Create; ``keys``: the proxies' MEMEMIME_PURGE_KEY. SettingsError for a wrong URL."""
        self._metrics = metrics or ResourceMetrics()
        self._database = database
        self._clock = clock
        self._targets = PurgeTargets(urls)
        self._proxies: dict[str, _Proxy] = {}
        """Those of the last delivery, by URL."""
        self._tokens = Tokens(keys, PURGE_SCOPE)
        self._delivered: dict[int, set[str]] = {}
        """URLs of the proxies that have received a row of the outbox, by its id."""
        self._woken = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._active_until = 0.0
        self._log = limited_logger("url")

    def use_keys(self, keys: Sequence[bytes]) -> None:
        """Sign with the first of ``keys`` from now on."""
        self._tokens = Tokens(keys, PURGE_SCOPE)

    async def start(self) -> None:
        """Start the delivery in the background."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT), trust_env=False)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; rows that were not delivered stay in the outbox."""
        tasks = [self._task, *self._batches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.close()

    def wake(self) -> None:
        """Poll at once: the outbox has a new row, or will have when a transaction ends."""
        self._active_until = asyncio.get_running_loop().time() + _ACTIVE_TIME
        self._woken.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                has_rows = await self._next_batch()
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("outbox.read_failed", detail=error.detail)
                has_rows = False
            if has_rows:
                if len(self._batches) >= _MAX_BATCHES:
                    await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)
                continue
            self._woken.clear()
            wait = _ACTIVE_INTERVAL if loop.time() < self._active_until else _IDLE_INTERVAL
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    if wait == _IDLE_INTERVAL:
                        await self._woken.wait()
                    else:
                        await asyncio.sleep(wait)

    async def _next_batch(self) -> bool:
        """Begin to deliver the rows that are due; return whether there were any."""
        now = self._clock()
        # New rows first, so that rows for a proxy that is down do not delay them.
        due_rows = select(OUTBOX).where(OUTBOX.c.due <= now).order_by(OUTBOX.c.attempts, OUTBOX.c.due).limit(_BATCH)
        async with self._database.read() as tx:
            rows = (await tx.execute(due_rows)).all()
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
        urls, missing = await self._targets.resolve()
        for name in missing:
            self._log.warning("purge.unresolved", url=name)
        self._proxies = {url: self._proxies.get(url) or _Proxy(url) for url in urls}
        await asyncio.gather(*(self._send_all(proxy, rows) for proxy in self._proxies.values()))
        try:
            await self._record_delivery(rows, set(urls), has_found_all=not missing)
        except (DatabaseError, StorageFullError) as error:
            # The rows are due again when the claim ends; proxies that have them are skipped.
            self._log.warning("outbox.write_failed", detail=error.detail)

    @staticmethod
    async def _claim(tx: AsyncConnection, row: Row[Any], now: int) -> bool:
        result = await tx.execute(
            update(OUTBOX).where(OUTBOX.c.id == row.id, OUTBOX.c.due == row.due).values(due=now + _CLAIM)
        )
        return result.rowcount == 1

    async def _record_delivery(self, rows: Sequence[Row[Any]], urls: set[str], *, has_found_all: bool) -> None:
        """Delete rows that every proxy has, or that are too old; make the others due later."""
        now = self._clock()
        async with self._database.write() as tx:
            for row in rows:
                has_all = has_found_all and self._delivered.get(row.id, set()) >= urls
                if has_all or now - row.created > _MAX_AGE:
                    if not has_all:
                        self._metrics.purges.labels("expired").inc()
                    await tx.execute(delete(OUTBOX).where(OUTBOX.c.id == row.id))
                else:
                    wait = min(_MAX_DELAY, 500 * 2 ** min(row.attempts, 10))
                    await tx.execute(
                        update(OUTBOX).where(OUTBOX.c.id == row.id).values(attempts=row.attempts + 1, due=now + wait)
                    )
                    continue
                self._delivered.pop(row.id, None)
        while len(self._delivered) > _MAX_DELIVERED:
            del self._delivered[next(iter(self._delivered))]

    async def _send_all(self, proxy: _Proxy, rows: Sequence[Row[Any]]) -> None:
        """Send one proxy the rows that it has not received, until a request fails."""
        loop = asyncio.get_running_loop()
        slots = asyncio.Semaphore(_CONCURRENCY)

        async def send(row: Row[Any]) -> None:
            async with slots:
                if proxy.url in self._delivered.get(row.id, ()) or loop.time() < proxy.paused_until:
                    return
                if proxy.failures and proxy.in_flight:
                    return  # one request is enough to find out whether it is up again
                proxy.in_flight += 1
                try:
                    if await self._send(proxy, row.source):
                        self._delivered.setdefault(row.id, set()).add(proxy.url)
                finally:
                    proxy.in_flight -= 1

        await asyncio.gather(*(send(row) for row in rows))

    async def _send(self, proxy: _Proxy, source: str) -> bool:
        try:
            token = self._tokens.issue({"source": source})
            async with self._http.post(proxy.url, data=token, allow_redirects=False) as response:
                proxy.failures = 0
                if response.status == 200:
                    self._metrics.purges.labels("delivered").inc()
                    return True
                self._metrics.purges.labels("refused").inc()
                self._log.warning("purge.refused", url=proxy.url, status=response.status, source=source)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            proxy.failures += 1
            self._metrics.purges.labels("unanswered").inc()
            proxy.paused_until = asyncio.get_running_loop().time() + min(
                _MAX_BACKOFF, 0.25 * 2 ** min(proxy.failures, 10)
            )
            self._log.warning("purge.unanswered", url=proxy.url, source=source, detail=type(error).__name__)
        return False
