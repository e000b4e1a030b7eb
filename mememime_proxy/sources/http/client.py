"""HTTP source: originals from the web, with limits for addresses, bytes and time on each redirect."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from mememime_proxy.errors import (
    SourceForbiddenError,
    SourceIncompleteError,
    SourceResponseError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
    source_status_error,
)
from mememime_proxy.memory_budget import Permit
from mememime_proxy.service.ranges import parse_content_range
from mememime_proxy.sources.arrivals import Arrivals
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.film_bytes import FilmDetector
from mememime_proxy.sources.http.content_coding import codings_for_clients, decode
from mememime_proxy.sources.http.errors import translate_error
from mememime_proxy.sources.http.hop_cookies import HopCookies
from mememime_proxy.sources.http.min_rate import require_min_rate
from mememime_proxy.sources.http.resolver import GuardedResolver, LookUp, system_look_up
from mememime_proxy.sources.http.session import guard_of, open_session
from mememime_proxy.sources.http.url import follow, parse
from mememime_proxy.sources.model import Original, SourceState, request_conditions

_REDIRECTS = {301, 302, 303, 307, 308}
_ANONYMOUS = {"accept", "accept-encoding", "if-modified-since", "if-none-match", "if-range", "range"}
"""Request headers without credentials: only these are sent to another host after a redirect."""
_STREAMED = {200, 203, 206, 304, 416}
UNASKED_304 = "the source answered 304 to a request without a condition"


class WebSource:
    """Sources ``http`` and ``https``, with one session."""

    def __init__(
        self,
        config: SourcesConfig,
        arrivals: Arrivals,
        look_up: LookUp = system_look_up,
        films: FilmDetector | None = None,
    ) -> None:
        """``films``: reads films by ranges, where the source has them; None = whole, as anything else."""
        self._films = films
        self._config = config
        self._arrivals = arrivals
        self.check_redirect = config.check_redirect
        """Of redirects that come now."""
        self._guard = guard_of(config)
        self._look_up = look_up

    def check(self, text: str) -> None:
        """Raise the error of a URL that is never requested: it is invalid, or its host is a forbidden address."""
        host = parse(text).host or ""
        address = "127.0.0.1" if host == "localhost" else host
        with contextlib.suppress(ValueError):  # a name, whose addresses are checked when it is looked up
            ip_address(address)
            if not self._guard.permits(address):
                raise SourceForbiddenError(f"the source's address {host} is not permitted")

    async def start(self) -> None:
        """Open the session."""
        self._resolver = GuardedResolver(self._guard, self._look_up)
        self._session = open_session(self._config, self._guard, self._resolver, {"Accept": "*/*"})

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._resolver.close()

    async def fetch(
        self,
        text: str,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch, not one wait
        headers: Mapping[str, str],
        head: int = 0,
    ) -> Original | SourceState:
        """Read the original into a memfd, or return its state where ``validator`` is the present one.

        ``head``: so many first bytes will do, where the response tells its size and a validator; 0 = all.
        """
        request_headers = dict(headers)
        if_none_match, if_modified_since = request_conditions(validator)
        if if_none_match:
            request_headers["If-None-Match"] = if_none_match
        if if_modified_since:
            request_headers["If-Modified-Since"] = if_modified_since
        is_conditional = bool(if_none_match or if_modified_since)
        try:
            async with asyncio.timeout(timeout), await self._open(parse(text), request_headers) as response:
                receive = partial(self._receive, text, response, max_bytes, timeout, headers)
                return await receive(head=head, is_conditional=is_conditional)
        except Exception as error:
            raise translate_error(error) from error

    async def stream(self, text: str, headers: Mapping[str, str]) -> WebStream:
        """Open the response as a stream. A status without a part of the original is an error."""
        try:
            response = await self._open(parse(text), headers)
        except Exception as error:
            raise translate_error(error) from error
        try:
            return WebStream(response, self._config, {name.lower() for name in headers})
        except BaseException:
            response.close()
            raise

    async def _open(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Return the response after all redirects. Each URL is checked like the first."""
        first, request_headers, cookies = url, dict(headers), HopCookies()
        cookie = next((value for name, value in headers.items() if name.lower() == "cookie"), "")
        for _ in range(self._config.max_redirects + 1):
            if not _same_server(first, url):
                request_headers = {name: value for name, value in request_headers.items() if name.lower() in _ANONYMOUS}
                cookie = ""
            if sent := cookies.header(url, cookie):
                request_headers = {n: v for n, v in request_headers.items() if n.lower() != "cookie"} | {"Cookie": sent}
            response = await self._session.get(url, headers=request_headers, allow_redirects=False)
            target = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            response.release()
            cookies.take(response)
            url = follow(url, target)
            if self.check_redirect is not None:
                self.check_redirect(str(url))
        raise SourceUnreachableError(f"more than {self._config.max_redirects} redirects")

    async def _receive(
        self,
        text: str,
        response: aiohttp.ClientResponse,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch
        sent: Mapping[str, str],
        *,
        head: int,
        is_conditional: bool,
    ) -> Original | SourceState:
        """``sent``: the headers of the request, without its conditions."""
        headers = response.headers
        if response.status == 304:
            if not is_conditional:
                raise SourceResponseError(UNASKED_304)
            return _state(headers)
        if response.status not in {200, 206}:
            raise source_status_error(response.status)
        announced = _announced_size(response)
        limit = max_bytes or self._config.max_bytes
        coding = ",".join(headers.getall("Content-Encoding", []))
        received = require_min_rate(response.content, self._config.min_rate, self._config.rate_grace)
        chunks: AsyncIterator[bytes] = received
        if self._films is not None and announced and not coding and headers.get("Accept-Ranges") == "bytes":

            def open_range(range_headers: Mapping[str, str]) -> Awaitable[WebStream]:
                return self.stream(text, {**sent, **range_headers})

            film, chunks = await self._films.open(text, announced, _state(headers), received, open_range)
            if film is not None:
                await received.aclose()
                return film
        if (announced or 0) > limit:
            raise SourceTooLargeError(f"the original has {announced} bytes, {limit} are allowed")
        state, content_type = _state(headers), headers.get("Content-Type", "")
        if 0 < head < (announced or 0) and not coding and any(request_conditions(state.validator)):
            async with contextlib.aclosing(received):
                original = await self._arrivals.receive_head(chunks, head, announced or 0, timeout)
            original.state, original.content_type = state, content_type
            return original
        arrival = await self._arrivals.begin(announced, timeout)
        original = arrival.original
        original.state, original.content_type = state, content_type
        try:
            async with contextlib.aclosing(received):
                if coding:
                    body = await decode(received, coding, limit, self._config.max_inflated)
                    chunks, limit = body.chunks, body.limit
                    announced = None if body.is_changed else announced
                await arrival.receive(chunks, limit)
        except BaseException as error:
            original.close()
            if isinstance(error, aiohttp.ClientError) and not isinstance(error, TimeoutError):
                raise SourceIncompleteError(f"the source's response ended early: {error}") from error
            raise
        if announced is not None and original.size != announced:
            original.close()
            raise SourceIncompleteError(f"the source sent {original.size} bytes of {announced}")
        return original


