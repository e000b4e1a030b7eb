"""A line for every request that was answered, written when the answer has gone out: a crowd does not wait for lines."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from mememime_proxy.proxy.http.responses import Exchange
from mememime_proxy.service.logs import logger

_WAIT: Final = 0.01
"""Seconds that a line waits at least."""
_AT_ONCE: Final = 50
"""Lines after which the event loop has its turn; more where many wait, so that there is an end to them."""


class AccessLog:
    """Lines in the order of the answers, with the time of the answer. Made for one event loop."""

    def __init__(self) -> None:
        self._log = logger()
        self._wanted = self._log.is_enabled_for(logging.INFO)
        self._waiting: deque[tuple[float, Exchange, int, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: Exchange, status: int, seconds: float) -> None:
        """Writes a line soon, where anybody wants to have it."""
        if not self._wanted:
            return
        self._waiting.append((time.time(), exchange, status, seconds))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_WAIT, self._some)

    def close(self) -> None:
        """Writes what waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._write(len(self._waiting))

    def _some(self) -> None:
        self._write(max(_AT_ONCE, len(self._waiting) // 8))
        self._timer = asyncio.get_running_loop().call_later(_WAIT, self._some) if self._waiting else None

    def _write(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            at, exchange, status, seconds = self._waiting.popleft()
            moment = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
            self._log.info("request.answered", timestamp=moment, **facts(exchange, status, seconds))


def facts(exchange: Exchange, status: int, seconds: float) -> dict[str, object]:
    """What a line says of a request."""
    found: dict[str, object] = {
        "request_id": exchange.id,
        "status": status,
        "method": exchange.request.method,
        "ms": round(1000 * seconds, 1),
        "client": _client(exchange.request),
    }
    if exchange.address is not None:
        found["source"] = exchange.address.plan.source
    return found


def _client(request: web.BaseRequest) -> str:
    headers = request.headers
    forwarded = headers.get("X-Forwarded-For", "").partition(",")[0].strip()
    return headers.get("CF-Connecting-IP") or forwarded or headers.get("X-Real-IP") or request.remote or ""
