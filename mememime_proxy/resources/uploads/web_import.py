"""Imports: originals at web addresses, fetched through the guard that keeps the service out of its own network."""

from __future__ import annotations

import asyncio
from typing import Final

from mememime_proxy.errors import RequestError, SourceTimeoutError, UploadTooLargeError, source_status_error
from mememime_proxy.resources.uploads.temp_file import TempFile
from mememime_proxy.sources.registry import Sources

_SCHEMES: Final = ("http://", "https://")
_TIMEOUT: Final = 120.0
"""Seconds for all of a fetch."""
_OK: Final = 200


async def fetch(sources: Sources, url: str, limit: int, temp_file: TempFile) -> None:
    """Copy the bytes at a web address, as ``copy`` does. RequestError for another URL."""
    if not url.lower().startswith(_SCHEMES):
        raise RequestError(f"found {url[:80]!r}, expected a URL with http:// or https://")
    await copy(sources, url, limit, temp_file)


async def copy(sources: Sources, url: str, limit: int, temp_file: TempFile) -> None:
    """Copy the bytes at ``url``, at most ``limit``, to ``temp_file``.

    RequestError for no bytes, SourceError where they cannot be fetched (also where the guard forbids it),
    UploadTooLargeError.
    """
    try:
        async with asyncio.timeout(_TIMEOUT), await sources.stream(url, {}) as stream:
            if stream.status != _OK:
                raise source_status_error(stream.status)
            async for chunk in stream:
                if temp_file.size + len(chunk) > limit:
                    raise UploadTooLargeError(f"more than {limit} bytes came")
                await temp_file.write(chunk)
    except TimeoutError:
        raise SourceTimeoutError(f"it took more than {_TIMEOUT:.0f} seconds") from None
    if not temp_file.size:
        raise RequestError("there are no bytes at the URL")
