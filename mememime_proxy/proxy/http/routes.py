"""Routes of the proxy: dispatch by path, error responses, metrics and the access log of requests."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import html
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import HttpVersion11, web

from mememime_proxy.errors import (
    ClientDisconnectedError,
    MememimeError,
    OverloadError,
    PathError,
    SecretError,
    ShuttingDownError,
    TooLongError,
)
from mememime_proxy.proxy.http import pages
from mememime_proxy.proxy.http.access_log import AccessLog, RefusalLimit
from mememime_proxy.proxy.http.clients import Clients
from mememime_proxy.proxy.http.exchange import Exchange
from mememime_proxy.proxy.http.info_parser import InfoParser
from mememime_proxy.proxy.http.internal.explanation_routes import EXPLAIN_PATH, ExplanationRoutes
from mememime_proxy.proxy.http.internal.signing_routes import SIGN_PATH, SigningRoutes
from mememime_proxy.proxy.http.internal.status import STATUS_PATH, status_response
from mememime_proxy.proxy.http.purge_routes import PurgeRoutes
from mememime_proxy.proxy.http.request_parser import RequestParser
from mememime_proxy.proxy.http.responses import Responder
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.service.logs import logger, redact
from mememime_proxy.service.request_id import choose_request_id
from mememime_proxy.settings.addresses import is_loopback
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers import reporting
from mememime_proxy.workers.stats import PoolStats

_SILENT_PATHS = ("/favicon.ico", "/robots.txt")


@dataclass(slots=True)
class RouteHandlers:
    """The handlers that are made of the settings that can change. A reload replaces them all at once."""

    settings: Settings
    parser: RequestParser
    info_parser: InfoParser
    responder: Responder
    purges: PurgeRoutes
    signing: SigningRoutes
    explanations: ExplanationRoutes
    users: int = 0
    """Requests in progress that began with these handlers."""
    _unused: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Count the end of a request."""
        self.users -= 1
        if not self.users:
            self._unused.set()

    async def until_unused(self) -> None:
        """Return when no request uses these handlers; they must have been replaced."""
        while self.users:
            self._unused.clear()
            await self._unused.wait()


