"""``POST …/explain``: what a URL means to this service, for the resource service. A token signs the request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, Protocol

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import MememimeError, PathError
from mememime_proxy.proxy.http.internal.signed_bodies import json_answer, read_signed
from mememime_proxy.settings.settings import Settings

EXPLAIN_PATH: Final = "/explain"
_ADDRESS: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)
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


Locate = Callable[[str, Mapping[str, str]], Awaitable[dict[str, float]]]
"""Where the result for a request target and headers is cached, by place, with the Unix time of the entry."""


class ExplanationRoutes:
    """The handler."""

    def __init__(self, settings: Settings, explain: Explain | None, locate: Locate) -> None:
        """Without ``explain``, all requests raise PathError."""
        self._settings = settings
        self._locate = locate
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
        return json_answer(msgspec.to_builtins(explanation) | {"cached": await self._cached(wanted)})

    async def _cached(self, wanted: ExplainRequest) -> dict[str, float]:
        try:
            return await self._locate(_ADDRESS.sub("", wanted.url), wanted.headers)
        except MememimeError:
            # The URL is refused, which the explanation says, or the store cannot be read now.
            return {}
