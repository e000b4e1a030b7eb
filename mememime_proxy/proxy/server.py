"""The listening sockets: aiohttp's low-level server with a limit on how long a client may take to ask."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """Cancels a request whose client left, and drops connections that do not send their first request in time."""

    def __init__(self, handler: Handler, *, read_timeout: float, keepalive_timeout: float) -> None:
        super().__init__(
            self._serve,
            handler_cancellation=True,
            keepalive_timeout=keepalive_timeout,
            access_log=None,
            lingering_time=0,
        )
        self._inner = handler
        self._read_timeout = read_timeout
        self._spoken: weakref.WeakSet[RequestHandler] = weakref.WeakSet()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._spoken.add(request.protocol)
        response = await self._inner(request)
        if not self._kwargs["keepalive_timeout"]:
            response.force_close()
        return response

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """See aiohttp; later requests of a connection are under the keep-alive timeout."""
        super().connection_made(handler, transport)
        self._loop.call_later(self._read_timeout, self._drop_silent, weakref.ref(handler), transport)

    def _drop_silent(self, handler: weakref.ref[RequestHandler], transport: asyncio.Transport) -> None:
        alive = handler()
        if alive is not None and alive not in self._spoken and not transport.is_closing():
            transport.abort()
