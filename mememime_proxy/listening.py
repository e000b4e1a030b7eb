"""The listening sockets: aiohttp's low-level server with a limit on how long a client may take to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """Cancels a request whose client left, and drops connections that do not send their first request in time.

    Later requests of a connection are under the keep-alive timeout.
    """

    def __init__(self, handler: Handler, *, read_timeout: float, keepalive_timeout: float) -> None:
        super().__init__(
            self._serve,
            handler_cancellation=True,
            keepalive_timeout=keepalive_timeout,
            access_log=None,
            lingering_time=0,
        )
        self._inner = handler
        self._keeps_alive = bool(keepalive_timeout)
        self._read_timeout = read_timeout
        self._silent: dict[RequestHandler, asyncio.TimerHandle] = {}

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._has_spoken(request.protocol)
        response = await self._inner(request)
        if not self._keeps_alive:
            response.force_close()
        return response

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """See aiohttp."""
        super().connection_made(handler, transport)
        self._silent[handler] = self._loop.call_later(self._read_timeout, transport.abort)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """See aiohttp."""
        self._has_spoken(handler)
        super().connection_lost(handler, exc)

    def _has_spoken(self, handler: RequestHandler) -> None:
        timer = self._silent.pop(handler, None)
        if timer is not None:
            timer.cancel()
