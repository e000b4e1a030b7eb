"""Originals from the web: guarded at the socket, bounded in bytes and time, redirects followed by hand."""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from mememime_proxy.errors import (
    MememimeError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
)
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.guard import Guard
from mememime_proxy.sources.original import CHUNK, Conditions, Inflow, NotModified, Original
from mememime_proxy.sources.resolver import (
    AddressBlockedError,
    GuardedResolver,
    LookUp,
    guarded_socket,
    system_look_up,
)
from mememime_proxy.sources.web_address import parse
from mememime_proxy.workers.wire import memfd

_REDIRECTS = {301, 302, 303, 307, 308}
_PRIVATE_HEADERS = ("Cookie", "Authorization")
_WHOLE = re.compile(r"bytes 0-(\d+)/(\d+)")
_INFLATERS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings that are undone, with zlib's window bits; we ask for none, some servers send them all the same."""
_PASSED_ON = {200, 203, 206, 304, 416}


def translate(error: BaseException) -> MememimeError:
    """The error of ours that an error of aiohttp, the event loop or the system stands for."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressBlockedError) or isinstance(getattr(cause, "os_error", None), AddressBlockedError):
            return SourceForbiddenError("the source's address is not permitted")
        cause = cause.__cause__
    match error:
        case MememimeError():
            return error
        case TimeoutError():
            return SourceTimeoutError("the source was too slow")
        case aiohttp.ClientPayloadError():
            return SourceIncompleteError(f"the source's answer ended early: {error}")
        case aiohttp.ClientError() | OSError() | ValueError():
            return SourceUnreachableError(f"{type(error).__name__}: {error}")
        case _:
            raise error


class Web:
    """``http`` and ``https`` sources. One session for the life of the process."""

    def __init__(self, config: SourcesConfig, look_up: LookUp = system_look_up) -> None:
        self._config = config
        self._guard = Guard(config.allow_loopback, config.allow_link_local, config.allow_private)
        self._look_up = look_up

    async def start(self) -> None:
        """Opens the session."""
        config = self._config
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._guard, self._look_up),
            socket_factory=guarded_socket(self._guard),
            ssl=config.verify_tls,
            limit=config.connections,
            limit_per_host=config.connections_per_host,
            ttl_dns_cache=10,
            force_close=not config.keepalive_timeout,
            keepalive_timeout=config.keepalive_timeout or None,
        )
        self._resolver = connector._resolver
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": config.user_agent, "Accept-Encoding": "identity", "Accept": "*/*"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=config.connect_timeout),
            read_bufsize=CHUNK,
        )

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()
        await self._resolver.close()

    async def fetch(
        self,
        text: str,
        conditions: Conditions,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - the whole of a fetch, not one wait
        headers: Mapping[str, str],
    ) -> Original | NotModified:
        """The bytes in a memfd, written as they arrive. Nothing is left behind where it fails."""
        wanted = dict(headers)
        if conditions.etag:
            wanted["If-None-Match"] = conditions.etag
        if conditions.last_modified:
            wanted["If-Modified-Since"] = conditions.last_modified
        try:
            async with asyncio.timeout(timeout), await self._open(parse(text), wanted) as response:
                return await self._receive(text, response, max_bytes)
        except Exception as error:
            raise translate(error) from error

    async def stream(self, text: str, headers: Mapping[str, str]) -> WebStream:
        """The answer as it comes. Statuses that carry nothing of the original are errors."""
        try:
            response = await self._open(parse(text), headers)
        except Exception as error:
            raise translate(error) from error
        if response.status not in _PASSED_ON:
            response.close()
            raise SourceStatusError(response.status)
        return WebStream(response)

    async def _open(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The answer behind all redirects; each hop is checked like the first."""
        origin, wanted = url.origin(), dict(headers)
        for _ in range(self._config.max_redirects + 1):
            if url.origin() != origin:
                for name in _PRIVATE_HEADERS:
                    wanted.pop(name, None)
            response = await self._session.get(url, headers=wanted, allow_redirects=False)
            target = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            response.close()
            url = parse(str(url.join(URL(target))))
            if self._config.check_redirect is not None:
                self._config.check_redirect(str(url))
        raise SourceUnreachableError(f"more than {self._config.max_redirects} redirects")

    async def _receive(self, text: str, response: aiohttp.ClientResponse, max_bytes: int) -> Original | NotModified:
        said = response.headers
        if response.status == 304:
            return NotModified(**_facts(said))
        if response.status not in {200, 206}:
            raise SourceStatusError(response.status)
        if response.status == 206 and not _is_whole(said.get("Content-Range", "")):
            raise SourceUnreachableError("the source answered with a part of the original")
        if max_bytes and (response.content_length or 0) > max_bytes:
            raise SourceTooLargeError(f"the original has {response.content_length} bytes, {max_bytes} are allowed")
        original = Original(memfd("original"), 0, content_type=said.get("Content-Type", ""), **_facts(said))
        try:
            limit = max_bytes or self._config.max_bytes
            await _store(_decoded(response), Inflow(original.fd, limit), original)
        except BaseException:
            original.close()
            raise
        original.fingerprint = f"{text} {original.etag or original.last_modified or original.size}"
        return original


def _facts(said: CIMultiDictProxy[str]) -> dict[str, str]:
    return {
        "etag": said.get("ETag", ""),
        "last_modified": said.get("Last-Modified", ""),
        "cache_control": said.get("Cache-Control", ""),
        "expires": said.get("Expires", ""),
    }


def _is_whole(content_range: str) -> bool:
    match = _WHOLE.fullmatch(content_range.strip())
    return match is not None and int(match[1]) + 1 == int(match[2])


async def _store(chunks: AsyncIterator[bytes], inflow: Inflow, original: Original) -> None:
    async for chunk in chunks:
        if not inflow.fits(len(chunk)):
            raise SourceTooLargeError(f"the original has more than {inflow.limit} bytes")
        inflow.write(chunk)
    original.size = inflow.size


def _decoded(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    chunks = response.content.iter_any()
    if coding in {"", "identity"}:
        return chunks
    if coding not in _INFLATERS:
        raise SourceUnreachableError(f"the source answered with the coding {coding[:40]!r}")
    return _inflate(chunks, _INFLATERS[coding])


async def _inflate(chunks: AsyncIterator[bytes], window_bits: int) -> AsyncIterator[bytes]:
    """Undoes gzip or deflate, at most CHUNK bytes at a time; a second gzip member is refused."""
    inflater = zlib.decompressobj(window_bits)
    try:
        async for chunk in chunks:
            pending = chunk
            while pending:
                yield inflater.decompress(pending, CHUNK)
                pending = inflater.unconsumed_tail
                if inflater.unused_data:
                    raise SourceUnreachableError("the source's answer goes on behind its compressed data")
                # Inflating takes time that belongs to others too.
                await asyncio.sleep(0)
        while tail := inflater.decompress(inflater.unconsumed_tail, CHUNK):
            yield tail
    except zlib.error as error:
        raise SourceUnreachableError(f"the source's compressed answer is broken: {error}") from error
    if not inflater.eof:
        raise SourceIncompleteError("the source's compressed answer ended early")


class WebStream:
    """An answer on its way through."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except aiohttp.ClientError as error:
            # Headers are sent: only the broken connection can tell the client.
            raise ConnectionAbortedError("the source's answer ended early") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            self._response.close()
