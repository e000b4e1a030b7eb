"""The listening sockets: aiohttp's low-level server with a limit on how long a client may take to ask."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from mememime_proxy.errors import SettingsError

_BACKLOG = 1024
_LINGERING = 10.0
"""Seconds in which a body that nobody wants is still taken and dropped: a connection that is closed while bytes come
is reset, and then its client never reads why it was refused (RFC 9112, 9.6)."""
_MAX_LINE = 20 << 10
"""Bytes of a request line: a path may have 16 KiB, and a query, which is ignored, may follow it."""
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """Drops connections that do not send their first request in time; later ones are under the keep-alive timeout.

    ``cancels``: a request whose client left is cancelled.
    """

    def __init__(
        self, handler: Handler, *, read_timeout: float, keepalive_timeout: float, cancels: bool = True
    ) -> None:
        super().__init__(
            self._serve,
            handler_cancellation=cancels,
            keepalive_timeout=keepalive_timeout,
            access_log=None,
            lingering_time=_LINGERING,
            max_line_size=_MAX_LINE,
            tcp_keepalive=False,  # it would take two hours to notice what the timeouts notice in seconds
        )
        self._inner = handler
        self._keeps_alive = bool(keepalive_timeout)
        self._read_timeout = read_timeout
        # In the order of their deadlines, so that one timer is enough for a crowd.
        self._silent: dict[RequestHandler, tuple[float, asyncio.Transport]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._silent.pop(request.protocol, None)
        response = await self._inner(request)
        if not self._keeps_alive:
            response.force_close()
        return response

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """See aiohttp."""
        super().connection_made(handler, transport)
        self._silent[handler] = (self._loop.time() + self._read_timeout, transport)
        if self._timer is None:
            self._timer = self._loop.call_later(self._read_timeout, self._drop)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """See aiohttp."""
        self._silent.pop(handler, None)
        super().connection_lost(handler, exc)

    def _drop(self) -> None:
        """Ends the connections whose time is over; again when the next one's is."""
        now, self._timer = self._loop.time(), None
        while self._silent:
            handler, (deadline, transport) = next(iter(self._silent.items()))
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._drop)
                return
            del self._silent[handler]
            transport.abort()


class Listeners:
    """What a service listens on. ``close`` lets requests in flight end."""

    def __init__(self, patience: float) -> None:
        """``patience``: seconds that requests in flight have to end in."""
        self._patience = patience
        self._runners: list[web.ServerRunner] = []

    async def open(
        self, server: web.Server, address: tuple[str | None, int] | str, *, reuse_port: bool = False
    ) -> list[str]:
        """Listens; the addresses as ``host:port``, or a socket's path. OSError, SettingsError."""
        runner = web.ServerRunner(server, shutdown_timeout=self._patience)
        await runner.setup()
        self._runners.append(runner)
        site: web.BaseSite
        if isinstance(address, str):
            _remove_stale_socket(address)
            site = web.UnixSite(runner, address, backlog=_BACKLOG)
        else:
            site = web.TCPSite(runner, *address, backlog=_BACKLOG, reuse_port=reuse_port or None)
        await site.start()
        return _addresses(runner)

    async def close(self) -> None:
        """Takes no more requests."""
        for runner in self._runners:
            await runner.cleanup()


def _addresses(runner: web.BaseRunner) -> list[str]:
    found = []
    for address in runner.addresses:
        match address:
            case (str(host), int(port), *_):
                found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            case _:
                found.append(str(address))
    return found


def _remove_stale_socket(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            raise SettingsError(f"MEMEMIME_BIND: found {path!r}, expected a socket's path; there is another file")
        Path(path).unlink()