def _state(headers: CIMultiDictProxy[str]) -> SourceState:
    names = ("ETag", "Last-Modified", "Cache-Control", "Expires")
    return SourceState.of(*[headers.get(name, "") for name in names])


def _same_server(first: URL, target: URL) -> bool:
    """Return whether ``target`` may get the headers for ``first``: the same origin, or the same host with TLS."""
    return target.origin() == first.origin() or (
        target.host == first.host
        and (first.scheme, first.port, target.scheme, target.port) == ("http", 80, "https", 443)
    )


class WebStream:
    """A ``Stream`` of a response."""

    def __init__(self, response: aiohttp.ClientResponse, config: SourcesConfig, sent: Collection[str]) -> None:
        """``sent``: lower-case names of the request's headers.

        SourceStatusError for a status without a part of the original; SourceResponseError for one that answers another
        request: 304 without a condition, 206 without a range.
        """
        self._response = response
        self.permit: Permit | None = None
        self._chunks = require_min_rate(response.content, config.min_rate, config.rate_grace)
        self.status = response.status
        headers = response.headers.copy()
        if self.status not in _STREAMED or (self.status == 416 and "range" not in sent):
            raise source_status_error(self.status)
        if self.status == 304 and not {"if-none-match", "if-modified-since"} & set(sent):
            raise SourceResponseError(UNASKED_304)
        if self.status == 206 and "range" not in sent:
            extent = parse_content_range(headers.pop("Content-Range", ""))
            if extent is None or not extent.is_complete:
                raise SourceResponseError("the source sent a part of the original to a request for all of it")
            self.status = 200
        if coding := ",".join(headers.popall("Content-Encoding", [])):
            headers.update({"Content-Encoding": known} if (known := codings_for_clients(coding)) else {})
        self.headers: Mapping[str, str] = headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except (aiohttp.ClientError, SourceTimeoutError) as error:
            # Headers are sent: only a broken connection tells the client.
            raise ConnectionAbortedError("the source's response ended early") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._chunks.aclose()
        self._response.close()


def _announced_size(response: aiohttp.ClientResponse) -> int | None:
    """Return the bytes that a response will have; None = unknown. SourceUnreachableError for a part of an original."""
    if response.status != 206:
        return response.content_length
    extent = parse_content_range(response.headers.get("Content-Range", ""))
    if extent is None or not extent.is_complete:
        raise SourceUnreachableError("the source sent only a part of the original")
    return extent.size
