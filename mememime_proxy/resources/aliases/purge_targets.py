"""The proxies that purges are sent to: fixed ones, and all that a name stands for, looked up each time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from typing import Final

from yarl import URL

from mememime_proxy.errors import SettingsError

_BY_NAME: Final = "dns+http://"
_TIMEOUT: Final = 5.0
"""Seconds for the addresses of a name."""


class PurgeTargets:
    """URLs of purge endpoints. SettingsError for a URL with ``dns+`` that is not ``dns+http://name:port``."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._fixed = [f"{url.rstrip('/')}/purge" for url in dict.fromkeys(urls) if not url.startswith("dns+")]
        self._names = [_parse(url) for url in dict.fromkeys(urls) if url.startswith("dns+")]

    async def resolve(self) -> tuple[list[str], list[str]]:
        """Return the URLs of all proxies, and the names whose addresses could not be found now.

        A name without an address is one of these: whether it has no proxies now or never had one is not known.
        """
        found = await asyncio.gather(*(_addresses(name, port) for name, port, _ in self._names))
        urls, missing = dict.fromkeys(self._fixed), []
        for (name, port, path), addresses in zip(self._names, found, strict=True):
            urls |= dict.fromkeys(str(URL.build(scheme="http", host=each, port=port, path=path)) for each in addresses)
            if not addresses:
                missing.append(name)
        return list(urls), missing


def _parse(text: str) -> tuple[str, int, str]:
    """Return name, port and path of the endpoint."""
    try:
        url = URL(text.removeprefix("dns+"))
        if text.startswith(_BY_NAME) and url.host and url.explicit_port and not url.query_string and not url.user:
            return url.host, url.explicit_port, f"{url.path.rstrip('/')}/purge"
    except ValueError:
        pass
    raise SettingsError(f"MEMEMIME_PURGE_URLS: found {text!r}, expected dns+http://name:port")


async def _addresses(name: str, port: int) -> Sequence[str]:
    try:
        async with asyncio.timeout(_TIMEOUT):
            found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return ()
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
