"""Listening sockets: aiohttp's low-level server with a time limit for the first request of a connection.

What is no HTTP is answered 400, and is one line in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from mememime_proxy.errors import MalformedRequestError, SettingsError
from mememime_proxy.service.logs import logger

_BACKLOG = 1024
_LINGERING_TIME = 10.0
"""Seconds in which the rest of a refused body is read and dropped: a connection that is closed while bytes arrive is
reset, and the client never reads the response (RFC 9112, 9.6)."""
_LOOKS = 4
"""How often within the write timeout the progress of responses is looked at."""
_REFUSAL_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Server": "mememime",
    "X-Content-Type-Options": "nosniff",
}
"""Of responses to what is no HTTP; those of requests are the services' own."""
_MAX_LINE_SIZE = 20 << 10
"""Bytes of a request line: a path of 16 KiB, and a query, which is ignored."""
_METRICS_TIMEOUT = 10.0
_METRICS_KEEP_ALIVE = 75.0
"""Seconds; Prometheus asks every 15 or 60 seconds over one connection."""
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connection(RequestHandler):
    """A client's connection: bytes that are no HTTP are a line in the log each, without a traceback."""

    __slots__ = ("_refuse",)

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        refuse: Callable[[web.BaseRequest, MalformedRequestError], web.Response],
        **arguments: Any,
    ) -> None:
        super().__init__(manager, loop=loop, **arguments)
        self._refuse = refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the response where aiohttp has none: to a malformed request, or after an exception of a handler."""
        if isinstance(exc, ConnectionError):
            raise exc  # the client has gone; that ends the connection, and no more
        if isinstance(exc, HttpProcessingError) and not request.writer.output_size:
            # Behind the colon aiohttp quotes what it found: a path with its signature, or credentials.
            reason = str(exc.message).partition(":")[0].strip()
            return self._refuse(request, MalformedRequestError(f"{type(exc).__name__}: {reason}"))
        return super().handle_error(request, status, exc, message)


@dataclass(slots=True)
class _Unread:
    """What a client has not taken yet, and since when that is so."""

    written: int
    waiting: int
    since: float


class Server(web.Server):
    """Drops connections that do not send their first request in time; later ones are under the keep-alive timeout.

    A connection whose client takes nothing of a response for some time is dropped, too.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        read_timeout: float,
        keepalive_timeout: float,
        write_timeout: float = 0,
        cancel_handlers: bool = True,
        on_malformed: Callable[[MalformedRequestError], None] = lambda _error: None,
    ) -> None:
        """Configure the server; timeouts in seconds, ``keepalive_timeout`` 0 = close after each response.

        ``write_timeout``: how long a client may take nothing of a response; 0 = for ever. ``cancel_handlers``: whether
        the handler of a request is cancelled when its client disconnects. ``on_malformed`` counts the requests that
        reach no handler because they are no HTTP.
        """
        super().__init__(
            self._serve,
            handler_cancellation=cancel_handlers,
            keepalive_timeout=keepalive_timeout,
            access_log=None,
            lingering_time=_LINGERING_TIME,
            max_line_size=_MAX_LINE_SIZE,
            tcp_keepalive=False,  # takes two hours for what the timeouts do in seconds
        )
        self._handler = handler
        self._on_malformed = on_malformed
        self._log = logger()
        self._keep_alive = bool(keepalive_timeout)
        self._read_timeout = read_timeout
        # In the order of their deadlines, so that one timer serves all.
        self._awaiting_request: dict[RequestHandler, tuple[float, asyncio.Transport]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._write_timeout = write_timeout
        self._writers: dict[RequestHandler, AbstractStreamWriter] = {}
        self._unread: dict[RequestHandler, _Unread] = {}
        self._write_timer: asyncio.TimerHandle | None = None

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return _Connection(self, loop=self._loop, refuse=self._refuse, **self._kwargs)

    def _refuse(self, request: web.BaseRequest, error: MalformedRequestError) -> web.Response:
        self._on_malformed(error)
        self._log.info("request.malformed", error=error.code, detail=error.detail, client=request.remote or "")
        response = web.Response(status=error.status, text=f"{error.public}\n", headers=_REFUSAL_HEADERS)
        response.force_close()
        return response

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._awaiting_request.pop(request.protocol, None)
        if self._write_timeout:
            self._writers[request.protocol] = request.writer
            if self._write_timer is None:
                self._write_timer = self._loop.call_later(self._write_timeout / _LOOKS, self._drop_stalled)
        response = await self._handler(request)
        if not self._keep_alive:
            response.force_close()
        return response

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Start the time limit for the first request."""
        super().connection_made(handler, transport)
        self._awaiting_request[handler] = (self._loop.time() + self._read_timeout, transport)
        if self._timer is None:
            self._timer = self._loop.call_later(self._read_timeout, self._drop_overdue)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget the connection."""
        self._awaiting_request.pop(handler, None)
        self._writers.pop(handler, None)
        self._unread.pop(handler, None)
        super().connection_lost(handler, exc)

    def _drop_overdue(self) -> None:
        """Abort connections past their deadline, and set the timer for the next one."""
        now, self._timer = self._loop.time(), None
        while self._awaiting_request:
            handler, (deadline, transport) = next(iter(self._awaiting_request.items()))
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._drop_overdue)
                return
            del self._awaiting_request[handler]
            transport.abort()

    def _drop_stalled(self) -> None:
        """Abort connections whose clients have taken nothing for too long; look again while there are others."""
        now, self._write_timer = self._loop.time(), None
        for handler, writer in list(self._writers.items()):
            transport = handler.transport
            if transport is None:
                continue
            waiting, last = transport.get_write_buffer_size(), self._unread.get(handler)
            if not waiting:
                self._unread.pop(handler, None)
            elif last is None or (last.written, last.waiting) != (writer.output_size, waiting):
                self._unread[handler] = _Unread(writer.output_size, waiting, now)
            elif now - last.since >= self._write_timeout:
                handler.force_close()
                transport.abort()
        if self._writers:
            self._write_timer = self._loop.call_later(self._write_timeout / _LOOKS, self._drop_stalled)


