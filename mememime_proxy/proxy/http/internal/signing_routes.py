"""``POST …/sign``: signed URLs for the resource service, which has no key. A token signs the request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from mememime_proxy.errors import (
    MememimeError,
    SettingsError,
    UrlError,
)
from mememime_proxy.proxy.http.internal.signed_bodies import json_answer, read_signed
from mememime_proxy.service.sign_request import SignItem, SignRequest
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls import UrlBuilder

SIGN_PATH: Final = "/sign"
_HOUR: Final = 3600
_LASTING: Final = "asset://"
"""Sources whose URLs do not expire: nothing else ever stands behind them."""


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
    """The handler."""

    def __init__(self, settings: Settings, check: Callable[[str], object]) -> None:
        """``check`` raises the error that a request for a path would end in, as far as its URL says."""
        self._settings = settings
        self._check = check
        prefix = settings.path_prefix.strip("/")
        self._prefix = f"/{prefix}" if prefix else ""

    async def post(self, request: web.BaseRequest) -> web.Response:
        """Sign what the body asks for. Raises the errors of ``read_signed``."""
        wanted = await read_signed(request, self._settings, SIGN_PATH, SignRequest)
        return json_answer(self.sign(wanted))

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
