"""Request bodies: limits on their size and on how slowly they may arrive."""

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
"""Seconds over which the rate is measured."""


def check_length(request: web.BaseRequest, limit: int) -> None:
    """Check the head of an upload, before its body is read. Raises UploadTooLargeError and UploadTypeError."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UploadTypeError("found a Content-Encoding, expected none: bytes are stored as they are sent")
    if request.content_length is not None and request.content_length > limit:
        raise UploadTooLargeError(f"found {request.content_length} bytes, at most {limit} are allowed")


class MinRate:
    """Enforces UPLOAD_MIN_RATE on one body: bytes a second, measured over thirty seconds."""

    def __init__(self, rate: int) -> None:
        """``rate``: bytes a second; 0 = no limit."""
        self._rate = rate
        self._received = 0
        self._deadline = asyncio.get_running_loop().time() + _WINDOW

    async def read(self, reading: Awaitable[bytes]) -> bytes:
        """Return the bytes that ``reading`` returns, which count for the rate; b'' at the end.

        Raises ClientDisconnectedError for a client that is too slow, RequestError for a body that is not valid HTTP,
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
            raise ClientDisconnectedError(
                f"fewer than {self._rate} bytes a second came in {_WINDOW:.0f} seconds"
            ) from None
        except (HttpProcessingError, RequestPayloadError) as error:
            raise RequestError("the body is not valid HTTP") from error


async def chunks(call: Call, limit: int) -> AsyncIterator[bytes]:
    """Iterate over the body, of at most ``limit`` bytes; an iteration that ends without an error was complete.

    Raises UploadTooLargeError for a larger body, and the errors of ``MinRate.read``.
    """
    check_length(call.request, limit)
    await call.send_continue()
    min_rate, total = MinRate(call.services.settings.upload_min_rate), 0
    while chunk := await min_rate.read(call.request.content.readany()):
        total += len(chunk)
        if total > limit:
            raise UploadTooLargeError(f"more than {limit} bytes came")
        yield chunk
