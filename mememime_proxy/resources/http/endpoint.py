"""The record of an endpoint: path, role, parameters, bodies and errors. Routing and OpenAPI are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from mememime_proxy.errors import MememimeError, RequestError, UploadTypeError
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.context import Services

T = TypeVar("T")
MAX_JSON = 1 << 20
"""Bytes of a JSON body."""
JSON_TYPE = "application/json"


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to an endpoint, with everything that its handler may use."""

    request: web.BaseRequest
    services: Services
    principal: Principal | None
    """None in endpoints without a role, and for anonymous readers."""
    params: Mapping[str, str]
    """The parts of the path, percent-decoded."""
    id: str
    """The request id."""
    set_headers: Callable[[web.StreamResponse], None]
    """Sets the headers that every response has."""
    _continued: bool = False

    def require_principal(self) -> Principal:
        """Return the principal, in endpoints that have a role."""
        if self.principal is None:
            raise TypeError("this endpoint takes anonymous requests")
        return self.principal

    async def send_continue(self) -> None:
        """Send 100 Continue to a client that waits for it (Expect: 100-continue) before it sends its body.

        Called before the body is read, once all that depends on the head has been checked. Raises RequestError for
        another expectation.
        """
        expectation = self.request.headers.get("Expect", "")
        if not expectation or self._continued:
            return
        if expectation.lower() != "100-continue":
            raise RequestError(f"found Expect: {expectation[:80]!r}, expected 100-continue")
        self._continued = True
        if self.request.transport is not None:
            self.request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def prepare(self, response: web.StreamResponse) -> None:
        """Send the head of a response whose body the handler streams itself."""
        self.set_headers(response)
        await response.prepare(self.request)

    def query(self, kind: type[T]) -> T:
        """Return the parameters of the query as a struct.

        Raises RequestError, which names the parameter that is wrong, unknown or repeated.
        """
        query = self.request.query
        fields = {f.encode_name for f in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
        for name in query:
            if name not in fields:
                raise RequestError(f"found the parameter {name[:80]!r}, expected any of {', '.join(sorted(fields))}")
            if len(query.getall(name)) > 1:
                raise RequestError(f"found the parameter {name!r} twice, expected it once")
        try:
            return msgspec.convert(dict(query), kind, strict=False)
        except msgspec.ValidationError as error:
            raise RequestError(f"the query is wrong: {error}") from error

    async def json(self, kind: type[T]) -> T:
        """Return the JSON body as ``kind``.

        Raises RequestError, which names what is wrong, and UploadTypeError for another media type.
        """
        if self.request.content_type not in {JSON_TYPE, "application/octet-stream"}:
            raise UploadTypeError(f"found a body of {self.request.content_type}, expected {JSON_TYPE}")
        if (self.request.content_length or 0) > MAX_JSON:
            raise RequestError(f"the body is larger than {MAX_JSON} bytes")
        await self.send_continue()
        body = bytearray()
        async for chunk in self.request.content.iter_any():
            body += chunk
            if len(body) > MAX_JSON:
                raise RequestError(f"the body is larger than {MAX_JSON} bytes")
        try:
            return msgspec.json.decode(bytes(body), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RequestError(f"the body is wrong: {error}") from error


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of a request or a response, for the documentation."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    """``{name}`` matches a part without slashes, ``{name:.+}`` one with slashes; any regular expression may be used."""
    handler: Handler
    name: str
    """The operation id in the OpenAPI description."""
    summary: str
    role: Role | None
    """The lowest role that may use it; None = anyone, with or without credentials."""
    accepts_tokens: bool = False
    """Whether upload tokens are accepted, too."""
    query: type[msgspec.Struct] | None = None
    body: type[Any] | str | None = None
    """A type = JSON of it; a text = that media type, as bytes."""
    responses: Mapping[int, Any] = field(default_factory=dict)
    """Type, media type or None (no body), by status."""
    headers: tuple[Header, ...] = ()
    response_headers: tuple[Header, ...] = ()
    errors: tuple[type[MememimeError], ...] = ()
    """Errors besides those that every endpoint may return."""
    fixed_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every response, errors included."""


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return ``body`` as JSON, which caches may not store."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type=JSON_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def no_content(headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a 204 response."""
    return web.Response(status=204, headers={"Cache-Control": "no-store", **(headers or {})})
