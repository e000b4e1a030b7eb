"""Bodies of requests from the resource service, and the responses to them."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from mememime_proxy.errors import ClientDisconnectedError, ForbiddenError, PathError, RequestError
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies
from mememime_proxy.settings.settings import Settings

T = TypeVar("T")
_MAX_BODY: Final = 1 << 17


async def read_signed(request: web.BaseRequest, settings: Settings, path: str, kind: type[T]) -> T:
    """Return the body of a request of the resource service to ``path``, whose token signs it.

    PathError where no key of tokens is set, ForbiddenError without a valid token, RequestError for another body.
    """
    if not settings.purge_key:
        raise PathError("there is no key for requests of the resource service")
    try:
        async with asyncio.timeout(settings.read_request_timeout):
            body = await _read(request)
    except TimeoutError as error:
        raise ClientDisconnectedError("the body did not arrive") from error
    SignedBodies(settings.purge_key).verify(request.headers.get(BODY_TOKEN_HEADER, ""), path, body)
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body is wrong: {error}") from error


def json_answer(value: object) -> web.Response:
    """Return the response to the resource service."""
    return web.Response(
        body=msgspec.json.encode(value), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _read(request: web.BaseRequest) -> bytes:
    body = b""
    while chunk := await request.content.read(_MAX_BODY + 1 - len(body)):
        body += chunk
        if len(body) > _MAX_BODY:
            raise ForbiddenError(f"the body is larger than {_MAX_BODY} bytes")
    return body
