"""Content codings of responses: none is requested, but some servers compress all the same."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError
from mememime_proxy.sources.model import CHUNK

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""zlib's window bits for each format."""


IDENTITY = frozenset({"", "identity"})
"""Content codings of a body that is not encoded."""


async def inflate(chunks: AsyncIterator[bytes], coding: str) -> AsyncGenerator[bytes, None]:
    """Decode gzip or deflate, at most CHUNK bytes at a time; the caller limits the output.

    SourceResponseError: another coding, corrupt data, or data after its end (a second gzip member may have any
    number of successors). SourceIncompleteError: the end is missing.
    """
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise SourceResponseError(f"the source used the content coding {coding[:40]!r}")
    inflater = None
    try:
        async for chunk in chunks:
            if inflater is None:
                inflater = zlib.decompressobj(_window_bits(coding, chunk))
            pending = chunk
            while pending:
                yield inflater.decompress(pending, CHUNK)
                pending = inflater.unconsumed_tail
                if inflater.unused_data:
                    raise SourceResponseError("the source's response continues after its compressed data")
                # Other requests run in between.
                await asyncio.sleep(0)
        if inflater is not None:
            while tail := inflater.decompress(inflater.unconsumed_tail, CHUNK):
                yield tail
    except zlib.error as error:
        raise SourceResponseError(f"the source's compressed response is corrupt: {error}") from error
    if inflater is None or not inflater.eof:
        raise SourceIncompleteError("the source's compressed response ended early")


def _window_bits(coding: str, head: bytes) -> int:
    if coding != "deflate":
        return _GZIP
    # "deflate" means the zlib format (RFC 9110 8.4.1.2), but many servers omit it. RFC 1950: it starts with method 8.
    return _ZLIB if head[0] & 0x0F == 8 else _RAW
