"""What an endpoint is: one record says path, role, parameters, bodies and errors; routing and OpenAPI come from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from mememime_proxy.errors import MememimeError, RequestError, UploadTypeError
from mememime_proxy.resources.auth.principal import Caller, Role
from mememime_proxy.resources.context import Services

T = TypeVar("T")
MAX_JSON = 1 << 20
"""Bytes of a JSON body."""
JSON_TYPE = "application/json"


@dataclass(slots=True)
class Call:
    """One request to an endpoint, with everything its handler may use."""

    request: web.BaseRequest
    services: Services
    caller: Caller | None
    params: Mapping[str, str]
    """The parts of the path, percent escapes decoded."""
    id: str = ""
    _continued: bool = False

    @property
    def known(self) -> Caller:
        """The caller, in endpoints that have a role."""
        if self.caller is None:
            raise TypeError("an endpoint for everybody knows no caller")
        return self.caller

    async def go_on(self) -> None:
        """Tells a client that waits for leave to send its body (Expect: 100-continue) to do so.

        To be called once all is checked that the head can be checked for, and before the body is read.
        """
        expected = self.request.headers.get("Expect", "")
        if not expected or self._continued:
            return
        if expected.lower() != "100-continue":
            raise RequestError(f"found Expect: {expected[:80]!r}, expected 100-continue")
        self._continued = True
        if self.request.transport is not None:
            self.request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def query(self, kind: type[T]) -> T:
        """The query's parameters as a struct. RequestError names the one that is wrong, unknown or given twice."""
        given = self.request.query
        fields = {f.encode_name for f in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
        for name in given:
            if name not in fields:
                raise RequestError(f"found the parameter {name[:80]!r}, expected any of {', '.join(sorted(fields))}")
            if len(given.getall(name)) > 1:
                raise RequestError(f"found the parameter {name!r} twice, expected it once")
        try:
            return msgspec.convert(dict(given), kind, strict=False)
        except msgspec.ValidationError as error:
            raise RequestError(f"the query is wrong: {error}") from error

    async def json(self, kind: type[T]) -> T:
        """The body as ``kind``. RequestError names what is wrong; UploadTypeError where it says it is no JSON."""
        if self.request.content_type not in {JSON_TYPE, "application/octet-stream"}:
            raise UploadTypeError(f"found a body of {self.request.content_type}, expected {JSON_TYPE}")
        if (self.request.content_length or 0) > MAX_JSON:
            raise RequestError(f"the body is larger than {MAX_JSON} bytes")
        await self.go_on()
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
    """A header of a request or an answer, for the documentation."""

    name: str
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    """``{name}`` takes a part without slashes, ``{name:.+}`` takes slashes, too; any other regular expression goes."""
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
    always: Mapping[str, str] = field(default_factory=dict)
    """Headers of every answer, errors too."""


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """``body`` as JSON; not for caches."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type=JSON_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def no_content(headers: Mapping[str, str] | None = None) -> web.Response:
    """204."""
    return web.Response(status=204, headers={"Cache-Control": "no-store", **(headers or {})})
