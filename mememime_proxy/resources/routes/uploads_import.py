"""Assets from elsewhere in the web: fetched by the service, through the guard that keeps it out of its own network."""

from __future__ import annotations

import asyncio
from typing import Final

from mememime_proxy.errors import RequestError, SourceTimeoutError, UploadTooLargeError, source_status_error
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.uploads.temp_file import Spooled

_SCHEMES: Final = ("http://", "https://")
_PATIENCE: Final = 120.0
"""Seconds for the whole of a fetch."""
_OK: Final = 200


async def fetch(services: Services, url: str, most: int, room: Spooled) -> None:
    """The bytes at ``url``, at most ``most``, into ``room``.

    RequestError for what is no web address, SourceError where it cannot be had (also where the guard forbids it),
    UploadTooLargeError.
    """
    if not url.lower().startswith(_SCHEMES):
        raise RequestError(f"found {url[:80]!r}, expected an address with http:// or https://")
    try:
        async with asyncio.timeout(_PATIENCE), await services.sources.stream(url, {}) as stream:
            if stream.status != _OK:
                raise source_status_error(stream.status)
            async for chunk in stream:
                if room.size + len(chunk) > most:
                    raise UploadTooLargeError(f"more than {most} bytes came")
                await room.write(chunk)
    except TimeoutError:
        raise SourceTimeoutError(f"it took more than {_PATIENCE:.0f} seconds") from None
    if not room.size:
        raise RequestError("what is at the address is empty")
