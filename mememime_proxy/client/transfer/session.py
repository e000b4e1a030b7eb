"""Requests to the service, made again where that helps: with waits that grow, jitter and what Retry-After says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from mememime_proxy import __version__
from mememime_proxy.client.errors import AnswerError, ClientError, RefusedError, UnreachableError
from mememime_proxy.client.transfer.rate_limit import Pace

TOO_MANY = 429
LATER = frozenset({408, 425, TOO_MANY, 500, 502, 503, 504})
"""Statuses after which the same request may go well."""
BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.ServerConnectionError, TimeoutError)
"""A request of which nobody knows what became of it."""
_ATTEMPTS = 8
_QUEUED = 5
"""How many times as often a request is made again that came too early (429): there are others of the same key."""
_FIRST_WAIT, _LONGEST_WAIT, _PATIENCE = 0.25, 30.0, 120.0
_CONNECT, _SILENCE = 10.0, 120.0
_ASK_FIRST = 1 << 20
"""Bytes of a body from which on the service is asked before they are sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body. ClientError where it is no JSON object: this is not the service."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ClientError(f"found an answer {self.status} that is no JSON object, expected a resource service")
        return found

    def error(self) -> AnswerError:
        """What the service says, as an error."""
        try:
            said = json.loads(self.body)
            title, detail = str(said["title"]), str(said.get("detail", ""))
        except (ValueError, TypeError, KeyError):
            title, detail = self.body[:200].decode("utf-8", "replace").strip(), ""
        return AnswerError(self.status, title, detail)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes that are sent, and sent again where that is needed."""

    size: int
    chunks: Callable[[], AsyncIterator[bytes]]


class Waits:
    """How long to wait before the next try, and when to give up."""

    def __init__(
        self,
        attempts: int = _ATTEMPTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._attempts, self._sleep, self._chance = attempts, sleep, chance
        self._failed = self._early = 0

    def progress(self) -> None:
        """Something went well: the count begins anew."""
        self._failed = self._early = 0

    async def again(self, reason: ClientError, answer: Answer | None = None) -> None:
        """Returns when it is time for the next try; raises ``reason`` where there was the last one."""
        if answer is not None and answer.status == TOO_MANY:
            self._early += 1
        else:
            self._failed += 1
        if self._failed >= self._attempts or self._early >= self._attempts * _QUEUED:
            raise reason
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self._failed + self._early)) * self._chance()
        if answer is not None and (said := answer.headers.get("Retry-After", "")).isascii() and said.isdigit():
            wait += min(_PATIENCE, int(said))
        await self._sleep(wait)


class Session:
    """One service and one key. Opened by ``async with``; any number of tasks may ask at once."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        connections: int = 32,
        bandwidth: float = 0,
        requests: float = 0,
        waits: Callable[[], Waits] = Waits,
    ) -> None:
        """``bandwidth`` in bytes a second, ``requests`` a second; 0 = as many as there are."""
        if not url.startswith(("http://", "https://")):
            raise ClientError(f"found the address {url!r}, expected one with http:// or https://")
        self.url = url.rstrip("/")
        self._key, self._connections = key, connections
        self._bandwidth, self._requests = Pace(bandwidth), Pace(requests)
        self.waits = waits

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=_SILENCE),
            headers={"User-Agent": f"mememime/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        said: object = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        fine: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer of a request that may be made any number of times; ``said`` goes as JSON.

        A status of 400 and above raises AnswerError unless it is ``fine``. RefusedError, UnreachableError.
        """
        waits = self.waits()
        while True:
            answer = None
            try:
                answer = await self.once(method, path, said=said, body=body, headers=headers, params=params)
            except BROKEN as error:
                reason: ClientError = self.broken(error)
            else:
                if answer.status < 400 or answer.status in fine:
                    return answer
                reason = answer.error()
                if answer.status not in LATER:
                    raise reason
                if answer.status in {502, 503, 504}:
                    reason = UnreachableError(f"{self.url}: {reason}")
            await waits.again(reason, answer)

    async def once(
        self,
        method: str,
        path: str,
        *,
        said: object = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer of one try, whatever its status, but RefusedError for 401. Raises BROKEN's classes.

        ``path``: below the service's address; a whole URL is another's, who does not get the key.
        """
        sent = dict(headers or {})
        ours = path.startswith("/")  # the key and the question whether a body may come are for the service alone
        url = self.url + path if ours else path
        if ours:
            sent["Authorization"] = f"Bearer {self._key}"
        data: bytes | _Sending | None = None
        if said is not None:
            data, sent["Content-Type"] = json.dumps(said).encode(), "application/json"
        elif body is not None:
            data = _Sending(body.chunks(), self._bandwidth)
            sent["Content-Length"] = str(body.size)
            sent.setdefault("Content-Type", "application/octet-stream")
        await self._requests.take()
        try:
            async with self._http.request(
                method,
                url,
                data=data,
                headers=sent,
                params=params,
                allow_redirects=False,
                expect100=body is not None and body.size >= _ASK_FIRST and ours,
            ) as response:
                answer = Answer(response.status, response.headers, await response.read())
        except BROKEN:
            if isinstance(data, _Sending) and data.failure is not None:
                raise data.failure from None  # the connection broke because the file did
            raise
        finally:
            if isinstance(data, _Sending):
                await data.close()
        if answer.status == 401 and ours:
            raise RefusedError(f"{self.url} does not take the key: {answer.error()}")
        return answer

    def broken(self, error: BaseException) -> UnreachableError:
        """One of BROKEN's, for people."""
        return UnreachableError(f"{self.url} does not answer: {error or type(error).__name__}")


class _Sending:
    """A body on its way; its end is told apart from the connection's."""

    def __init__(self, chunks: AsyncIterator[bytes], pace: Pace) -> None:
        self._chunks, self._pace = chunks, pace
        self.failure: ClientError | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                await self._pace.take(len(chunk))
                yield chunk
        except ClientError as error:
            self.failure = error
            raise

    async def close(self) -> None:
        """Lets the file go, however much of it was sent."""
        if isinstance(self._chunks, AsyncGenerator):
            with contextlib.suppress(RuntimeError):  # it runs: its own end closes the file
                await self._chunks.aclose()
