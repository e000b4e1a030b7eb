"""HTTP in, HTTP out: which path is what, and how errors, pictures and streams become answers."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import html
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil

from aiohttp import HttpVersion11, web
from cachetools import LRUCache
from yarl import URL

from mememime_proxy.errors import (
    ClientGoneError,
    MememimeError,
    OverloadError,
    PathError,
    SecretError,
    ShuttingDownError,
)
from mememime_proxy.plan import Plan
from mememime_proxy.proxy import config, pages, responses
from mememime_proxy.proxy.answer import Answer, serialize
from mememime_proxy.proxy.logs import logger
from mememime_proxy.proxy.metrics import Metrics
from mememime_proxy.proxy.negotiation import Negotiation
from mememime_proxy.proxy.outcome import Asked, Picture, Unchanged
from mememime_proxy.proxy.picture import Pictures
from mememime_proxy.proxy.purging import Purging
from mememime_proxy.proxy.tracing import Tracing
from mememime_proxy.proxy.variants import source_hash
from mememime_proxy.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.urls.path import split

_REQUEST_ID = re.compile(r"[A-Za-z0-9_\-]{1,128}")
_RAW_REQUEST_HEADERS = ("If-None-Match", "If-Modified-Since", "Accept-Encoding", "Range", "If-Range")
_RAW_RESPONSE_HEADERS = (
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Accept-Ranges",
    "Last-Modified",
    "ETag",
)
_SILENT = ("/favicon.ico", "/robots.txt")
_STALE_TTL = 10
"""Seconds for which others may keep what is served because its source cannot be asked."""
_ADDRESSES = 4096
_ADDRESS_LENGTH = 2048
"""Characters of an address, and of a header that it is negotiated by, up to which it is remembered."""


@dataclass(slots=True)
class _Address:
    """What an address was found to ask for, and the head of its last answer."""

    plan: Plan
    key: bytes
    serial: int = 0
    """The picture's that ``head`` was made for."""
    until: int = 0
    """Unix seconds; 0 = whenever."""
    head: bytes = b""


@dataclass(slots=True)
class _Exchange:
    """One request on its way through; what the log line says."""

    request: web.BaseRequest
    id: str
    begun: float
    address: _Address | None = None
    error: MememimeError | None = None
    silent: bool = False


