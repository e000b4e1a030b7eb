"""Requests to a proxy for what only it can do: it alone has the keys of URLs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from mememime_proxy.errors import ProxyUnavailableError, RequestError
from mememime_proxy.resources.aliases.purge_targets import PurgeTargets
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies

_SIGN_PATH: Final = "/sign"
_TIMEOUT: Final = 5.0
"""Seconds."""


class SignedPreview(msgspec.Struct, kw_only=True):
    """A signed URL, or the code of an error and its detail. ``path``: as the proxy has it."""

    path: str = ""
    code: str = ""
    detail: str = ""
    url: str = ""


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

    async def _post(self, path: str, body: bytes) -> bytes:
        if self._bodies is None:
            raise RequestError("this service has no key to ask a proxy with: MEMEMIME_PURGE_KEY is not set")
        found, _ = await self._targets.resolve()
        if not found:
            raise RequestError("this service knows no proxy: MEMEMIME_PURGE_URLS and MEMEMIME_PUBLIC_URL are empty")
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT), trust_env=False)
        refusal = ""
        for url in found:
            try:
                headers = {BODY_TOKEN_HEADER: self._bodies.issue(path, body)}
                address = f"{url.removesuffix('/purge')}{path}"
                async with self._http.post(address, data=body, headers=headers, allow_redirects=False) as response:
                    if response.status == 200:
                        return await response.read()
                    refusal = f"{address} answered {response.status}"
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                refusal = f"{url} does not answer: {type(error).__name__}"
        raise ProxyUnavailableError(refusal)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
