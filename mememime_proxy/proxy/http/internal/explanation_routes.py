"""``POST …/explain``: what a URL means to this service, for the resource service. A token signs the request."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Protocol

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import PathError
from mememime_proxy.proxy.http.internal.signed_bodies import json_answer, read_signed
from mememime_proxy.settings.settings import Settings

EXPLAIN_PATH: Final = "/explain"
_AT_ONCE: Final = 2
"""Explanations that are made at the same time, each in a thread."""


class ExplainRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A URL, and headers of the request that it would be."""

    url: Annotated[str, Meta(max_length=32768)]
    headers: Annotated[dict[str, Annotated[str, Meta(max_length=4096)]], Meta(max_length=16)] = {}
    is_trusted: bool = False
    """Whether who asks may learn how a wrong signature is wrong, and which files there are."""


class Explain(Protocol):
    """``mememime_proxy.explain.explanation.explain``, which knows this service, and which this service gets."""

    def __call__(self, text: str, settings: Settings, *, headers: dict[str, str], is_trusted: bool) -> object:
        """Return an explanation, a dataclass."""


class ExplanationRoutes:
    """The handler."""

    def __init__(self, settings: Settings, explain: Explain | None) -> None:
        """Without ``explain``, all requests raise PathError."""
        self._settings = settings
        self._explain = explain
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def post(self, request: web.BaseRequest) -> web.Response:
        """Explain the URL that the body has. Raises the errors of ``read_signed``."""
        wanted = await read_signed(request, self._settings, EXPLAIN_PATH, ExplainRequest)
        if self._explain is None:
            raise PathError("this service explains no URLs")
        async with self._slots:
            explanation = await asyncio.to_thread(
                self._explain, wanted.url, self._settings, headers=wanted.headers, is_trusted=wanted.is_trusted
            )
        return json_answer(explanation)