class Handlers:
    """The service's request handler: ``handle`` is called for every request and raises nothing but cancellation."""

    def __init__(
        self,
        settings: Settings,
        parser: UrlParser,
        negotiation: Negotiation,
        pictures: Pictures,
        sources: Sources,
        metrics: Metrics,
        healthy: Callable[[], bool],
        purging: Purging,
        tracing: Tracing | None = None,
    ) -> None:
        self._settings = settings
        self._purging = purging
        self._tracing = tracing
        self._parser = parser
        self._base_plan = config.base_plan(settings)
        self._negotiation = negotiation
        self._looked_at = tuple(name.strip() for name in negotiation.vary.split(",") if name.strip())
        self._addresses: LRUCache[tuple[str, ...], _Address] = LRUCache(_ADDRESSES)
        self._pictures = pictures
        self._sources = sources
        self._metrics = metrics
        self._healthy = healthy
        self._log = logger()
        self._in_progress = 0
        metrics.in_progress.set_function(lambda: self._in_progress)
        self.stopping = False
        prefix = "/" + settings.path_prefix.strip("/") if settings.path_prefix.strip("/") else ""
        self._exact: dict[str, Callable[[_Exchange], Awaitable[web.StreamResponse]]] = {
            f"{prefix}/": self._landing,
            f"{prefix}/health": self._health,
            f"{prefix}/ready": self._ready,
        }
        self._purge_path = f"{prefix}/purge"
        if settings.health_check_path:
            self._exact[settings.health_check_path] = self._health
        if prefix:
            self._exact[prefix] = self._landing
        self._always = {"Server": "mememime", **responses.SECURITY}
        if settings.allow_origin:
            self._always |= {
                "Access-Control-Allow-Origin": settings.allow_origin,
                "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers a request; every error becomes an answer, a log line and a count."""
        asked_id = request.headers.get("X-Request-ID", "")
        exchange = _Exchange(
            request, asked_id if _REQUEST_ID.fullmatch(asked_id) else secrets.token_urlsafe(16), time.perf_counter()
        )
        if self._tracing is None or request.path in self._exact:
            return await self._handle(exchange)
        return await self._traced(exchange, self._tracing)

    async def _traced(self, exchange: _Exchange, tracing: Tracing) -> web.StreamResponse:
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

    async def _handle(self, exchange: _Exchange) -> web.StreamResponse:
        self._in_progress += 1
        try:
            response = await self._answer(exchange)
        except asyncio.CancelledError:
            exchange.error = ClientGoneError()
            self._account(exchange, ClientGoneError.status)
            raise
        finally:
            self._in_progress -= 1
        self._account(exchange, response.status)
        return response

    async def _answer(self, exchange: _Exchange) -> web.StreamResponse:
        try:
            response = await self._route(exchange)
        except MememimeError as error:
            exchange.error = error
            response = self._error(exchange, error)
        except ConnectionError as error:
            raise asyncio.CancelledError from error
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever it is becomes a 500 and a log line
            exchange.error = MememimeError(f"{type(error).__name__}: {error}")
            self._log.exception("unexpected error", request_id=exchange.id)
            response = self._error(exchange, exchange.error)
        if not response.prepared and not isinstance(response, Answer):
            self._finish(exchange, response)
        return response

    def _finish(self, exchange: _Exchange, response: web.StreamResponse) -> None:
        response.headers.update(self._always)
        response.headers["X-Request-ID"] = exchange.id

    async def _route(self, exchange: _Exchange) -> web.StreamResponse:
        request = exchange.request
        path = request.raw_path.partition("?")[0]
        if request.method == "OPTIONS":
            exchange.silent = True
            return web.Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
        if request.method == "POST" and path == self._purge_path:
            return await self._purging.post(request)
        if request.method == "DELETE":
            exchange.address = self._address(request)
            return await self._purging.delete(request, exchange.address.plan.source)
        if request.method not in {"GET", "HEAD"}:
            raise PathError(f"there is nothing to {request.method}")
        if (exact := self._exact.get(path)) is not None:
            exchange.silent = True
            return await exact(exchange)
        if path in _SILENT or path.startswith("/.well-known/"):
            exchange.silent = True
            raise PathError("not ours")
        if self.stopping:
            raise ShuttingDownError
        if self._settings.max_clients and self._in_progress > self._settings.max_clients:
            raise OverloadError(f"{self._in_progress} requests are in progress")
        self._check_secret(request.headers)
        return await self._picture(exchange)

    def _check_secret(self, headers: Mapping[str, str]) -> None:
        if self._settings.secret:
            given = headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, b"Bearer " + self._settings.secret.encode()):
                raise SecretError

    async def _landing(self, _exchange: _Exchange) -> web.StreamResponse:
        return web.Response(text=pages.LANDING, content_type="text/html")

    async def _health(self, _exchange: _Exchange) -> web.StreamResponse:
        healthy = self._healthy()
        return web.Response(
            status=200 if healthy else 500,
            text="mememime is running" if healthy else "Error",
            headers={"Cache-Control": "no-cache"},
        )

    async def _ready(self, _exchange: _Exchange) -> web.StreamResponse:
        ready = self._healthy() and not self.stopping
        return web.Response(
            status=200 if ready else 503, text="ready" if ready else "not ready", headers={"Cache-Control": "no-cache"}
        )

    def _address(self, request: web.BaseRequest) -> _Address:
        """What the request's address asks for. Whoever asks for the same again does not pay for its verification."""
        path, headers = split(request.raw_path, self._settings.path_prefix), request.headers
        asked = (path, *[headers.get(name, "") for name in self._looked_at])
        found = self._addresses.get(asked)
        if found is not None and (not found.plan.expires or found.plan.expires >= int(time.time())):
            return found
        signed = self._parser.verify(path)
        plan = self._parser.plan(signed, self._negotiation.initial(self._base_plan, headers))
        address = _Address(plan, self._pictures.key(plan))
        if max(map(len, asked)) <= _ADDRESS_LENGTH:
            self._addresses[asked] = address
        return address

    async def _picture(self, exchange: _Exchange) -> web.StreamResponse:
        request, settings = exchange.request, self._settings
        deadline = asyncio.get_running_loop().time() + settings.timeout
        exchange.address = address = self._address(request)
        plan = address.plan
        if plan.raw:
            return await self._raw(exchange, plan, deadline)
        headers = request.headers
        asked = Asked(
            deadline,
            headers.get("If-None-Match", ""),
            headers.get("If-Modified-Since", ""),
            self._cookies(request, plan) if settings.cookie_passthrough else {},
            address.key,
        )
        outcome = await self._pictures.get(plan, asked)
        if isinstance(outcome, Unchanged):
            self._metrics.not_modified.inc()
            return web.Response(status=304, headers=self._caching(plan, outcome) | self._tags(plan))
        return self._success(exchange, address, outcome)

    def _caching(self, plan: Plan, outcome: Picture | Unchanged) -> dict[str, str]:
        ttl = 0
        if isinstance(outcome, Picture):
            ttl = self._settings.fallback_image_ttl if outcome.fallback else _STALE_TTL if outcome.stale else 0
        return responses.caching_headers(
            self._settings,
            plan,
            vary=self._negotiation.vary,
            etag=outcome.etag,
            modified=outcome.modified,
            source=outcome.said,
            ttl=ttl,
        )

    def _tags(self, plan: Plan) -> dict[str, str]:
        return responses.tags(self._settings, source_hash(plan.source))

    def _success(self, exchange: _Exchange, address: _Address, picture: Picture) -> web.StreamResponse:
        now = time.time()
        if address.serial != picture.serial or 0 < address.until < now:
            plan, settings = address.plan, self._settings
            headers = self._headers(plan, picture)
            moving = plan.expires or (settings.cache_control_passthrough and picture.said.get("Expires"))
            # A time that is left changes when a second of the clock is full: both ends are whole seconds.
            address.until = ceil(now) if moving else 0
            address.head, address.serial = serialize(picture.status, headers), picture.serial
        own = f"X-Request-ID: {exchange.id}\r\n"
        if self._settings.enable_debug_headers:
            own += responses.server_timing(picture.spans, time.perf_counter() - exchange.begun)
        if exchange.request.version == HttpVersion11:
            return Answer(picture.status, address.head, own, picture.body)
        headers = self._headers(address.plan, picture) | {"X-Request-ID": exchange.id}
        return web.Response(status=picture.status, body=picture.body, headers=headers)

    def _headers(self, plan: Plan, picture: Picture) -> dict[str, str]:
        headers = responses.picture_headers(self._settings, plan, picture.info.format) | self._caching(plan, picture)
        if picture.status >= 400 and not plan.expires and not self._settings.fallback_image_ttl:
            # An error's own status is kept only as long as an operator says.
            del headers["Cache-Control"]
        if not picture.fallback:
            headers |= self._tags(plan)
        if self._settings.enable_debug_headers:
            info = picture.info
            headers |= {
                "X-Origin-Content-Length": str(picture.source_size),
                "X-Origin-Width": str(info.source_width),
                "X-Origin-Height": str(info.source_height),
                "X-Result-Width": str(info.width),
                "X-Result-Height": str(info.height),
            }
        return headers | {"Content-Length": str(len(picture.body))} | self._always

    def _cookies(self, request: web.BaseRequest, plan: Plan) -> dict[str, str]:
        """The client's cookies, where the operator wants the source to see them."""
        settings, cookie = self._settings, request.headers.get("Cookie", "")
        if not settings.cookie_passthrough or not cookie:
            return {}
        scope = URL(settings.cookie_base_url).host if settings.cookie_base_url else request.url.host
        return {"Cookie": cookie} if settings.cookie_passthrough_all or URL(plan.source).host == scope else {}

    async def _raw(self, exchange: _Exchange, plan: Plan, deadline: float) -> web.StreamResponse:
        """Passes the original through as it comes: no worker, no copy in memory, ranges as the source gives them."""
        request = exchange.request
        wanted = {name: request.headers[name] for name in _RAW_REQUEST_HEADERS if name in request.headers}
        async with asyncio.timeout_at(deadline) as timer:
            stream = await self._sources.stream(plan.source, wanted | self._cookies(request, plan))
            async with stream:
                said = stream.headers
                headers = {name: said[name] for name in _RAW_RESPONSE_HEADERS if name in said}
                caching = responses.caching_headers(self._settings, plan, vary="", source=said)
                headers["Cache-Control"] = caching["Cache-Control"]
                headers["Content-Disposition"] = responses.raw_disposition(plan)
                headers |= self._tags(plan)
                if link := responses.canonical_link(self._settings, plan):
                    headers["Link"] = link
                response = web.StreamResponse(status=stream.status, headers=headers)
                self._finish(exchange, response)
                await response.prepare(request)
                # The deadline is for the first byte; how long the rest takes is the source's and the client's pace.
                timer.reschedule(None)
                if request.method != "HEAD" and stream.status not in {204, 304}:
                    async for chunk in stream:
                        await response.write(chunk)
                await response.write_eof()
        return response

    def _error(self, exchange: _Exchange, error: MememimeError) -> web.Response:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        text = error.public
        if self._settings.development_errors_mode:
            text = f"{error.public}\n\n{type(error).__name__}: {error.detail}\nSee {error.doc_anchor()}"
            if "text/html" in exchange.request.headers.get("Accept", ""):
                page = pages.error(error.status, html.escape(text))
                return web.Response(status=error.status, text=page, content_type="text/html", headers=headers)
        return web.Response(status=error.status, text=text, headers=headers)

    def _account(self, exchange: _Exchange, status: int) -> None:
        """Counts and logs what became of a request."""
        seconds = time.perf_counter() - exchange.begun
        error, metrics = exchange.error, self._metrics
        metrics.requests.inc()
        metrics.status(str(status)).inc()
        if exchange.silent:
            return
        metrics.duration.observe(seconds)
        facts: dict[str, object] = {
            "request_id": exchange.id,
            "status": status,
            "method": exchange.request.method,
            "ms": round(1000 * seconds, 1),
            "client": _client(exchange.request),
        }
        if exchange.address is not None:
            facts["source"] = exchange.address.plan.source
        if error is None:
            self._log.info("answered", **facts)
            return
        metrics.errors.labels(error.kind).inc()
        level = self._log.error if status >= 500 and status != ShuttingDownError.status else self._log.warning
        level("refused", error=type(error).__name__, detail=error.detail, **facts)


def _client(request: web.BaseRequest) -> str:
    headers = request.headers
    forwarded = headers.get("X-Forwarded-For", "").partition(",")[0].strip()
    return headers.get("CF-Connecting-IP") or forwarded or headers.get("X-Real-IP") or request.remote or ""