class Routes:
    """The service's request handler: ``handle`` is called for every request and raises nothing but cancellation."""

    def __init__(
        self,
        settings: Settings,
        handlers: RouteHandlers,
        metrics: ProxyMetrics,
        access_log: AccessLog,
        is_healthy: Callable[[], bool],
        pool_stats: Callable[[], PoolStats],
        tracing: Tracing | None = None,
    ) -> None:
        self.handlers = handlers
        """Of requests that begin now."""
        self._metrics = metrics
        self._access_log = access_log
        self._is_healthy = is_healthy
        self._pool_stats = pool_stats
        self._tracing = tracing
        self._log = logger()
        self._refusals = RefusalLimit()
        self._clients = Clients(lambda: self.handlers.settings.max_clients)
        metrics.in_progress.set_function(lambda: self._clients.in_progress)
        metrics.waiting.set_function(lambda: self._clients.waiting)
        self.is_stopping = False
        prefix = "/" + settings.path_prefix.strip("/") if settings.path_prefix.strip("/") else ""
        landing_page = _landing(settings)
        self._pages: dict[str, Callable[[web.BaseRequest], web.Response]] = {
            f"{prefix}/": landing_page,
            f"{prefix}/health": self._health,
            f"{prefix}/ready": self._readiness,
            f"{prefix}{STATUS_PATH}": self._status,
        }
        self._player = {f"{prefix}/player{suffix}": name for suffix, name in pages.PLAYER_FILES.items()}
        self._purge_path = f"{prefix}/purge"
        self._posts: dict[str, Callable[[RouteHandlers], PurgeRoutes | SigningRoutes | ExplanationRoutes]] = {
            self._purge_path: lambda handlers: handlers.purges,
            f"{prefix}{SIGN_PATH}": lambda handlers: handlers.signing,
            f"{prefix}{EXPLAIN_PATH}": lambda handlers: handlers.explanations,
        }
        self._info_prefix = f"{prefix}/info"
        if settings.health_check_path:
            self._pages[settings.health_check_path] = self._health
        if prefix:
            self._pages[prefix] = landing_page

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to a request; every error becomes a response, a log line and a count."""
        exchange = Exchange(
            request, choose_request_id(request.headers.get("X-Request-ID", "")), time.perf_counter(), self._clients
        )
        if self._tracing is None or request.path in self._pages:
            return await self._handle(exchange)
        return await self._handle_traced(exchange, self._tracing)

    async def _handle_traced(self, exchange: Exchange, tracing: Tracing) -> web.StreamResponse:
        request = exchange.request
        with tracing.request(request.method, request.headers) as span:
            response = await self._handle(exchange)
            with tracing.span("respond"), contextlib.suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()
            fields = {"request_id": exchange.id}
            if exchange.parsed is not None:
                fields["source"] = redact(exchange.parsed.plan.source)
            tracing.finish_request(span, response.status, exchange.error, fields)
        return response

    async def _handle(self, exchange: Exchange) -> web.StreamResponse:
        handlers = self.handlers
        handlers.users += 1
        self._clients.in_progress += 1
        try:
            response = await self._respond(exchange, handlers)
        except asyncio.CancelledError:
            exchange.error = ClientDisconnectedError()
            self._record(exchange, ClientDisconnectedError.status)
            raise
        finally:
            self._clients.in_progress -= 1
            handlers.release()
        self._record(exchange, response.status)
        return response

    async def _respond(self, exchange: Exchange, handlers: RouteHandlers) -> web.StreamResponse:
        try:
            response = await self._route(exchange, handlers)
        except MememimeError as error:
            # Without its traceback: its frames refer to the exchange, a cycle that would wait for a garbage collection.
            exchange.error = error.with_traceback(None)
            response = self._refusal(exchange, error, handlers)
        except ConnectionError as error:
            raise asyncio.CancelledError from error
        except Exception as error:  # noqa: BLE001 - the outermost place: any other error is a 500 and a log line
            exchange.error = MememimeError(f"{type(error).__name__}: {error}")
            self._log.exception("request.failed", request_id=exchange.id)
            response = _error_response(exchange, exchange.error, handlers.settings)
        if not response.prepared:
            handlers.responder.add_common_headers(exchange, response)
            if self.is_stopping:
                # A client that still has a connection is served, and has to open another one for its next request.
                response.force_close()
        return response

    def _refusal(self, exchange: Exchange, error: MememimeError, handlers: RouteHandlers) -> web.StreamResponse:
        plain = exchange.request.version == HttpVersion11 and not handlers.settings.development_errors_mode
        if plain and isinstance(error, OverloadError):
            return handlers.responder.refuse(exchange, error)
        response = _error_response(exchange, error, handlers.settings)
        if isinstance(error, TooLongError) and (link := handlers.parser.stream_link(exchange.request.raw_path)):
            response.headers["Link"] = link
        return response

    async def _route(self, exchange: Exchange, handlers: RouteHandlers) -> web.StreamResponse:
        request, settings = exchange.request, handlers.settings
        path = request.raw_path.partition("?")[0]
        if request.method == "OPTIONS":
            exchange.is_silent = True
            return web.Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
        if request.method == "POST" and (handler := self._posts.get(path)) is not None:
            exchange.is_silent = path != self._purge_path
            return await handler(handlers).post(request)
        if request.method == "DELETE":
            exchange.parsed = handlers.parser.parse(request.raw_path, request.headers)
            return await handlers.purges.delete(request, exchange.parsed.plan.source)
        if request.method not in {"GET", "HEAD"}:
            raise PathError(f"no path has the method {request.method}")
        if (page := self._pages.get(path)) is not None:
            exchange.is_silent = True
            return page(request)
        if settings.player_page and path in self._player:
            exchange.is_silent = True
            return pages.player_file(self._player[path])
        if path in _SILENT_PATHS or path.startswith("/.well-known/"):
            exchange.is_silent = True
            raise PathError("the service has no such file")
        self._clients.check()
        if settings.secret:
            _check_secret(request.headers, settings.secret)
        if path.startswith(f"{self._info_prefix}/"):
            exchange.parsed = handlers.info_parser.parse(path.removeprefix(self._info_prefix))
        else:
            exchange.parsed = handlers.parser.parse(request.raw_path, request.headers)
        return await handlers.responder.respond(exchange, exchange.parsed)

    def _health(self, request: web.BaseRequest) -> web.Response:
        healthy = self._is_healthy()
        if "verbose" in request.query:
            return web.json_response(
                {"status": "ok" if healthy else "failing", **reporting.state(self._pool_stats())},
                status=200 if healthy else 500,
                headers={"Cache-Control": "no-cache"},
            )
        return web.Response(
            status=200 if healthy else 500,
            text="mememime is running" if healthy else "Error",
            headers={"Cache-Control": "no-cache"},
        )

    def _status(self, request: web.BaseRequest) -> web.Response:
        return status_response(request.headers, self.handlers.settings, self._pool_stats(), self._metrics)

    def _readiness(self, _request: web.BaseRequest) -> web.Response:
        ready = self._is_healthy() and not self.is_stopping
        return web.Response(
            status=200 if ready else 503, text="ready" if ready else "not ready", headers={"Cache-Control": "no-cache"}
        )

    def _record(self, exchange: Exchange, status: int) -> None:
        """Count and log a request whose response has ``status``."""
        seconds = time.perf_counter() - exchange.started_at
        error, metrics = exchange.error, self._metrics
        metrics.requests.inc()
        metrics.status(str(status)).inc()
        if exchange.is_silent:
            return
        metrics.duration.observe(seconds)
        if error is None:
            self._access_log.add(exchange, status, seconds)
            return
        metrics.errors.labels(error.kind, error.code).inc()
        level = logging.ERROR if status >= 500 and status != ShuttingDownError.status else logging.WARNING
        reason: dict[str, object] = {"error": error.code, "detail": error.detail}
        if isinstance(error, OverloadError):
            unlogged = self._refusals.admit()
            if unlogged is None:
                return
            if unlogged:
                reason["unlogged"] = unlogged
        self._log.log(level, "request.refused", **reason, **self._access_log.fields(exchange, status, seconds))


def _check_secret(headers: Mapping[str, str], secret: str) -> None:
    authorization = headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(authorization, b"Bearer " + secret.encode()):
        raise SecretError


def _error_response(exchange: Exchange, error: MememimeError, settings: Settings) -> web.Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    text = error.public
    if settings.development_errors_mode:
        text = f"{error.development or error.public}\n\n{error.code}: {error.detail}\nSee {error.doc_anchor()}"
        if "text/html" in exchange.request.headers.get("Accept", ""):
            page = pages.error_page(error.status, html.escape(text))
            return web.Response(status=error.status, text=page, content_type="text/html", headers=headers)
    return web.Response(status=error.status, text=text, headers=headers)


def _landing(settings: Settings) -> Callable[[web.BaseRequest], web.Response]:
    """Return the handler of the root: it leads to the console where clients can reach one."""
    console = settings.resources_public_url or (settings.resources_url if is_loopback(settings.resources_url) else "")
    if settings.console and console:
        location = f"{console.rstrip('/')}/console/"
        return lambda _request: web.Response(status=302, headers={"Location": location, "Cache-Control": "no-cache"})
    return lambda _request: web.Response(text=pages.LANDING, content_type="text/html")
