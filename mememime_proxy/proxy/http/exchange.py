"""One request with its response, as far as the log and the metrics need it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from mememime_proxy.errors import MememimeError
from mememime_proxy.proxy.http.clients import Clients
from mememime_proxy.proxy.http.request_parser import ParsedRequest


@dataclass(slots=True)
class Exchange:
    """A request, and what becomes known of it until its response is sent."""

    request: web.BaseRequest
    id: str
    started_at: float
    """On the clock of ``time.perf_counter``."""
    clients: Clients
    parsed: ParsedRequest | None = None
    error: MememimeError | None = None
    is_silent: bool = False
    """Not in the log, nor in the times of the metrics."""

    @property
    def client_address(self) -> str:
        """Return the address that the proxies in front report, else the connection's."""
        headers = self.request.headers
        forwarded = headers.get("X-Forwarded-For", "").partition(",")[0].strip()
        return headers.get("CF-Connecting-IP") or forwarded or headers.get("X-Real-IP") or self.request.remote or ""
