"""Cross-origin requests (CORS): allowed origins, methods and headers."""

from __future__ import annotations

from typing import Final

from aiohttp import web

METHODS: Final = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_REQUEST_HEADERS: Final = (
    "Authorization, Content-Digest, Content-Type, If-Match, If-None-Match, Range, Repr-Digest, Tus-Resumable,"
    " Upload-Checksum, Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset,"
    " X-HTTP-Method-Override, X-Request-ID, X-Requested-With"
)
_RESPONSE_HEADERS: Final = (
    "Content-Range, ETag, Link, Location, Mememime-Asset, Mememime-State, Retry-After, Tus-Checksum-Algorithm,"
    " Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires,"
    " Upload-Length, Upload-Metadata, Upload-Offset, X-Request-ID"
)
_MAX_AGE: Final = "86400"
"""Seconds for which a browser caches the response to a preflight request."""


class Cors:
    """Sets the headers of CORS. Cookies are never allowed: a page sends an API key or a token."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        """``origins``: as browsers write them; ``*`` = all."""
        self._all = "*" in origins
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    def apply(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Allow the page that made the request to read the response, where its origin is allowed."""
        if not self._origins:
            return
        headers = response.headers
        if not self._all:
            headers.add("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if not origin or not (self._all or origin in self._origins):
            return
        headers["Access-Control-Allow-Origin"] = "*" if self._all else origin
        headers["Access-Control-Expose-Headers"] = _RESPONSE_HEADERS
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
            headers["Access-Control-Max-Age"] = _MAX_AGE
