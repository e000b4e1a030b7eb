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

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError
from mememime_proxy.sniff import HEAD_LENGTH, sniff
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


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """A body without its content codings."""

    chunks: AsyncIterator[bytes]
    is_changed: bool
    """Whether anything was undone, so that the number of bytes is another one."""
    is_inflated: bool
    """Whether a compression was undone."""


def codings_for_clients(content_encoding: str) -> str:
    """Return a Content-Encoding for a client that gets the body as it is: what is no coding is left out."""
    return ", ".join(name for name in _codings(content_encoding) if name in _REGISTERED)


async def decode(chunks: AsyncIterator[bytes], content_encoding: str) -> DecodedBody:
    """Return the body of a response without the codings in its Content-Encoding, the last one undone first.

    SourceResponseError for an unknown coding of what is no picture, or too many codings; the chunks raise it, too, and
    SourceIncompleteError where the end is missing. The caller limits the output.
    """
    codings = _codings(content_encoding)
    if len(codings) > _MAX_CODINGS:
        raise SourceResponseError(f"the source used {len(codings)} content codings")
    is_changed = is_inflated = False
    for coding in reversed(codings):
        head, chunks = await _peek(chunks)
        undone = _undo(coding, head, chunks)
        if undone is not None:
            chunks, is_changed, is_inflated = undone, True, is_inflated or coding in _COMPRESSIONS
    return DecodedBody(chunks, is_changed, is_inflated)


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
    pending, left = bytearray(), 0
    async for chunk in chunks:
        pending += chunk
        while pending:
            if left:
                part = bytes(pending[:left])
                del pending[: len(part)]
                left -= len(part)
                yield part
                continue
            if pending[:2] == b"\r\n":
                del pending[:2]
                continue
            line = _AWS_CHUNK.match(pending)
            if line is None:
                if len(pending) > _MAX_AWS_LINE:
                    raise SourceResponseError("the source's aws-chunked response has an invalid chunk")
                break
            left = int(line[1], 16)
            del pending[: line.end()]
            if not left:
                return  # trailers may follow
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
