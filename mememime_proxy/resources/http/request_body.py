"""Request bodies as they come: bounded in size, and in how slow they may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Final, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from mememime_proxy.errors import ClientDisconnectedError, RequestError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.http.endpoint import Call

T = TypeVar("T")
_WINDOW: Final = 30.0
"""Seconds over which the rate is looked at."""


def check_length(request: web.BaseRequest, limit: int) -> None:
    """Looks at the head of an upload, before its body is asked for. UploadTooLargeError, UploadTypeError."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UploadTypeError("expected a body without Content-Encoding: what is stored is what is sent")
    if request.content_length is not None and request.content_length > limit:
        raise UploadTooLargeError(f"found {request.content_length} bytes, at most {limit} are allowed")


class Pace:
    """Holds what comes against UPLOAD_MIN_RATE: fewer bytes than that, over thirty seconds, and nobody waits longer."""

    def __init__(self, rate: int) -> None:
        """``rate``: bytes a second; 0 = any."""
        self._rate = rate
        self._since = 0
        self._end = asyncio.get_running_loop().time() + _WINDOW

    async def read(self, reading: Awaitable[bytes]) -> bytes:
        """What ``reading`` brings; b'' at the end.

        ClientDisconnectedError for who is too slow, RequestError for a body that breaks HTTP's rules,
        ConnectionError where the client left before its end.
        """
        chunk = await self.wait(reading)
        self._since += len(chunk)
        if self._since >= self._rate * _WINDOW:
            # What came pays for the next thirty seconds; however fast it was, not for more.
            self._since, self._end = 0, asyncio.get_running_loop().time() + _WINDOW
        return chunk

    async def wait(self, reading: Awaitable[T]) -> T:
        """What ``reading`` brings, which pays for nothing; raises as ``read``."""
        try:
            async with asyncio.timeout_at(self._end if self._rate else None):
                return await reading
        except TimeoutError:
            raise ClientDisconnectedError(
                f"fewer than {self._rate} bytes a second came in {_WINDOW:.0f} seconds"
            ) from None
        except (HttpProcessingError, RequestPayloadError) as error:
            raise RequestError("the body breaks the rules of HTTP") from error


async def chunks(call: Call, limit: int) -> AsyncIterator[bytes]:
    """The body, at most ``limit`` bytes of it; an iteration that ends without an error has brought all.

    UploadTooLargeError at the first byte too many, and what ``Pace.read`` raises.
    """
    check_length(call.request, limit)
    await call.send_continue()
    pace, total = Pace(call.services.settings.upload_min_rate), 0
    while chunk := await pace.read(call.request.content.readany()):
        total += len(chunk)
        if total > limit:
            raise UploadTooLargeError(f"more than {limit} bytes came")
        yield chunk
