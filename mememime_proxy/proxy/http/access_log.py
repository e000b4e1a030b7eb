"""Access log: a line for each response, written in the background, so that no request waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from mememime_proxy.proxy.http.exchange import Exchange
from mememime_proxy.service.logs import is_enabled, logger, redact
from mememime_proxy.urls.parser import UNSIGNED

_DELAY: Final = 0.01
"""Seconds that a line waits at least."""
_BATCH: Final = 50
"""Lines that are written before the event loop goes on; more where many wait, so that their number falls."""

_REFUSALS: Final = 20
"""Lines a second of requests that were refused because of overload: a line takes a third of a refusal's CPU time."""


class RefusalLimit:
    """Limits how many refusals of a second have a line of their own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second = 0
        self._lines = 0
        self._unlogged = 0

    def admit(self) -> int | None:
        """Return how many had no line since the last one that had; None where this one has none either."""
        second = int(self._clock())
        if second != self._second:
            self._second, self._lines = second, 0
        if self._lines >= _REFUSALS:
            self._unlogged += 1
            return None
        self._lines += 1
        unlogged, self._unlogged = self._unlogged, 0
        return unlogged


class AccessLog:
    """Lines in the order of the responses, with the time of the response. Made for one event loop."""

    def __init__(self, path_prefix: str = "") -> None:
        """``path_prefix``: of all paths, PATH_PREFIX."""
        self._log = logger()
        prefix = path_prefix.strip("/")
        self._prefix = f"/{prefix}/" if prefix else "/"
        self._queue: deque[tuple[float, Exchange, int, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: Exchange, status: int, seconds: float) -> None:
        """Write a line soon, if the level of the log is INFO or below."""
        if not is_enabled(logging.INFO):
            return
        self._queue.append((time.time(), exchange, status, seconds))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._write_batch)

    def close(self) -> None:
        """Write all lines that wait."""
        if self._timer is not None:
            self._timer.cancel()
        self._write(len(self._queue))

    def _write_batch(self) -> None:
        self._write(max(_BATCH, len(self._queue) // 8))
        self._timer = asyncio.get_running_loop().call_later(_DELAY, self._write_batch) if self._queue else None

    def _write(self, count: int) -> None:
        for _ in range(min(count, len(self._queue))):
            at, exchange, status, seconds = self._queue.popleft()
            timestamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
            self._log.info("request.answered", timestamp=timestamp, **self.fields(exchange, status, seconds))

    def fields(self, exchange: Exchange, status: int, seconds: float) -> dict[str, object]:
        """Return the fields of a request's log line."""
        fields: dict[str, object] = {
            "request_id": exchange.id,
            "status": status,
            "method": exchange.request.method,
            "ms": round(1000 * seconds, 1),
            "client": exchange.client_address,
        }
        if exchange.parsed is not None:
            fields["source"] = redact(exchange.parsed.plan.source)
            fields["options"] = exchange.parsed.options
        else:
            fields["path"] = redact(_without_signature(exchange.request.raw_path.partition("?")[0], self._prefix))
        return fields


def _without_signature(path: str, prefix: str) -> str:
    """Return ``path`` with ``*`` for what may be a signature: a signed URL could be read from the log and be used."""
    before = prefix if path.startswith(prefix) else "/"
    first, slash, rest = path.removeprefix(before).lstrip("/").partition("/")
    if not slash or first in UNSIGNED or ":" in first:
        return path
    return f"{before}*/{rest}"
