"""Responses to parsed URLs: the variant with its headers, 304, or the original passed through."""

from __future__ import annotations

import asyncio
import time
import weakref
from dataclasses import dataclass
from math import ceil

from aiohttp import HttpVersion11, web
from yarl import URL

from mememime_proxy.errors import OverloadError
from mememime_proxy.formats import FORMATS, cannot_write
from mememime_proxy.formats.outputs import OUTPUTS
from mememime_proxy.formats.stream_members import MARK, MASTERS, TREES
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.exchange import Exchange
from mememime_proxy.proxy.http.headers import (
    SECURITY,
    STREAM_HEADERS,
    cache_tags,
    caching_headers,
    file_headers,
    server_timing,
    without_unknown_lifetime,
)
from mememime_proxy.proxy.http.image_response import ImageResponse, serialize
from mememime_proxy.proxy.http.partial_response import partial_response
from mememime_proxy.proxy.http.passthrough import Passthrough
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.proxy.model import (
    NO_CONDITIONS,
    NotModified,
    SourceKey,
    SpanRecorder,
    VariantProvider,
    VariantRequest,
    VariantResult,
    source_hash,
)
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.proxy.variants.keys import key_with_headers
from mememime_proxy.proxy.variants.look_ahead import LookAhead
from mememime_proxy.service.conditional import Preconditions
from mememime_proxy.settings.sections import request_timeout
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState
from mememime_proxy.sources.registry import Sources
from mememime_proxy.variant import Variant

_STALE_TTL = 10
"""Seconds for which a stale response may be cached."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The serialized head of the last response to a URL, with the values that it depends on."""

    content: bytes
    variant: weakref.ref[Variant[bytes]]
    """A weak reference: a head must not hold a body in memory."""
    state: SourceState
    valid_until: int
    """Unix seconds; 0 = no limit."""

    def is_of(self, result: VariantResult, now: float) -> bool:
        """Whether it is the head of a response with ``result``, at this time."""
        return (
            self.variant() is result.variant
            and (self.state is result.state or self.state == result.state)
            and (not self.valid_until or now <= self.valid_until)
        )


