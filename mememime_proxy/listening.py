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
