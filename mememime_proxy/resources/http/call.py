"""One call of an endpoint: the request with its body, the services, and the responses that handlers return."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from mememime_proxy.errors import RequestError, UploadStalledError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.context import Services

T = TypeVar("T")
MAX_JSON = 1 << 20
"""Bytes of a JSON body."""
JSON_TYPE = "application/json"
_WINDOW: Final = 30.0
"""Seconds over which the rate of a body is measured."""


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

    def check_length(self, limit: int) -> None:
        """Check the head of an upload before its body is read. Raises UploadTooLargeError and UploadTypeError."""
        if self.request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UploadTypeError("found a Content-Encoding, expected none: bytes are stored as they are sent")
        length = self.request.content_length
        if length is not None and length > limit:
            raise UploadTooLargeError(f"found {length} bytes, at most {limit} are allowed")

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """Iterate over the body, of at most ``limit`` bytes; an iteration that ends without an error was complete.

        Raises UploadTooLargeError for a larger body, and the errors of ``MinRate.read``.
        """
        self.check_length(limit)
        await self.send_continue()
        min_rate, total = MinRate(self.services.settings.upload_min_rate), 0
        while chunk := await min_rate.read(self.request.content.readany()):
            total += len(chunk)
            if total > limit:
                raise UploadTooLargeError(f"more than {limit} bytes came")
            yield chunk

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
        except (ValueError, RecursionError) as error:  # text that is not UTF-8, arrays in arrays
            raise RequestError(f"the body is wrong: {error}") from error


class MinRate:
    """Enforces UPLOAD_MIN_RATE on one body: bytes a second, measured over thirty seconds."""

    def __init__(self, rate: int) -> None:
        """``rate``: bytes a second; 0 = no limit."""
        self._rate = rate
        self._received = 0
        self._deadline = asyncio.get_running_loop().time() + _WINDOW

    async def read(self, reading: Awaitable[bytes]) -> bytes:
        """Return the bytes that ``reading`` returns, which count for the rate; b'' at the end.

        Raises UploadStalledError for a client that is too slow, RequestError for a body that is not valid HTTP,
        ConnectionError where the client disconnects before the end.
        """
        chunk = await self.wait(reading)
        self._received += len(chunk)
        if self._received >= self._rate * _WINDOW:
            # Enough bytes for one window start the next one, however fast they came.
            self._received, self._deadline = 0, asyncio.get_running_loop().time() + _WINDOW
        return chunk

    async def wait(self, reading: Awaitable[T]) -> T:
        """Return what ``reading`` returns, which does not count for the rate; raises as ``read``."""
        try:
            async with asyncio.timeout_at(self._deadline if self._rate else None):
                return await reading
        except TimeoutError:
            raise UploadStalledError(f"fewer than {self._rate} bytes a second came in {_WINDOW:.0f} seconds") from None
        except (HttpProcessingError, RequestPayloadError) as error:
            raise RequestError("the body is not valid HTTP") from error


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