def metrics_server(registry: CollectorRegistry, measure: Callable[[], Awaitable[object]]) -> Server:
    """Return the server of a registry's metrics, for Prometheus. ``measure`` is awaited before they are collected."""

    async def metrics(_request: web.BaseRequest) -> web.Response:
        await measure()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Server(metrics, read_timeout=_METRICS_TIMEOUT, keepalive_timeout=_METRICS_KEEP_ALIVE)


class Listeners:
    """The listening sockets of a service."""

    def __init__(self, shutdown_timeout: float) -> None:
        """``shutdown_timeout``: seconds for requests in flight to end when the sockets are closed."""
        self._shutdown_timeout = shutdown_timeout
        self._runners: list[web.ServerRunner] = []
        self._sockets: dict[str, int] = {}
        """Numbers of the socket files that were made, by their paths."""

    async def open(
        self, server: web.Server, address: tuple[str | None, int] | str, *, reuse_port: bool = False
    ) -> list[str]:
        """Listen, and return the addresses as ``host:port`` or a socket's path. Raises OSError and SettingsError."""
        runner = web.ServerRunner(server, shutdown_timeout=self._shutdown_timeout)
        await runner.setup()
        self._runners.append(runner)
        site: web.BaseSite
        if isinstance(address, str):
            _remove_stale_socket(address)
            site = web.UnixSite(runner, address, backlog=_BACKLOG)
        else:
            site = web.TCPSite(runner, *address, backlog=_BACKLOG, reuse_port=reuse_port or None)
        await site.start()
        if isinstance(address, str):
            self._sockets[address] = _inode(address)
        return _addresses(runner)

    async def close(self) -> None:
        """Accept no more requests, and wait for those in flight."""
        for runner in self._runners:
            await runner.cleanup()
        for path, inode in self._sockets.items():
            # Another process may listen at the same path by now.
            if _inode(path) == inode:
                _unlink(path)


def _addresses(runner: web.BaseRunner) -> list[str]:
    addresses = []
    for address in runner.addresses:
        match address:
            case (str(host), int(port), *_):
                addresses.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            case _:
                addresses.append(str(address))
    return addresses


def _inode(path: str) -> int:
    try:
        return Path(path).lstat().st_ino
    except OSError:
        return 0


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).unlink()


def _remove_stale_socket(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            raise SettingsError(
                f"MEMEMIME_BIND: found {path!r}, there is another file; remove it or choose another path"
            )
        Path(path).unlink()
