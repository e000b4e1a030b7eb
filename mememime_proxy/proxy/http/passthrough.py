"""Originals that are passed through as they come: no worker, no copy in memory, ranges as the source sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.headers import caching_headers, canonical_link, raw_disposition, without_unknown_lifetime
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState
from mememime_proxy.sources.registry import Sources

_REQUEST_HEADERS = ("If-None-Match", "If-Modified-Since", "Accept-Encoding", "Range", "If-Range")
_RESPONSE_HEADERS = (
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Accept-Ranges",
    "Last-Modified",
    "ETag",
)
_CACHING_HEADERS = ("Cache-Control", "Expires", "X-Accel-Expires")


class Passthrough:
    """Responses to plans with ``raw``."""

    def __init__(self, settings: Settings, sources: Sources) -> None:
        self._settings = settings
        self._sources = sources

    async def respond(
        self,
        request: web.BaseRequest,
        plan: Plan,
        cookies: Mapping[str, str],
        headers: Mapping[str, str],
        deadline: float,
    ) -> web.StreamResponse:
        """Send the original, or the range of it that the request asks for. Raises the errors of sources.

        ``cookies``: for the source. ``headers``: further ones of the response. ``deadline``: for the first byte, on the
        event loop's clock.
        """
        forwarded = {name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers}
        async with asyncio.timeout_at(deadline) as timer:
            stream = await self._sources.stream(plan.source, forwarded | dict(cookies))
            async with stream:
                response = web.StreamResponse(
                    status=stream.status, headers=self._headers(plan, stream.status, stream.headers) | dict(headers)
                )
                await response.prepare(request)
                # The rest takes as long as source and client need.
                timer.reschedule(None)
                if request.method != "HEAD" and stream.status not in {204, 304}:
                    async for chunk in stream:
                        await response.write(chunk)
                await response.write_eof()
        return response

    def _headers(self, plan: Plan, status: int, sent: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a response with a status; ``sent``: the source's."""
        headers = {name: sent[name] for name in _RESPONSE_HEADERS if name in sent}
        if status < 400:
            state = SourceState.of(cache_control=sent.get("Cache-Control", ""), expires=sent.get("Expires", ""))
            caching = caching_headers(self._settings, plan, vary="", state=state)
            if status == 304:
                caching = without_unknown_lifetime(self._settings, plan, caching, state)
            headers |= {name: caching[name] for name in _CACHING_HEADERS if name in caching}
        headers["Content-Disposition"] = raw_disposition(plan)
        if link := canonical_link(self._settings, plan):
            headers["Link"] = link
        return headers
