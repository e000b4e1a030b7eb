"""``POST …/sign``: signed URLs for the resource service, which has no key. A token signs the request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    ClientDisconnectedError,
    ForbiddenError,
    MememimeError,
    PathError,
    RequestError,
    SettingsError,
    UrlError,
)
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls import UrlBuilder

SIGN_PATH: Final = "/sign"
_MAX_BODY: Final = 1 << 17
_HOUR: Final = 3600
_LASTING: Final = "asset://"
"""Sources whose URLs do not expire: nothing else ever stands behind them."""


class SignItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One URL: its source ('' = that of the request), options as in a path, format of the result ('' = negotiated)."""

    source: Annotated[str, Meta(max_length=8192)] = ""
    options: Annotated[list[Annotated[str, Meta(min_length=1, max_length=1024)]], Meta(max_length=64)] = []
    format: Annotated[str, Meta(max_length=16)] = ""


class SignRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """URLs to sign."""

    source: Annotated[str, Meta(max_length=8192)] = ""
    items: Annotated[list[SignItem], Meta(min_length=1, max_length=256)]


class SignedUrl(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A signed URL: its path, with the prefix of the service; or why there is none."""

    path: str = ""
    code: str = ""
    detail: str = ""


class SignAnswer(msgspec.Struct, kw_only=True):
    """The URLs in the order of the request, and the address of the service for clients, '' = unknown."""

    urls: list[SignedUrl]
    base: str


class SigningRoutes:
    """The handler. Without a key for tokens it raises PathError."""

    def __init__(self, settings: Settings, check: Callable[[str], object]) -> None:
        """``check`` raises the error that a request for a path would end in, as far as its URL says."""
        self._settings = settings
        self._tokens = SignedBodies(settings.purge_key) if settings.purge_key else None
        self._check = check
        prefix = settings.path_prefix.strip("/")
        self._prefix = f"/{prefix}" if prefix else ""

    async def post(self, request: web.BaseRequest) -> web.Response:
        """Sign what the body asks for. ForbiddenError for a request without a valid token."""
        if self._tokens is None:
            raise PathError("there is no key for requests of the resource service")
        try:
            async with asyncio.timeout(self._settings.read_request_timeout):
                body = await _read(request)
        except TimeoutError as error:
            raise ClientDisconnectedError("the body did not arrive") from error
        self._tokens.verify(request.headers.get(BODY_TOKEN_HEADER, ""), SIGN_PATH, body)
        try:
            wanted = msgspec.json.decode(body, type=SignRequest)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"the body is wrong: {error}") from error
        return web.Response(
            body=msgspec.json.encode(self.sign(wanted)),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    def sign(self, wanted: SignRequest) -> SignAnswer:
        """Return the URLs; each is one that this service accepts now."""
        urls = [self._signed(item.source or wanted.source, item) for item in wanted.items]
        return SignAnswer(urls=urls, base=self._settings.public_url)

    def _signed(self, source: str, item: SignItem) -> SignedUrl:
        try:
            path = self._build(source, item)
            self._check(path)
        except MememimeError as error:
            return SignedUrl(code=error.code, detail=error.detail)
        return SignedUrl(path=path)

    def _build(self, source: str, item: SignItem) -> str:
        settings = self._settings
        separator = settings.arguments_separator
        keys = [",".join(key.hex() for key in each) for each in (settings.key, settings.salt)]
        try:
            url = UrlBuilder(
                self._prefix,
                *keys,
                signature_size=settings.signature_size,
                arguments_separator=separator,
                unsigned=not settings.key,
            )
        except SettingsError as error:  # a proxy of trusted signatures alone has nothing to sign with
            raise UrlError(error.detail) from error
        for option in item.options:
            name, *arguments = option.split(separator)
            url = url.option(name, *arguments)
        if not source.startswith(_LASTING):
            # The end of the next hour: URLs of an hour are equal, and browsers have their pictures.
            url = url.option("expires", (int(time.time()) // _HOUR + 2) * _HOUR)
        return url.build(source, item.format)


async def _read(request: web.BaseRequest) -> bytes:
    body = b""
    while chunk := await request.content.read(_MAX_BODY + 1 - len(body)):
        body += chunk
        if len(body) > _MAX_BODY:
            raise ForbiddenError(f"the body is larger than {_MAX_BODY} bytes")
    return body
