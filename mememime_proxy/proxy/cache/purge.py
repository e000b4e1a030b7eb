"""Purges on request: one call with a signed token drops every variant of a source, here and at the edge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from mememime_proxy.errors import ClientDisconnectedError, ForbiddenError, PathError, StorageError
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.http.headers import tags
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.variants.keys import source_hash
from mememime_proxy.service.logs import logger
from mememime_proxy.service.tokens import Tokens
from mememime_proxy.settings.settings import Settings

HEADER = "Purge-Token"
MAX_AGE = 300
"""Seconds for which a token is good."""
_MAX_TOKEN = 1 << 14
"""Bytes; a URL may be as long."""
_SCOPE = "purge"


class PurgeTokens:
    """Tokens that name one source each. They are good for nothing else, nor is any other token good for this."""

    def __init__(self, key: bytes) -> None:
        """``key``: MEMEMIME_PURGE_KEY, which signs nothing else."""
        self._tokens = Tokens(key, _SCOPE)

    def make(self, source: str) -> str:
        """A token for ``source``, good from now on."""
        return self._tokens.issue({"source": source})

    def source(self, token: str) -> str:
        """The source of a token. ForbiddenError unless it is ours and recent."""
        said = self._tokens.verify(token, MAX_AGE)
        match said:
            case {"source": str(source)} if source:
                return source
        raise ForbiddenError("the purge token names no source")


class Purging:
    """``POST …/purge`` with a token as its body, or ``DELETE`` of a picture's URL with the token in a header."""

    def __init__(
        self,
        settings: Settings,
        caches: Caches,
        metrics: Metrics,
        rewrite: Callable[[str], str],
        edge: Callable[[str], int] | None,
    ) -> None:
        """``rewrite``: what a source's URL becomes, as in addresses. ``edge``: removes what is tagged, in a thread."""
        self._settings = settings
        self._tokens = PurgeTokens(settings.purge_key) if settings.purge_key else None
        self._caches = caches
        self._metrics = metrics
        self._rewrite = rewrite
        self._edge = edge
        self._log = logger()

    async def post(self, request: web.BaseRequest) -> web.Response:
        """Purges the source that the token in the body names."""
        if self._tokens is None:
            raise PathError("there is no key for purges")
        try:
            async with asyncio.timeout(self._settings.read_request_timeout):
                token = await _body(request)
        except TimeoutError as error:
            raise ClientDisconnectedError("the token did not arrive") from error
        return await self._purge(self._rewrite(self._tokens.source(token)))

    async def delete(self, request: web.BaseRequest, source: str) -> web.Response:
        """Purges ``source``, which is that of the request's address, if the token names it."""
        if self._tokens is None:
            raise PathError("there is no key for purges")
        if self._rewrite(self._tokens.source(request.headers.get(HEADER, ""))) != source:
            raise ForbiddenError("the purge token names another source")
        return await self._purge(source)

    async def _purge(self, source: str) -> web.Response:
        tag = source_hash(source)
        try:
            dropped = await self._caches.purge(source)
        except StorageError as error:
            # Not the error itself: that this service may not write somewhere, does not forbid its client anything.
            raise StorageError(f"the store of results failed: {error}") from error
        # The edge last: what it asks for again must not be answered from what was dropped here.
        edge = await asyncio.to_thread(self._edge, tag) if self._edge is not None else 0
        self._metrics.purges.inc()
        counts = {
            "originals": dropped.originals,
            "variants": dropped.variants,
            "stored": dropped.stored,
            "edge": edge,
        }
        self._log.info("source.purged", source=source, **counts)
        answer = {"source_hash": tag, "dropped": counts, "tags": tags(self._settings, tag)}
        return web.Response(
            text=json.dumps(answer), content_type="application/json", headers={"Cache-Control": "no-store"}
        )


async def _body(request: web.BaseRequest) -> str:
    found = b""
    while chunk := await request.content.read(_MAX_TOKEN + 1 - len(found)):
        found += chunk
        if len(found) > _MAX_TOKEN:
            raise ForbiddenError("the purge token is too long")
    return found.decode("ascii", "replace").strip()
