"""Web pages of other origins: which may ask this service, and what they may send and see (CORS)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

METHODS: Final = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_SENT: Final = (
    "Authorization, Content-Digest, Content-Type, If-Match, If-None-Match, Range, Repr-Digest, Tus-Resumable,"
    " Upload-Checksum, Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset,"
    " X-HTTP-Method-Override, X-Request-ID, X-Requested-With"
)
_SEEN: Final = (
    "Content-Range, ETag, Location, Mememime-Asset, Mememime-State, Retry-After, Tus-Checksum-Algorithm,"
    " Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires,"
    " Upload-Length, Upload-Metadata, Upload-Offset, X-Request-ID"
)
_AGE: Final = "86400"
"""Seconds for which a browser need not ask again whether it may."""


class Cors:
    """Credentials are never among what is allowed: who may do what is said by the key or token that a page sends."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        """``origins``: as a browser spells them; ``*`` = all."""
        self._all = "*" in origins
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    def apply(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Tells the browser of a page that may see this answer that it may."""
        if not self._origins:
            return
        headers = response.headers
        if not self._all:
            headers.add("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if not origin or not (self._all or origin in self._origins):
            return
        headers["Access-Control-Allow-Origin"] = "*" if self._all else origin
        headers["Access-Control-Expose-Headers"] = _SEEN
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = _SENT
            headers["Access-Control-Max-Age"] = _AGE
