"""Content codings of answers: we ask for none, some servers compress all the same."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError
from mememime_proxy.sources.model import CHUNK

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""zlib's window bits for each wrapping."""


def is_plain(coding: str) -> bool:
    """Whether a body with this Content-Encoding is as it is."""
    return coding in {"", "identity"}


async def inflate(chunks: AsyncIterator[bytes], coding: str) -> AsyncGenerator[bytes, None]:
    """Undoes gzip or deflate, at most CHUNK bytes at a time; the caller counts what comes out.

    SourceResponseError: another coding, broken data, or anything behind its end (a second gzip member may have any
    number of successors). SourceIncompleteError: the end is missing.
    """
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise SourceResponseError(f"the source answered with the coding {coding[:40]!r}")
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
                    raise SourceResponseError("the source's answer goes on behind its compressed data")
                # Inflating takes time that belongs to others too.
                await asyncio.sleep(0)
        if inflater is not None:
            while tail := inflater.decompress(inflater.unconsumed_tail, CHUNK):
                yield tail
    except zlib.error as error:
        raise SourceResponseError(f"the source's compressed answer is broken: {error}") from error
    if inflater is None or not inflater.eof:
        raise SourceIncompleteError("the source's compressed answer ended early")


def _window_bits(coding: str, head: bytes) -> int:
    if coding != "deflate":
        return _GZIP
    # "deflate" means zlib's wrapping (RFC 9110 8.4.1.2), and many servers send it without. RFC 1950: method 8 in front.
    return _ZLIB if head[0] & 0x0F == 8 else _RAW
