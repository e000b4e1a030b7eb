"""Purge requests: ``POST …/purge`` with a token as body, or ``DELETE`` of a variant's URL with one in a header."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable

from aiohttp import web

from mememime_proxy.errors import ClientDisconnectedError, ForbiddenError, PathError
from mememime_proxy.proxy.cache.purge import Purge, PurgeTokens
from mememime_proxy.proxy.http.headers import cache_tags
from mememime_proxy.proxy.model import source_hash
from mememime_proxy.settings.settings import Settings

TOKEN_HEADER = "Purge-Token"  # noqa: S105 - a header's name
_MAX_TOKEN = 1 << 14
"""Bytes; a URL may be as long."""


class PurgeRoutes:
    """Handlers of purge requests. Without a key for tokens they raise PathError."""

    def __init__(self, settings: Settings, purge: Purge, rewrite: Callable[[str], str]) -> None:
        """``rewrite``: a source's URL after the operator's replacements, as in parsed URLs."""
        self._settings = settings
        self._tokens = PurgeTokens(settings.purge_key) if settings.purge_key else None
        self._purge = purge
        self._rewrite = rewrite

    async def post(self, request: web.BaseRequest) -> web.Response:
        """Purge the source that the token in the body names."""
        tokens = self._require_tokens()
        try:
            async with asyncio.timeout(self._settings.read_request_timeout):
                token = await _read_token(request)
        except TimeoutError as error:
            raise ClientDisconnectedError("the token did not arrive") from error
        return await self._run(self._rewrite(tokens.verify(token)))

    async def delete(self, request: web.BaseRequest, source: str) -> web.Response:
        """Purge ``source``, that of the request's URL, if the token in the header names it."""
        tokens = self._require_tokens()
        if self._rewrite(tokens.verify(request.headers.get(TOKEN_HEADER, ""))) != source:
            raise ForbiddenError("the purge token names another source")
        return await self._run(source)

    def _require_tokens(self) -> PurgeTokens:
        if self._tokens is None:
            raise PathError("there is no key for purges")
        return self._tokens

    async def _run(self, source: str) -> web.Response:
        counts = await self._purge.run(source)
        tag = source_hash(source)
        content = {"source_hash": tag, "dropped": dataclasses.asdict(counts), "tags": cache_tags(self._settings, tag)}
        return web.Response(
            text=json.dumps(content), content_type="application/json", headers={"Cache-Control": "no-store"}
        )


async def _read_token(request: web.BaseRequest) -> str:
    body = b""
    while chunk := await request.content.read(_MAX_TOKEN + 1 - len(body)):
        body += chunk
        if len(body) > _MAX_TOKEN:
            raise ForbiddenError("the purge token is too long")
    return body.decode("ascii", "replace").strip()
