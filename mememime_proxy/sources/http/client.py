"""Originals from the web: guarded at the socket, bounded in bytes and time, redirects followed by hand."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from mememime_proxy.errors import (
    SourceIncompleteError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
    source_status_error,
)
from mememime_proxy.memfd import memfd
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.http.address_guard import Guard
from mememime_proxy.sources.http.connection import Connector
from mememime_proxy.sources.http.content_coding import inflate, is_plain
from mememime_proxy.sources.http.errors import translate
from mememime_proxy.sources.http.min_rate import paced
from mememime_proxy.sources.http.resolver import GuardedResolver, LookUp, guarded_socket, system_look_up
from mememime_proxy.sources.http.url import follow, parse
from mememime_proxy.sources.model import CHUNK, Inflow, Original, SourceState, request_conditions

_REDIRECTS = {301, 302, 303, 307, 308}
_FOR_EVERYBODY = {"accept", "accept-encoding", "if-modified-since", "if-none-match", "if-range", "range"}
"""Request headers that tell nothing about who asks: all that another host than the first gets to see."""
_WHOLE = re.compile(r"bytes 0-(\d+)/(\d+)", re.IGNORECASE)
_PASSED_ON = {200, 203, 206, 304, 416}


class Web:
    """``http`` and ``https`` sources. One session for the life of the process."""

    def __init__(self, config: SourcesConfig, look_up: LookUp = system_look_up) -> None:
        self._config = config
        self._guard = Guard(config.allow_loopback, config.allow_link_local, config.allow_private)
        self._look_up = look_up

    async def start(self) -> None:
        """Opens the session."""
        config = self._config
        self._resolver = GuardedResolver(self._guard, self._look_up)
        connector = Connector(
            self._resolver,
            guarded_socket(self._guard),
            ssl=config.verify_tls,
            limit=config.connections,
            limit_per_host=config.connections_per_host,
            ttl_dns_cache=10,
            force_close=not config.keepalive_timeout,
            keepalive_timeout=config.keepalive_timeout or None,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": config.user_agent, "Accept-Encoding": "identity", "Accept": "*/*"},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=config.connect_timeout, sock_read=config.idle_timeout
            ),
            read_bufsize=CHUNK,
        )

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()
        await self._resolver.close()

    async def fetch(
        self,
        text: str,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - the whole of a fetch, not one wait
        headers: Mapping[str, str],
    ) -> Original | SourceState:
        """The bytes in a memfd, written as they arrive. Nothing is left behind where it fails."""
        wanted = dict(headers)
        if_none_match, if_modified_since = request_conditions(validator)
        if if_none_match:
            wanted["If-None-Match"] = if_none_match
        if if_modified_since:
            wanted["If-Modified-Since"] = if_modified_since
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
            raise source_status_error(response.status)
        return WebStream(response, self._config)

    async def _open(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The answer behind all redirects; each hop is checked like the first."""
        first, wanted = url, dict(headers)
        for _ in range(self._config.max_redirects + 1):
            if not _same_server(first, url):
                wanted = {name: value for name, value in wanted.items() if name.lower() in _FOR_EVERYBODY}
            response = await self._session.get(url, headers=wanted, allow_redirects=False)
            target = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            response.release()
            url = follow(url, target)
            if self._config.check_redirect is not None:
                self._config.check_redirect(str(url))
        raise SourceUnreachableError(f"more than {self._config.max_redirects} redirects")

    async def _receive(self, text: str, response: aiohttp.ClientResponse, max_bytes: int) -> Original | SourceState:
        said = response.headers
        if response.status == 304:
            return _state(said)
        if response.status not in {200, 206}:
            raise source_status_error(response.status)
        announced = response.content_length
        if response.status == 206:
            announced = _whole(said.get("Content-Range", ""))
            if announced is None:
                raise SourceUnreachableError("the source answered with a part of the original")
        limit = max_bytes or self._config.max_bytes
        if (announced or 0) > limit:
            raise SourceTooLargeError(f"the original has {announced} bytes, {limit} are allowed")
        coding = said.get("Content-Encoding", "").strip().lower()
        chunks = paced(response.content, self._config.min_rate, self._config.rate_grace)
        if not is_plain(coding):
            chunks, limit, announced = inflate(chunks, coding), min(limit, self._config.max_inflated), None
        original = Original(memfd("original"), 0, _state(said), said.get("Content-Type", ""))
        try:
            async with contextlib.aclosing(chunks):
                inflow = Inflow(original.fd, limit)
                await inflow.take(chunks)
                original.size = inflow.size
        except BaseException as error:
            original.close()
            if isinstance(error, aiohttp.ClientError) and not isinstance(error, TimeoutError):
                raise SourceIncompleteError(f"the source's answer ended early: {error}") from error
            raise
        if announced is not None and original.size != announced:
            original.close()
            raise SourceIncompleteError(f"the source sent {original.size} bytes of {announced}")
        original.fingerprint = f"{text} {original.state.validator or original.size}"
        return original


def _state(headers: CIMultiDictProxy[str]) -> SourceState:
    names = ("ETag", "Last-Modified", "Cache-Control", "Expires")
    return SourceState.of(*[headers.get(name, "") for name in names])


def _same_server(first: URL, now: URL) -> bool:
    """Whether ``now`` may see what was meant for ``first``: the same origin, or the same host by TLS."""
    return now.origin() == first.origin() or (
        now.host == first.host and (first.scheme, first.port, now.scheme, now.port) == ("http", 80, "https", 443)
    )


def _whole(content_range: str) -> int | None:
    """The size of an original that came as one range, or None where some of it is missing."""
    match = _WHOLE.fullmatch(content_range.strip())
    return int(match[2]) if match is not None and int(match[1]) + 1 == int(match[2]) else None


class WebStream:
    """An answer on its way through."""

    def __init__(self, response: aiohttp.ClientResponse, config: SourcesConfig) -> None:
        self._response = response
        self._chunks = paced(response.content, config.min_rate, config.rate_grace)
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except (aiohttp.ClientError, SourceTimeoutError) as error:
            # Headers are sent: only the broken connection can tell the client.
            raise ConnectionAbortedError("the source's answer ended early") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._chunks.aclose()
        self._response.close()
