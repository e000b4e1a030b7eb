"""Requests to a proxy for what only it can do: it alone has the keys of URLs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from mememime_proxy.errors import ProxyUnavailableError, RequestError
from mememime_proxy.resources.aliases.purge_targets import PurgeTargets
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, PURGE_SCOPE, SignedBodies, Tokens

_SIGN_PATH: Final = "/sign"
_EXPLAIN_PATH: Final = "/explain"
_STATUS_PATH: Final = "/status"
_TIMEOUT: Final = 5.0
"""Seconds."""
_RENDER_TIMEOUT: Final = 60.0
"""Seconds for a result."""
_LARGEST: Final = 256 << 20
"""Bytes of a result that are counted."""
_SHOWN: Final = ("Content-Type", "Cache-Control", "Vary", "ETag", "Server-Timing", "X-Request-ID", "Location")
_MAX_TEXT: Final = 600


class SignedPreview(msgspec.Struct, kw_only=True):
    """A signed URL, or the code of an error and its detail. ``path``: as the proxy has it."""

    path: str = ""
    code: str = ""
    detail: str = ""
    url: str = ""


class ProxyAnswer(msgspec.Struct, kw_only=True):
    """What the proxy answered to a GET. ``text``: the start of the body of an error."""

    status: int
    headers: dict[str, str]
    bytes: int
    milliseconds: float
    text: str = ""


class ProxyStatus(msgspec.Struct, kw_only=True):
    """The state of one proxy as it has it, or why it is not known."""

    url: str
    status: dict[str, Any] | None = None
    error: str = ""


class PurgeAnswer(msgspec.Struct, kw_only=True):
    """What one proxy answered to a purge, or why there is no answer."""

    url: str
    dropped: dict[str, int] | None = None
    """Results and originals by place: `originals`, `variants` (memory), `stored`, `edge` (NGINX), `quarantined`."""
    error: str = ""


class _Answer(msgspec.Struct, kw_only=True):
    urls: list[SignedPreview]
    base: str


class ProxyClient:
    """Asks the first proxy that answers."""

    def __init__(self, urls: Sequence[str], keys: Sequence[bytes], public_url: str) -> None:
        """``urls``: MEMEMIME_PURGE_URLS. ``keys``: MEMEMIME_PURGE_KEY. ``public_url``: of the proxy for clients."""
        self._targets = PurgeTargets(urls or ([public_url] if public_url else []))
        self._http: aiohttp.ClientSession | None = None
        self.use(keys, public_url)

    def use(self, keys: Sequence[bytes], public_url: str) -> None:
        """Sign with the first of ``keys`` from now on."""
        self._bodies = SignedBodies(keys) if keys else None
        self._purges = Tokens(keys, PURGE_SCOPE) if keys else None
        self._public_url = public_url

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def sign(self, body: bytes) -> list[SignedPreview]:
        """Return signed URLs for a request as the proxy has it.

        RequestError where there is no proxy or no key for it, ProxyUnavailableError where none answers.
        """
        answer = msgspec.json.decode(await self._post(_SIGN_PATH, body), type=_Answer)
        origin = _origin(answer.base or self._public_url)
        for each in answer.urls:
            each.url = f"{origin}{each.path}" if each.path else ""
        return answer.urls

    async def explain(self, url: str, headers: Mapping[str, str], *, is_trusted: bool) -> dict[str, Any]:
        """Return what a URL means to the proxy, as ``mememime explain --json``. The errors are those of ``sign``."""
        body = msgspec.json.encode({"url": url, "headers": headers, "is_trusted": is_trusted})
        answer: dict[str, Any] = msgspec.json.decode(await self._post(_EXPLAIN_PATH, body))
        return answer

    async def get(self, target: str, headers: Mapping[str, str]) -> ProxyAnswer:
        """Return what the first proxy that is known answers to a request of ``target``, a path from its slash on.

        RequestError where none is known, ProxyUnavailableError where it does not answer.
        """
        origin = _origin((await self._addresses())[0])
        begin = time.perf_counter()
        try:
            async with self._session().get(
                URL(f"{origin}/{target.removeprefix('/')}", encoded=True),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_RENDER_TIMEOUT),
            ) as response:
                size, start = 0, b""
                async for chunk in response.content.iter_any():
                    size += len(chunk)
                    start = start or chunk[: 4 * _MAX_TEXT]
                    if size > _LARGEST:
                        break
                return ProxyAnswer(
                    status=response.status,
                    headers={name: value for name in _SHOWN if (value := response.headers.get(name))},
                    bytes=size,
                    milliseconds=1000 * (time.perf_counter() - begin),
                    text=start.decode("utf-8", "replace")[:_MAX_TEXT] if response.status >= 300 else "",
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ProxyUnavailableError(f"{origin} does not answer: {type(error).__name__}") from error

    async def purge(self, source: str) -> list[PurgeAnswer]:
        """Have every proxy that is known drop a source, and return their answers; none without a key."""
        if self._purges is None:
            return []
        token = self._purges.issue({"source": source})

        async def send(url: str) -> PurgeAnswer:
            base = url.removesuffix("/purge")
            try:
                async with self._session().post(url, data=token, allow_redirects=False) as response:
                    if response.status == 200:
                        return PurgeAnswer(url=base, dropped=msgspec.json.decode(await response.read())["dropped"])
                    return PurgeAnswer(url=base, error=f"it answered {response.status}")
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                return PurgeAnswer(url=base, error=f"it does not answer: {type(error).__name__}")

        urls, missing = await self._targets.resolve()
        unknown = [PurgeAnswer(url=name, error="the name has no address now") for name in missing]
        return [*await asyncio.gather(*map(send, urls)), *unknown]

    async def statuses(self) -> list[ProxyStatus]:
        """Return the state of each proxy that is known; none without a key."""
        bodies = self._bodies
        if bodies is None:
            return []

        async def ask(url: str) -> ProxyStatus:
            base = url.removesuffix("/purge")
            headers = {BODY_TOKEN_HEADER: bodies.issue(_STATUS_PATH, b"")}
            try:
                async with self._session().get(
                    f"{base}{_STATUS_PATH}", headers=headers, allow_redirects=False
                ) as response:
                    if response.status == 200:
                        return ProxyStatus(url=base, status=msgspec.json.decode(await response.read()))
                    return ProxyStatus(url=base, error=f"it answered {response.status}")
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                return ProxyStatus(url=base, error=f"it does not answer: {type(error).__name__}")

        return list(await asyncio.gather(*map(ask, (await self._targets.resolve())[0])))

    async def _addresses(self) -> list[str]:
        found, _ = await self._targets.resolve()
        if not found:
            raise RequestError("this service knows no proxy: MEMEMIME_PURGE_URLS and MEMEMIME_PUBLIC_URL are empty")
        return list(found)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT), trust_env=False, auto_decompress=False
            )
        return self._http

    async def _post(self, path: str, body: bytes) -> bytes:
        if self._bodies is None:
            raise RequestError("this service has no key to ask a proxy with: MEMEMIME_PURGE_KEY is not set")
        refusal = ""
        for url in await self._addresses():
            try:
                headers = {BODY_TOKEN_HEADER: self._bodies.issue(path, body)}
                address = f"{url.removesuffix('/purge')}{path}"
                async with self._session().post(address, data=body, headers=headers, allow_redirects=False) as response:
                    if response.status == 200:
                        return await response.read()
                    refusal = f"{address} answered {response.status}"
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                refusal = f"{url} does not answer: {type(error).__name__}"
        raise ProxyUnavailableError(refusal)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