class Responder:
    """Makes the responses. Heads are cached by URL: serializing one takes longer than all else for a hit in memory."""

    def __init__(
        self,
        settings: Settings,
        provider: VariantProvider,
        sources: Sources,
        metrics: ProxyMetrics,
        tracing: Tracing | None = None,
        look_ahead: LookAhead | None = None,
    ) -> None:
        self._settings = settings
        self._look_ahead = look_ahead
        self._provider = provider
        self._passthrough = Passthrough(settings, sources)
        self._metrics = metrics
        self._tracing = tracing
        self._heads: weakref.WeakKeyDictionary[ParsedRequest, _Head] = weakref.WeakKeyDictionary()
        self._unwritable = {name for name, format_ in FORMATS.items() if not format_.writable and not format_.verbatim}
        self._refusals: dict[str, bytes] = {}
        """Heads by the code of the error."""
        self._common_headers = {"Server": "mememime", **SECURITY}
        if settings.allow_origin:
            self._common_headers |= {
                "Access-Control-Allow-Origin": settings.allow_origin,
                "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            }

    def add_common_headers(self, exchange: Exchange, response: web.StreamResponse) -> None:
        """Add the headers of every response, where it does not have them."""
        if not isinstance(response, ImageResponse):
            for name, value in self._common_headers.items():
                response.headers.setdefault(name, value)
            response.headers["X-Request-ID"] = exchange.id

    def refuse(self, exchange: Exchange, error: OverloadError) -> web.StreamResponse:
        """Return the response to a request that is refused because of overload: in a third of an error's CPU time."""
        head = self._refusals.get(error.code)
        if head is None:
            length = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(error.public))}
            head = self._refusals[error.code] = serialize(error.status, length | self._common_headers)
        lines = f"X-Request-ID: {exchange.id}\r\n"
        if error.retry_after is not None:
            lines += f"Retry-After: {error.retry_after}\r\n"
        return ImageResponse(error.status, head, lines, error.public.encode("ascii"))

    async def respond(self, exchange: Exchange, parsed: ParsedRequest) -> web.StreamResponse:
        """Return the variant, 304, or the original passed through. Raises the errors of sources and workers."""
        request, settings, plan = exchange.request, self._settings, parsed.plan
        deadline = asyncio.get_running_loop().time() + request_timeout(plan, settings)
        cookies = self._source_cookies(request, plan) if settings.cookie_passthrough else {}
        if plan.output_kind in TREES and not plan.media.member:
            return self._redirect_to_tree(exchange, parsed)
        if plan.raw:
            headers = self._common_headers | self._tags(plan) | {"X-Request-ID": exchange.id}
            start = time.perf_counter()
            try:
                return await self._passthrough.respond(request, plan, cookies, headers, deadline)
            finally:
                self._metrics.observe_span("streaming_image", time.perf_counter() - start)
        if plan.format in self._unwritable:
            raise cannot_write(plan.format)
        headers_of_source = tuple(cookies.items())
        wanted = VariantRequest(
            plan,
            key_with_headers(parsed.key, headers_of_source) if headers_of_source else parsed.key,
            SourceKey.of(plan.source, headers_of_source) if headers_of_source else parsed.source,
            deadline,
            _conditions(request),
            flow=parsed.flow,
            by_presets=parsed.by_presets,
            spans=SpanRecorder() if self._tracing is None else self._tracing.recorder(),
            waiting=exchange.clients.wait,
        )
        result = await self._provider.get(wanted)
        if plan.media.member and self._look_ahead is not None:
            self._look_ahead.follow(wanted)
        if isinstance(result, NotModified):
            self._metrics.not_modified.inc()
            caching = caching_headers(
                settings, plan, vary=parsed.vary, etag=result.etag, state=result.state, damaged=result.is_damaged
            )
            if not result.has_all_headers:
                caching = without_unknown_lifetime(settings, plan, caching, result.state)
            return web.Response(status=304, headers=caching | self._tags(plan))
        return self._variant_response(exchange, parsed, result)

    def _redirect_to_tree(self, exchange: Exchange, parsed: ParsedRequest) -> web.Response:
        """Return the redirect to the first member of a tree: its relative references resolve from there.

        The location is relative, too: a proxy in front may have another prefix.
        """
        plan, path = parsed.plan, exchange.request.raw_path.partition("?")[0]
        location = f"./{path.rpartition('/')[2]}{MARK}{MASTERS[plan.format]}"
        headers = caching_headers(self._settings, plan, vary=parsed.vary) | self._tags(plan) | STREAM_HEADERS
        return web.Response(status=301, headers=headers | {"Location": location})

    def _variant_response(self, exchange: Exchange, parsed: ParsedRequest, result: VariantResult) -> web.StreamResponse:
        if "Range" in exchange.request.headers and result.variant.format in OUTPUTS and result.status == 200:
            part = partial_response(exchange.request.headers, self._headers(parsed, result), result.variant.body)
            if part is not None:
                part.headers["X-Request-ID"] = exchange.id
                return part
        if exchange.request.version != HttpVersion11:
            headers = self._headers(parsed, result) | {"X-Request-ID": exchange.id}
            return web.Response(status=result.status, body=result.variant.body, headers=headers)
        now = time.time()
        head = self._heads.get(parsed)
        if head is None or not head.is_of(result, now):
            head = self._heads[parsed] = self._make_head(parsed, result, now)
        lines = f"X-Request-ID: {exchange.id}\r\n"
        if self._settings.enable_debug_headers:
            lines += server_timing(result.spans, time.perf_counter() - exchange.started_at)
            if not result.is_fallback:
                lines += f"X-Cache-Tier: {result.tier}\r\n"
        return ImageResponse(result.status, head.content, lines, result.variant.body)

    def _make_head(self, parsed: ParsedRequest, result: VariantResult, now: float) -> _Head:
        expires = self._settings.cache_control_passthrough and result.state.cache_headers.get("Expires")
        # The seconds until an expiry change with the second of the clock.
        valid_until = ceil(now) if parsed.plan.expires or expires else 0
        content = serialize(result.status, self._headers(parsed, result))
        return _Head(content, weakref.ref(result.variant), result.state, valid_until)

    def _headers(self, parsed: ParsedRequest, result: VariantResult) -> dict[str, str]:
        settings, plan, variant = self._settings, parsed.plan, result.variant
        ttl = settings.fallback_image_ttl if result.is_fallback else _STALE_TTL if result.state.stale else 0
        headers = file_headers(settings, plan, variant.format)
        headers |= caching_headers(
            settings,
            plan,
            vary=parsed.vary,
            etag=result.etag,
            state=result.state,
            ttl=ttl,
            damaged=bool(variant.damage),
        )
        if variant.damage:
            headers["X-Origin-Damage"] = variant.damage
        if result.status >= 400 and not plan.expires and not settings.fallback_image_ttl:
            # A response with an error's status is cached only as long as the operator allows.
            del headers["Cache-Control"]
        if not result.is_fallback:
            headers |= self._tags(plan)
        if settings.enable_debug_headers:
            headers |= {
                "X-Origin-Content-Length": str(result.source_size),
                "X-Origin-Width": str(variant.source_width),
                "X-Origin-Height": str(variant.source_height),
                "X-Result-Width": str(variant.width),
                "X-Result-Height": str(variant.height),
            }
        if plan.media.member:
            headers |= STREAM_HEADERS
        return headers | {"Content-Length": str(len(variant.body))} | self._common_headers

    def _tags(self, plan: Plan) -> dict[str, str]:
        return cache_tags(self._settings, source_hash(plan.source), *plan.caching.tags)

    def _source_cookies(self, request: web.BaseRequest, plan: Plan) -> dict[str, str]:
        """Return the client's cookies as a header for the source, where the settings pass them on to it."""
        settings, cookie = self._settings, request.headers.get("Cookie", "")
        if not cookie:
            return {}
        scope = URL(settings.cookie_base_url).host if settings.cookie_base_url else request.url.host
        return {"Cookie": cookie} if settings.cookie_passthrough_all or URL(plan.source).host == scope else {}


def _conditions(request: web.BaseRequest) -> Preconditions:
    headers = request.headers
    if "If-None-Match" not in headers and "If-Modified-Since" not in headers:
        return NO_CONDITIONS
    return Preconditions.of(headers)
