"""How a picture, or an original that is passed on, becomes an answer: its headers, its body, its deadline."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from math import ceil

from aiohttp import HttpVersion11, web
from yarl import URL

from mememime_proxy.errors import MememimeError
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.url_cache import Address
from mememime_proxy.proxy.http.headers import (
    SECURITY,
    caching_headers,
    canonical_link,
    picture_headers,
    raw_disposition,
    server_timing,
    tags,
)
from mememime_proxy.proxy.http.image_response import Answer, serialize
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.model import Asked, Picture, Unchanged
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.variants.keys import source_hash
from mememime_proxy.proxy.variants.provider import Pictures
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources

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
_STALE_TTL = 10
"""Seconds for which others may keep what is served because its source cannot be asked."""


@dataclass(slots=True)
class Exchange:
    """One request on its way through; what the log line says."""

    request: web.BaseRequest
    id: str
    begun: float
    address: Address | None = None
    error: MememimeError | None = None
    silent: bool = False


class Delivery:
    """Answers addresses that were found to be good."""

    def __init__(
        self, settings: Settings, negotiation: Negotiation, pictures: Pictures, sources: Sources, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._negotiation = negotiation
        self._pictures = pictures
        self._sources = sources
        self._metrics = metrics
        self._always = {"Server": "mememime", **SECURITY}
        if settings.allow_origin:
            self._always |= {
                "Access-Control-Allow-Origin": settings.allow_origin,
                "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            }

    def finish(self, exchange: Exchange, response: web.StreamResponse) -> None:
        """Adds what every answer says."""
        if not isinstance(response, Answer):
            response.headers.update(self._always)
            response.headers["X-Request-ID"] = exchange.id

    async def answer(self, exchange: Exchange, address: Address) -> web.StreamResponse:
        """The picture or the original that ``address`` asks for. Raises the errors of sources and workers."""
        request, settings, plan = exchange.request, self._settings, address.plan
        deadline = asyncio.get_running_loop().time() + settings.timeout
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
        return caching_headers(
            self._settings,
            plan,
            vary=self._negotiation.varies(plan),
            etag=outcome.etag,
            modified=outcome.modified,
            source=outcome.said,
            ttl=ttl,
        )

    def _tags(self, plan: Plan) -> dict[str, str]:
        return tags(self._settings, source_hash(plan.source))

    def _success(self, exchange: Exchange, address: Address, picture: Picture) -> web.StreamResponse:
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
            own += server_timing(picture.spans, time.perf_counter() - exchange.begun)
        if exchange.request.version == HttpVersion11:
            return Answer(picture.status, address.head, own, picture.variant.body)
        headers = self._headers(address.plan, picture) | {"X-Request-ID": exchange.id}
        return web.Response(status=picture.status, body=picture.variant.body, headers=headers)

    def _headers(self, plan: Plan, picture: Picture) -> dict[str, str]:
        headers = picture_headers(self._settings, plan, picture.variant.format) | self._caching(plan, picture)
        if picture.status >= 400 and not plan.expires and not self._settings.fallback_image_ttl:
            # An error's own status is kept only as long as an operator says.
            del headers["Cache-Control"]
        if not picture.fallback:
            headers |= self._tags(plan)
        if self._settings.enable_debug_headers:
            info = picture.variant
            headers |= {
                "X-Origin-Content-Length": str(picture.source_size),
                "X-Origin-Width": str(info.source_width),
                "X-Origin-Height": str(info.source_height),
                "X-Result-Width": str(info.width),
                "X-Result-Height": str(info.height),
            }
        return headers | {"Content-Length": str(len(picture.variant.body))} | self._always

    def _cookies(self, request: web.BaseRequest, plan: Plan) -> dict[str, str]:
        """The client's cookies, where the operator wants the source to see them."""
        settings, cookie = self._settings, request.headers.get("Cookie", "")
        if not settings.cookie_passthrough or not cookie:
            return {}
        scope = URL(settings.cookie_base_url).host if settings.cookie_base_url else request.url.host
        return {"Cookie": cookie} if settings.cookie_passthrough_all or URL(plan.source).host == scope else {}

    async def _raw(self, exchange: Exchange, plan: Plan, deadline: float) -> web.StreamResponse:
        """Passes the original through as it comes: no worker, no copy in memory, ranges as the source gives them."""
        request = exchange.request
        wanted = {name: request.headers[name] for name in _RAW_REQUEST_HEADERS if name in request.headers}
        async with asyncio.timeout_at(deadline) as timer:
            stream = await self._sources.stream(plan.source, wanted | self._cookies(request, plan))
            async with stream:
                said = stream.headers
                headers = {name: said[name] for name in _RAW_RESPONSE_HEADERS if name in said}
                if stream.status < 400:
                    caching = caching_headers(self._settings, plan, vary="", source=said)
                    headers |= {
                        name: caching[name]
                        for name in ("Cache-Control", "Expires", "X-Accel-Expires")
                        if name in caching
                    }
                headers["Content-Disposition"] = raw_disposition(plan)
                headers |= self._tags(plan)
                if link := canonical_link(self._settings, plan):
                    headers["Link"] = link
                response = web.StreamResponse(status=stream.status, headers=headers)
                self.finish(exchange, response)
                await response.prepare(request)
                # The deadline is for the first byte; how long the rest takes is the source's and the client's pace.
                timer.reschedule(None)
                if request.method != "HEAD" and stream.status not in {204, 304}:
                    async for chunk in stream:
                        await response.write(chunk)
                await response.write_eof()
        return response
