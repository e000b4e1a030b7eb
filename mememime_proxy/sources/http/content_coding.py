"""Content codings of responses: none is requested, but some servers name one all the same.

A coding that can be undone is undone. Others say nothing about the bytes (``binary``, ``utf-8``), or are left over from
an upload whose storage has undone them (``aws-chunked``), or are wrong: then the bytes are a picture as they are.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError, SourceTooLargeError
from mememime_proxy.formats.sniff import HEAD_LENGTH, sniff
from mememime_proxy.sources.model import CHUNK

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""zlib's window bits for each format."""
_GZIP_START = b"\x1f\x8b"
_COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate"})
_REGISTERED = _COMPRESSIONS | {"br", "zstd", "compress", "x-compress", "dcb", "dcz"}
"""Codings that clients know or may know."""
_MAX_CODINGS = 4
_AWS_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=[0-9a-f]{64})?\r\n")
_MAX_AWS_LINE = 256
_BASE64 = re.compile(rb"[A-Za-z0-9+/_=\s-]*")
_MAX_OVERHEAD = 2
"""Times the limit of what a coding gives that its input may have: Base64 with line breaks takes 1.4 times as much."""
_STEPS = 1000
"""Parts of an aws-chunked body between which other requests run."""


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """A body without its content codings."""

    chunks: AsyncIterator[bytes]
    is_changed: bool
    """Whether anything was undone, so that the number of bytes is another one."""
    limit: int
    """Bytes that it may have; 0 = any number. The caller counts them."""


def codings_for_clients(content_encoding: str) -> str:
    """Return a Content-Encoding for a client that gets the body as it is: what is no coding is left out."""
    return ", ".join(name for name in _codings(content_encoding) if name in _REGISTERED)


async def decode(chunks: AsyncIterator[bytes], content_encoding: str, max_bytes: int, max_inflated: int) -> DecodedBody:
    """Return the body of a response without the codings in its Content-Encoding, the last one undone first.

    ``max_bytes``: of the result, 0 = any number; ``max_inflated``: of one that was compressed. What a coding is applied
    to is limited as well: a compressed body may become any number of bytes that the next coding makes nothing of.
    SourceResponseError for an unknown coding of what is no picture, or too many codings; the chunks raise it, too,
    SourceTooLargeError, and SourceIncompleteError where the end is missing.
    """
    codings = _codings(content_encoding)
    if len(codings) > _MAX_CODINGS:
        raise SourceResponseError(f"the source used {len(codings)} content codings")
    is_changed, limit = False, max_bytes
    for coding in reversed(codings):
        head, chunks = await _peek(chunks)
        undone = _undo(coding, head, _limited(chunks, _MAX_OVERHEAD * limit + HEAD_LENGTH) if limit else chunks)
        if undone is not None:
            chunks, is_changed = undone, True
            if coding in _COMPRESSIONS:
                limit = min(limit or max_inflated, max_inflated)
    return DecodedBody(chunks, is_changed, limit)


async def _limited(chunks: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise SourceTooLargeError(f"the original has more than {limit} bytes before its content coding is undone")
        yield chunk


def _codings(content_encoding: str) -> list[str]:
    names = (name.strip().lower() for name in content_encoding.split(","))
    return [name for name in names if name not in ("", "identity")]


def _undo(coding: str, head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes] | None:
    """Return ``chunks`` without ``coding``; None where they are not encoded."""
    if coding in _COMPRESSIONS:
        is_plain = not head.startswith(_GZIP_START) and sniff(head) is not None
        return None if is_plain else inflate(chunks, coding)
    if sniff(head) is not None:
        return None
    if coding == "aws-chunked" and _AWS_CHUNK.match(head):
        return _without_aws_chunks(chunks)
    if coding == "base64" and head and _BASE64.fullmatch(head):
        return _from_base64(chunks)
    if coding in _REGISTERED:
        raise SourceResponseError(f"the source used the content coding {coding!r}")
    return None


async def _peek(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Return the first bytes, as many as ``sniff`` looks at, and all chunks."""
    first: list[bytes] = []
    length = 0
    async for chunk in chunks:
        first.append(chunk)
        length += len(chunk)
        if length >= HEAD_LENGTH:
            break

    async def everything() -> AsyncGenerator[bytes, None]:
        for chunk in first:
            yield chunk
        first.clear()
        async for chunk in chunks:
            yield chunk

    return b"".join(first)[:HEAD_LENGTH], everything()


async def inflate(chunks: AsyncIterator[bytes], coding: str) -> AsyncGenerator[bytes, None]:
    """Decode gzip or deflate, at most CHUNK bytes at a time; the caller limits the output.

    SourceResponseError: corrupt data, or data after its end (a second gzip member may have any number of successors).
    SourceIncompleteError: the end is missing.
    """
    inflater = None
    try:
        async for chunk in chunks:
            if not chunk:
                continue  # of a coding that was undone before this one
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


async def _without_aws_chunks(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Undo ``aws-chunked`` (AWS Signature Version 4, "chunked upload"): a line with a size before each part."""
    pending, left, steps = bytearray(), 0, 0
    async for chunk in chunks:
        pending += chunk
        parts: list[bytes] = []
        ended = False
        while pending and not ended:
            steps += 1
            if not steps % _STEPS:
                await asyncio.sleep(0)
            if left:
                parts.append(bytes(pending[:left]))
                del pending[:left]
                left -= len(parts[-1])
            elif pending[:2] == b"\r\n":
                del pending[:2]
            elif (line := _AWS_CHUNK.match(pending)) is not None:
                left = int(line[1], 16)
                ended = not left  # trailers may follow
                del pending[: line.end()]
            elif len(pending) > _MAX_AWS_LINE:
                raise SourceResponseError("the source's aws-chunked response has an invalid chunk")
            else:
                break
        # Many small parts are one chunk, since each chunk is a write.
        yield b"".join(parts)
        if ended:
            return
    raise SourceIncompleteError("the source's aws-chunked response ended early")


async def _from_base64(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Undo Base64, also of URLs and with line breaks."""
    pending = b""
    try:
        async for chunk in chunks:
            pending += b"".join(chunk.split()).translate(_URL_SAFE)
            whole = len(pending) // 4 * 4
            yield base64.b64decode(pending[:whole], validate=True)
            pending = pending[whole:]
        yield base64.b64decode(pending + b"=" * (-len(pending) % 4), validate=True)
    except binascii.Error as error:
        raise SourceResponseError(f"the source's Base64 response is corrupt: {error}") from error


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
