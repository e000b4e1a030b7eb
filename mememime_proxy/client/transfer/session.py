"""Requests to the service, retried with exponential backoff, jitter and Retry-After."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp

from mememime_proxy import __version__
from mememime_proxy.client.errors import ClientError, RefusedError, UnreachableError, as_file_error
from mememime_proxy.client.transfer.rate_limit import Throttle
from mememime_proxy.client.transfer.response import TOO_MANY_REQUESTS, ServiceResponse
from mememime_proxy.client.transfer.retries import Retries
from mememime_proxy.client.transfer.service_url import checked_url

RETRY_STATUSES = frozenset({408, 425, TOO_MANY_REQUESTS, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
CONNECTION_ERRORS = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,  # what answers is not HTTP
    aiohttp.ServerConnectionError,
    TimeoutError,
)
"""Errors after which it is unknown whether the service handled the request."""
GIVE_UP_AFTER = 60.0
"""Seconds without any response after which a request fails: a service restarts in less."""
_CONNECT_TIMEOUT, _READ_TIMEOUT = 10.0, 120.0
FIRST_WORD = 2.0
"""Seconds without an answer after which a user is told that the service does not respond."""
_MIN_SIZE_EXPECT = 1 << 20
"""Bytes of a body from which on the request has Expect: 100-continue."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The bytes of a request; ``chunks`` is called for each attempt."""

    size: int
    chunks: Callable[[], AsyncIterator[bytes]]


class Session:
    """A session with one service and one API key. Opened by ``async with``; tasks may share it."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        connections: int = 32,
        bandwidth: float = 0,
        requests: float = 0,
        give_up_after: float = GIVE_UP_AFTER,
        retries: Callable[[], Retries] | None = None,
        on_silence: Callable[[str], None] | None = None,
    ) -> None:
        """``bandwidth`` in bytes a second, ``requests`` a second; 0 = no limit.

        ``give_up_after``: seconds without any response after which a request fails. ``retries``: in place of it.
        ``on_silence`` gets a text for the user where the service does not respond: once until it responds again.
        """
        self.url = checked_url(url)
        self._key, self._connections = key.strip(), connections
        if not (self._key.isascii() and self._key.isprintable() and " " not in self._key):
            raise ClientError("found a space, a line break or a letter outside ASCII in the API key, expected none")
        self._bandwidth, self._requests = Throttle(bandwidth), Throttle(requests)
        self.retries = retries or functools.partial(Retries, give_up_after=give_up_after)
        self._on_silence = on_silence
        self._is_silent = self._has_answered = False

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT, sock_read=_READ_TIMEOUT),
            headers={"User-Agent": f"mememime/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        json_body: object = None,
        body: RequestBody | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        expected: frozenset[int] = frozenset(),
    ) -> ServiceResponse:
        """Return the response of an idempotent request, after as many attempts as needed. ``json``: a body as JSON.

        Raises AnswerError for a status of 400 and above that is not in ``expected``, RefusedError, UnreachableError.
        """
        retries = self.retries()
        while True:
            response = None
            try:
                with self._first_word():
                    response = await self.request_once(
                        method, path, json_body=json_body, body=body, headers=headers, params=params
                    )
            except CONNECTION_ERRORS as error:
                reason: ClientError = self.unreachable_error(error)
            else:
                if response.status in expected or response.status < 300 or response.status == 304:
                    self._is_silent = False
                    return response
                if response.status < 400:
                    raise response.redirect_error()
                reason = response.to_error()
                if response.status not in RETRY_STATUSES:
                    raise reason
                if response.status in {502, 503, 504}:
                    reason = UnreachableError(f"{self.url}: {reason}")
            if response is None or response.status != TOO_MANY_REQUESTS:
                self.report_silence(f"{reason}; trying again")
            await retries.wait(reason, response)

    @contextlib.contextmanager
    def _first_word(self) -> Iterator[None]:
        """Report that nothing has answered ``FIRST_WORD`` seconds after the first request of the session."""
        if self._has_answered:
            yield
            return
        text = f"{self.url} does not respond; waiting"
        timer = asyncio.get_running_loop().call_later(FIRST_WORD, self.report_silence, text)
        try:
            yield
            self._has_answered = True
        finally:
            timer.cancel()

    def report_silence(self, text: str) -> None:
        """Give the text to ``on_silence``, unless it was told since the last response."""
        if self._on_silence is not None and not self._is_silent:
            self._is_silent = True
            self._on_silence(text)

    @contextlib.asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield the response to a GET whose body is still to be read. Raises as ``request``, after one attempt."""
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._http.get(self.url + path, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                answer = ServiceResponse(response.status, response.headers, await response.read(), self.url + path)
                raise answer.redirect_error() if 300 <= response.status < 400 else answer.to_error()
            yield response

    async def request_once(
        self,
        method: str,
        path: str,
        *,
        json_body: object = None,
        body: RequestBody | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> ServiceResponse:
        """Return the response to one attempt, whatever its status; but 401 raises RefusedError.

        ``path``: below the service's URL; an absolute URL is of another server, which gets neither the key nor Expect.
        Raises CONNECTION_ERRORS.
        """
        fields = dict(headers or {})
        is_service = path.startswith("/")
        url = self.url + path if is_service else path
        if is_service:
            fields["Authorization"] = f"Bearer {self._key}"
        data: bytes | _BodyStream | None = None
        if json_body is not None:
            data, fields["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        elif body is not None:
            data = _BodyStream(body.chunks(), self._bandwidth)
            fields["Content-Length"] = str(body.size)
            fields.setdefault("Content-Type", "application/octet-stream")
        await self._requests.acquire()
        try:
            async with self._http.request(
                method,
                url,
                data=data,
                headers=fields,
                params=params,
                allow_redirects=False,
                expect100=body is not None and body.size >= _MIN_SIZE_EXPECT and is_service,
            ) as response:
                result = ServiceResponse(response.status, response.headers, await response.read(), url)
        except CONNECTION_ERRORS:
            if isinstance(data, _BodyStream) and data.failure is not None:
                raise data.failure from None  # the connection broke because the file could not be read
            raise
        finally:
            if isinstance(data, _BodyStream):
                await data.close()
        if result.status == 401 and is_service:
            raise RefusedError(f"{self.url} refuses the API key: {result.to_error()}")
        return result

    def unreachable_error(self, error: BaseException) -> UnreachableError:
        """Return one of CONNECTION_ERRORS as an error of the client."""
        text = " ".join(str(error).split()) or type(error).__name__
        what = "sends no response of HTTP" if isinstance(error, aiohttp.ClientResponseError) else "does not respond"
        return UnreachableError(f"{self.url} {what}: {text}")


class _BodyStream:
    """The body of one attempt. Keeps the error of its file, which breaks the connection as well."""

    def __init__(self, chunks: AsyncIterator[bytes], throttle: Throttle) -> None:
        self._chunks, self._throttle = chunks, throttle
        self.failure: ClientError | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                await self._throttle.acquire(len(chunk))
                yield chunk
        except Exception as error:
            self.failure = as_file_error(error)
            raise

    async def close(self) -> None:
        """Close the file, however much of it was sent."""
        if isinstance(self._chunks, AsyncGenerator):
            with contextlib.suppress(RuntimeError):  # it is running: its end closes the file
                await self._chunks.aclose()
