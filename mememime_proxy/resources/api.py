"""What an endpoint is: one record says path, role, parameters, bodies and errors; routing and OpenAPI come from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from mememime_proxy.errors import MememimeError, RequestError, UploadTypeError
from mememime_proxy.resources.caller import Caller, Role

if TYPE_CHECKING:
    from mememime_proxy.resources.context import Services

T = TypeVar("T")
MAX_JSON = 1 << 20
"""Bytes of a JSON body."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an endpoint, with everything its handler may use."""

    request: web.Request
    services: Services
    caller: Caller

    def param(self, name: str) -> str:
        """A part of the path, percent escapes decoded."""
        return self.request.match_info[name]

    def query(self, kind: type[T]) -> T:
        """The query's parameters as a struct. RequestError names the one that is wrong, unknown or given twice."""
        given = self.request.query
        fields = {f.encode_name for f in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
        for name in given:
            if name not in fields:
                raise RequestError(f"found the parameter {name!r}, expected any of {', '.join(sorted(fields))}")
            if len(given.getall(name)) > 1:
                raise RequestError(f"found the parameter {name!r} twice, expected it once")
        try:
            return msgspec.convert(dict(given), kind, strict=False)
        except msgspec.ValidationError as error:
            raise RequestError(f"the query is wrong: {error}") from error

    async def json(self, kind: type[T]) -> T:
        """The body as ``kind``. RequestError names what is wrong; UploadTypeError where it says it is no JSON."""
        if self.request.content_type not in {"application/json", "application/octet-stream"}:
            raise UploadTypeError(f"found a body of {self.request.content_type}, expected application/json")
        body = bytearray()
        async for chunk in self.request.content.iter_any():
            body += chunk
            if len(body) > MAX_JSON:
                raise RequestError(f"the body is larger than {MAX_JSON} bytes")
        try:
            return msgspec.json.decode(bytes(body), type=kind)
        except msgspec.DecodeError as error:
            raise RequestError(f"the body is wrong: {error}") from error
        except UnicodeDecodeError as error:
            raise RequestError("the body is not UTF-8") from error


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of a request or an answer, for the documentation."""

    name: str
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    """As aiohttp has it; ``{name:.+}`` takes slashes, too."""
    handler: Handler
    name: str
    """The operation's id, for clients that are made from the description."""
    summary: str
    role: Role | None
    """The least one; None = everybody, credentials or not."""
    tokens: bool = False
    """Whether upload tokens are good here, too."""
    query: type[msgspec.Struct] | None = None
    body: type[Any] | str | None = None
    """A type = JSON of it; a text = that media type, taken as bytes."""
    answers: Mapping[int, Any] = field(default_factory=dict)
    """Type, media type or None (no body), by status."""
    headers: tuple[Header, ...] = ()
    answer_headers: tuple[Header, ...] = ()
    errors: tuple[type[MememimeError], ...] = ()
    """What may come besides what every endpoint may answer."""


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """``body`` as JSON; not for caches."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def no_content(headers: Mapping[str, str] | None = None) -> web.Response:
    """204."""
    return web.Response(status=204, headers={"Cache-Control": "no-store", **(headers or {})})
