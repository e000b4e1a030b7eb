"""Webhooks: the end of a job is sent to the address that its creator named, signed, until it is accepted.

Headers and signature are those of Standard Webhooks (https://www.standardwebhooks.com): ``webhook-id`` is the same in
each repetition, and ``webhook-signature`` has ``v1,`` and the HMAC-SHA256 of id, time and body in Base64, one for each
key, so that keys can be rotated. Connections go to addresses that the guard permits, and redirects are not followed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import random
from collections.abc import Callable, Sequence
from typing import Final

import aiohttp
import msgspec
from sqlalchemy import select, update

from mememime_proxy.errors import DatabaseError, MememimeError, StorageFullError
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.jobs.metrics import JobMetrics
from mememime_proxy.jobs.model import JobRow, Transactions
from mememime_proxy.jobs.schema import JOBS
from mememime_proxy.jobs.states import WebhookState
from mememime_proxy.service.logs import limited_logger
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.http.errors import translate_error
from mememime_proxy.sources.http.resolver import GuardedResolver, LookUp, system_look_up
from mememime_proxy.sources.http.session import guard_of, open_session
from mememime_proxy.sources.http.url import parse

MAX_ATTEMPTS: Final = 12
"""Requests until a webhook is given up: after about an hour."""
_TIMEOUT: Final = 10.0
_CLAIM: Final = 30_000
"""Milliseconds for which a row is claimed by one process; more than _TIMEOUT."""
_BATCH: Final = 16
"""Requests at the same time."""
_INTERVAL: Final = 2.0
"""Seconds between two looks for webhooks that are due; the end of a job in this process wakes it at once."""
_MAX_DELAY: Final = 1024.0
_GONE: Final = 410
"""The status by which a receiver says that it wants nothing any more."""


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``."""
    text = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode("ascii") for key in keys)


class WebhookSender:
    """Delivers webhooks in the background, from ``start`` to ``close``. Several processes may do so on one database."""

    def __init__(
        self,
        database: Transactions,
        clock: Callable[[], int],
        keys: Sequence[bytes],
        config: SourcesConfig,
        metrics: JobMetrics,
        look_up: LookUp = system_look_up,
    ) -> None:
        """``keys``: each signs. ``config``: of the sources, whose permissions for addresses hold."""
        self._database = database
        self._clock = clock
        self.keys = keys
        self._config = config
        self._metrics = metrics
        self._look_up = look_up
        self._woken = asyncio.Event()
        self._log = limited_logger("url")

    async def start(self) -> None:
        """Begin."""
        guard = guard_of(self._config)
        self._resolver = GuardedResolver(guard, self._look_up)
        self._session = open_session(self._config, guard, self._resolver, {"Accept": "*/*"})
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop; what was not accepted is sent again later."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        await self._session.close()
        await self._resolver.close()

    def wake(self) -> None:
        """Look for webhooks at once: a job has ended."""
        self._woken.set()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                sent = await self.round()
            except (DatabaseError, StorageFullError) as error:
                self._log.warning("webhook.postponed", error=error.code, detail=error.detail)
                sent = 0
            if not sent:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_INTERVAL):
                        await self._woken.wait()

    async def round(self) -> int:
        """Send the webhooks that are due, and return how many there were. DatabaseError."""
        now, column = self._clock(), JOBS.c
        due = select(JOBS).where(column.webhook_state == WebhookState.DUE, column.webhook_due <= now).limit(_BATCH)
        async with self._database.read() as tx:
            jobs = [JobRow.of_row(row) for row in await tx.execute(due)]
        await asyncio.gather(*(self._deliver(job, now) for job in jobs))
        return len(jobs)

    async def _deliver(self, job: JobRow, now: int) -> None:
        if not await self._claim(job, now):
            return
        result = await self._send(job)
        attempts = job.webhook_attempts + 1
        is_delivered = result == "delivered"
        is_given_up = not is_delivered and (attempts >= MAX_ATTEMPTS or result == "gone")
        self._metrics.count_webhook("refused" if result == "gone" else result)
        if is_given_up:
            self._metrics.count_webhook("expired")
            self._log.error("webhook.given_up", url=job.webhook, job=job.id, attempts=attempts)
        state = WebhookState.DUE
        if is_delivered:
            state = WebhookState.DELIVERED
        elif is_given_up:
            state = WebhookState.FAILED
        delay = min(_MAX_DELAY, 2.0 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311
        async with self._database.write() as tx:
            await tx.execute(
                update(JOBS)
                .where(JOBS.c.id == job.id, JOBS.c.webhook_state == WebhookState.DUE, JOBS.c.ended == job.ended)
                .values(
                    webhook_state=state,
                    webhook_attempts=attempts,
                    webhook_due=self._clock() + int(1000 * delay) if state is WebhookState.DUE else None,
                )
            )

    async def _claim(self, job: JobRow, now: int) -> bool:
        """Claim a row for this process, and return whether no other one was first."""
        column = JOBS.c
        async with self._database.write() as tx:
            claimed = await tx.execute(
                update(JOBS)
                .where(column.id == job.id, column.webhook_state == WebhookState.DUE, column.webhook_due <= now)
                .values(webhook_due=now + _CLAIM)
            )
        return claimed.rowcount == 1

    async def _send(self, job: JobRow) -> str:
        """Send one request and return its result for the metrics: ``gone`` where there shall be no other one."""
        timestamp = self._clock() // 1000
        body = msgspec.json.encode({"type": f"job.{job.state}", "data": JobDocument.of(job)})
        message_id = f"{job.id}-{job.ended}"
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self.keys, message_id, timestamp, body),
        }
        try:
            async with (
                asyncio.timeout(_TIMEOUT),
                self._session.post(parse(job.webhook), data=body, headers=headers, allow_redirects=False) as response,
            ):
                if 200 <= response.status < 300:
                    return "delivered"
                self._log.warning("webhook.refused", url=job.webhook, job=job.id, status=response.status)
                return "gone" if response.status == _GONE else "refused"
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, MememimeError) as error:
            failure = translate_error(error)
        self._log.warning("webhook.unanswered", url=job.webhook, job=job.id, error=failure.code, detail=failure.detail)
        return "forbidden" if failure.code == "source.forbidden" else "unanswered"
