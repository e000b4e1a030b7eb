"""Requests to the resource service."""

from __future__ import annotations

import aiohttp

from mememime_proxy.errors import SourceStatusError
from mememime_proxy.sources.config import ResourcesConfig

_CONNECTIONS = 64


class ResourceSession:
    """A session with the API key of the configuration, which may be exchanged."""

    def __init__(self, config: ResourcesConfig) -> None:
        self._url = config.url
        self.api_key = config.api_key
        """Of requests that begin now."""

    async def start(self) -> None:
        """Open the session; no request is sent yet."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json"},
        )

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    async def get(self, path: str, seconds: float, max_bytes: int) -> tuple[int, bytes]:
        """Return the status and the body, of at most ``max_bytes`` or cut off behind them, within ``seconds``.

        SourceStatusError (503) where the service does not answer.
        """
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        try:
            async with self._session.get(
                self._url + path, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=seconds)
            ) as response:
                body = await response.content.read(max_bytes)
                while not response.content.at_eof() and len(body) <= max_bytes:
                    body += await response.content.read(max_bytes)
                return response.status, body
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceStatusError(f"the resource service: {type(error).__name__}: {error}", upstream=503) from error
