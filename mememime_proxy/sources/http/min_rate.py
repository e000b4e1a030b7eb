"""Minimum transfer rate of a source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import StreamReader

from mememime_proxy.errors import SourceTimeoutError


async def require_min_rate(content: StreamReader, rate: float, grace: float) -> AsyncGenerator[bytes, None]:
    """Yield the chunks of ``content`` as they arrive; SourceTimeoutError when they arrive too slowly.

    ``rate``: bytes a second on average, checked after ``grace`` seconds of waiting for the source. The time that the
    consumer takes is not counted: a slow client is not a slow source.
    """
    clock = asyncio.get_running_loop().time
    waited, received = 0.0, 0
    while True:
        started = clock()
        chunk = await content.readany()
        if not chunk:
            return
        waited += clock() - started
        received += len(chunk)
        if waited > grace and received < rate * waited:
            raise SourceTimeoutError(f"the source sent {received} bytes in {waited:.1f} s")
        yield chunk
