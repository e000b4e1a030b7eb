"""HTTP in, HTTP out: which path is what, how errors become answers, what is counted and logged."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import html
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from mememime_proxy.errors import (
    ClientDisconnectedError,
    MememimeError,
    OverloadError,
    PathError,
    SecretError,
    ShuttingDownError,
)
from mememime_proxy.proxy.cache.purge import Purging
from mememime_proxy.proxy.cache.url_cache import Addresses
from mememime_proxy.proxy.http import pages
from mememime_proxy.proxy.http.access_log import AccessLog, facts
from mememime_proxy.proxy.http.responses import Delivery, Exchange
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.service.logs import logger
from mememime_proxy.service.request_id import choose_request_id
from mememime_proxy.settings.settings import Settings

_SILENT = ("/favicon.ico", "/robots.txt")


class Handlers:
    """The service's request handler: ``handle`` is called for every request and raises nothing but cancellation."""

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        delivery: Delivery,
        metrics: Metrics,
        healthy: Callable[[], bool],
        purging: Purging,
        access_log: AccessLog,
        tracing: Tracing | None = None,
    ) -> None:
        self._settings = settings
        self._purging = purging
        self._tracing = tracing
        self._addresses = addresses
        self._delivery = delivery
        self._metrics = metrics
        self._healthy = healthy
        self._log = logger()
        self._access_log = access_log
        self._in_progress = 0
        metrics.in_progress.set_function(lambda: self._in_progress)
        self.stopping = False
        prefix = "/" + settings.path_prefix.strip("/") if settings.path_prefix.strip("/") else ""
        self._exact: dict[str, Callable[[Exchange], Awaitable[web.StreamResponse]]] = {
            f"{prefix}/": self._landing,
            f"{prefix}/health": self._health,
            f"{prefix}/ready": self._ready,
        }
        self._purge_path = f"{prefix}/purge"
        if settings.health_check_path:
            self._exact[settings.health_check_path] = self._health
        if prefix:
            self._exact[prefix] = self._landing

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers a request; every error becomes an answer, a log line and a count."""
        exchange = Exchange(request, choose_request_id(request.headers.get("X-Request-ID", "")), time.perf_counter())
        if self._tracing is None or request.path in self._exact:
            return await self._handle(exchange)
        return await self._traced(exchange, self._tracing)

    async def _traced(self, exchange: Exchange, tracing: Tracing) -> web.StreamResponse:
        request = exchange.request
        with tracing.request(request.method, request.headers) as span:
            response = await self._handle(exchange)
            with tracing.span("respond"), contextlib.suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()
            facts = {"request_id": exchange.id}
            if exchange.address is not None:
                facts["source"] = exchange.address.plan.source
            tracing.answered(span, response.status, exchange.error, facts)
        return response

    async def _handle(self, exchange: Exchange) -> web.StreamResponse:
        self._in_progress += 1
        try:
            response = await self._answer(exchange)
        except asyncio.CancelledError:
            exchange.error = ClientDisconnectedError()
            self._account(exchange, ClientDisconnectedError.status)
            raise
        finally:
            self._in_progress -= 1
        self._account(exchange, response.status)
        return response

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        try:
            response = await self._route(exchange)
        except MememimeError as error:
            exchange.error = error
            response = self._error(exchange, error)
        except ConnectionError as error:
            raise asyncio.CancelledError from error
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever it is becomes a 500 and a log line
            exchange.error = MememimeError(f"{type(error).__name__}: {error}")
            self._log.exception("request.failed", request_id=exchange.id)
            response = self._error(exchange, exchange.error)
        if not response.prepared:
            self._delivery.finish(exchange, response)
            if self.stopping:
                # Whoever still has a connection is served, and told to take another one next time.
                response.force_close()
        return response

    async def _route(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        path = request.raw_path.partition("?")[0]
        if request.method == "OPTIONS":
            exchange.silent = True
            return web.Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
        if request.method == "POST" and path == self._purge_path:
            return await self._purging.post(request)
        if request.method == "DELETE":
            exchange.address = self._addresses.find(request.raw_path, request.headers)
            return await self._purging.delete(request, exchange.address.plan.source)
        if request.method not in {"GET", "HEAD"}:
            raise PathError(f"there is nothing to {request.method}")
        if (exact := self._exact.get(path)) is not None:
            exchange.silent = True
            return await exact(exchange)
        if path in _SILENT or path.startswith("/.well-known/"):
            exchange.silent = True
            raise PathError("not ours")
        if self._settings.max_clients and self._in_progress > self._settings.max_clients:
            raise OverloadError(f"{self._in_progress} requests are in progress")
        self._check_secret(request.headers)
        exchange.address = address = self._addresses.find(request.raw_path, request.headers)
        return await self._delivery.answer(exchange, address)

    def _check_secret(self, headers: Mapping[str, str]) -> None:
        if self._settings.secret:
            given = headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, b"Bearer " + self._settings.secret.encode()):
                raise SecretError

    async def _landing(self, _exchange: Exchange) -> web.StreamResponse:
        return web.Response(text=pages.LANDING, content_type="text/html")

    async def _health(self, _exchange: Exchange) -> web.StreamResponse:
        healthy = self._healthy()
        return web.Response(
            status=200 if healthy else 500,
            text="mememime is running" if healthy else "Error",
            headers={"Cache-Control": "no-cache"},
        )

    async def _ready(self, _exchange: Exchange) -> web.StreamResponse:
        ready = self._healthy() and not self.stopping
        return web.Response(
            status=200 if ready else 503, text="ready" if ready else "not ready", headers={"Cache-Control": "no-cache"}
        )

    def _error(self, exchange: Exchange, error: MememimeError) -> web.Response:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        text = error.public
        if self._settings.development_errors_mode:
            text = f"{error.public}\n\n{error.code}: {error.detail}\nSee {error.doc_anchor()}"
            if "text/html" in exchange.request.headers.get("Accept", ""):
                page = pages.error(error.status, html.escape(text))
                return web.Response(status=error.status, text=page, content_type="text/html", headers=headers)
        return web.Response(status=error.status, text=text, headers=headers)

    def _account(self, exchange: Exchange, status: int) -> None:
        """Counts and logs what became of a request."""
        seconds = time.perf_counter() - exchange.begun
        error, metrics = exchange.error, self._metrics
        metrics.requests.inc()
        metrics.status(str(status)).inc()
        if exchange.silent:
            return
        metrics.duration.observe(seconds)
        if error is None:
            self._access_log.add(exchange, status, seconds)
            return
        metrics.errors.labels(error.kind, error.code).inc()
        level = logging.ERROR if status >= 500 and status != ShuttingDownError.status else logging.WARNING
        reason = {"error": error.code, "detail": error.detail}
        self._log.log(level, "request.refused", **reason, **facts(exchange, status, seconds))
