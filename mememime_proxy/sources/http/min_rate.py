"""How slowly a source may send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import StreamReader

from mememime_proxy.errors import SourceTimeoutError


async def paced(content: StreamReader, rate: float, grace: float) -> AsyncGenerator[bytes, None]:
    """The chunks of ``content`` as they come; SourceTimeoutError when they come too slowly.

    ``rate``: bytes a second on average, judged once ``grace`` seconds were spent waiting for the source. Time that the
    consumer takes for itself is not counted: a slow client is not a slow source.
    """
    clock = asyncio.get_running_loop().time
    waited, received = 0.0, 0
    while True:
        begun = clock()
        chunk = await content.readany()
        if not chunk:
            return
        waited += clock() - begun
        received += len(chunk)
        if waited > grace and received < rate * waited:
            raise SourceTimeoutError(f"the source sent {received} bytes in {waited:.1f} s")
        yield chunk
