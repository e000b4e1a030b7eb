"""Headers and bodies of HTTP: ranges, conditions, structured fields, heads, content codings, names of aliases."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import cast

from mememime_proxy.resources.aliases.model import AliasCondition
from mememime_proxy.resources.http.digest_fields import declared_sha256
from mememime_proxy.service.alias_names import normalise, skeleton
from mememime_proxy.service.conditional import (
    ANY,
    Preconditions,
    Representation,
    evaluate,
    parse_etags,
    parse_http_date,
)
from mememime_proxy.service.ranges import parse_content_range, parse_range
from mememime_proxy.service.request_id import choose_request_id
from mememime_proxy.sources.http.content_coding import codings_for_clients, decode
from mememime_proxy.sources.http.response_head import find_end, read_head
from tests.fuzz.target import Target, attempt, drive

_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
_CURRENT = Representation('"abc"', _DATE)
_MAX_BODY = 1 << 16


def _latin(data: bytes) -> str:
    """Header values as aiohttp hands them over."""
    return data.decode("utf-8", "surrogateescape")


def _fields(data: bytes) -> None:
    lines = _latin(data).split("\n")
    values = (lines + [""] * 6)[:6]
    byte_range, content_range = parse_range(values[0]), parse_content_range(values[1])
    if byte_range is not None:
        assert parse_range(str(byte_range)) == byte_range
        for size in (0, 1, 1000, 1 << 62):
            resolved = attempt(byte_range.resolve, size)
            if resolved is None:
                continue
            start, end = resolved
            assert 0 <= start < end <= size
    if content_range is not None:
        assert parse_content_range(str(content_range)) == content_range
    for tag in parse_etags(values[2]):
        assert tag == ANY or parse_etags(tag) == (tag,)
    conditions = Preconditions(
        if_match=values[2],
        if_none_match=values[3],
        if_modified_since=values[4],
        if_unmodified_since=values[5],
        if_range=values[0],
    )
    for current in (_CURRENT, Representation(), None):
        for safe in (True, False):
            evaluate(conditions, current, safe=safe)
    parse_http_date(values[4])
    assert choose_request_id(values[0]).isprintable()
    attempt(AliasCondition.of_headers, values[2], values[3])
    digest = attempt(declared_sha256, {"Content-Digest": values[0], "Repr-Digest": values[1]})
    assert digest is None or len(digest) in {0, 64}
    codings_for_clients(values[0])


def _fields_seeds() -> Iterable[bytes]:
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    yield f'bytes=0-499\nbytes 0-499/1000\n"abc", W/"d"\n*\n{_DATE}\n{_DATE}'.encode()
    yield b'bytes=-5\nbytes */9\n*\n"a,b"\nSunday, 06-Nov-94 08:49:37 GMT\nSun Nov  6 08:49:37 1994'
    yield f'sha-256=:{digest}:, sha-512=?1;a=2.5\nsha-256=:{digest}:;b, c=(1 "x" t);d=@5'.encode()
    yield b'gzip, aws-chunked\n\n"7"\n\n'


def _head(data: bytes) -> None:
    """A response's head is mended once; what is left has one length at most that counts."""
    end = find_end(data, 0)
    raw = data[:end] if end else data
    head = read_head(raw)
    again = read_head(head.content)
    assert again.body_length == head.body_length
    assert again.content == head.content, "a head that is mended is changed a second time"


def _head_seeds() -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\nhello"
    yield b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    yield b"HTTP/1.0 200\r\nContent-Length: 5, 5\r\ncontent-length : 5\r\nno header\r\n folded\r\n\r\n"
    yield b"HTTP/1.1 304 X\nTransfer-Encoding: chunked\nContent-Length: 1\n\n"


def _coding(data: bytes) -> None:
    """A body with any codings becomes bounded chunks, or an error of the source."""
    names, _, body = data.partition(b"\n")

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 100):
            yield body[at : at + 100]

    async def run() -> None:
        decoded = await decode(chunks(), names.decode("latin-1"), _MAX_BODY, _MAX_BODY)
        length = 0
        async with aclosing(cast("AsyncGenerator[bytes, None]", decoded.chunks)) as undone:
            async for chunk in undone:
                length += len(chunk)
                if length > _MAX_BODY:
                    return

    drive(run())


def _coding_seeds() -> Iterable[bytes]:
    body = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield b"gzip\n" + gzip.compress(body, mtime=0)
    yield b"deflate\n" + zlib.compress(body)
    yield b"gzip, base64\n" + base64.encodebytes(gzip.compress(body, mtime=0))
    yield b"aws-chunked\n5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n0\r\n\r\n"
    yield b"binary, identity\n\x89PNG\r\n\x1a\n"


def _names(data: bytes) -> None:
    """Names of aliases, and their skeletons."""
    name = normalise(_latin(data))
    assert normalise(name) == name
    form = skeleton(name)
    assert skeleton(form) == form


def _names_seeds() -> Iterable[bytes]:
    for name in ("products/1/front", "café", "Ωmega", "раураl", "a" * 255, "名前/絵", "ﬁ", "İ"):
        yield name.encode()


TARGETS = (
    Target(
        name="http.fields",
        run=_fields,
        seeds=_fields_seeds,
        allowed=(),
        steps_per_byte=400,
        words=(
            b"bytes=",
            b"bytes ",
            b'W/"',
            b"*",
            b"sha-256=:",
            b"GMT",
            b"?1",
            b"@1",
            b"Sun, ",
            b'%"',
            b"gzip",
            b"identity",
        ),
    ),
    Target(
        name="http.head",
        run=_head,
        seeds=_head_seeds,
        allowed=(),
        words=(
            b"HTTP/1.1 ",
            b"Content-Length: ",
            b"content-length :",
            b"Transfer-Encoding: chunked",
            b"\r\n",
            b"\r\n\r\n",
        ),
    ),
    Target(
        name="http.coding",
        run=_coding,
        seeds=_coding_seeds,
        steps_per_byte=400,
        words=(b"gzip", b"deflate", b"aws-chunked", b"base64", b"binary", b";chunk-signature=", b"br"),
    ),
    Target(name="http.names", run=_names, seeds=_names_seeds, steps_per_byte=3000, max_length=1024, base_steps=100_000),
)
