"""Cookies that a source sets on its way through redirects; they live as long as one fetch."""

from __future__ import annotations

import aiohttp
from yarl import URL

MAX_LENGTH = 8192
"""Bytes of a Cookie header; further cookies are left out."""


class HopCookies:
    """Cookies of one fetch: each goes only where its host, path, domain and scheme allow (RFC 6265)."""

    def __init__(self) -> None:
        self._jar: aiohttp.CookieJar | None = None

    def take(self, response: aiohttp.ClientResponse) -> None:
        """Keep the cookies that a redirect sets."""
        if not response.cookies:
            return
        if self._jar is None:
            self._jar = aiohttp.CookieJar(unsafe=True)  # also of hosts that are addresses
        for name, morsel in list(response.cookies.items()):
            domain = morsel["domain"].strip(".")
            if domain and "." not in domain and domain != response.url.host:
                del response.cookies[name]  # a whole top-level domain
        self._jar.update_cookies(response.cookies, response.url)

    def header(self, url: URL, cookie: str) -> str:
        """Return the Cookie header of a request for ``url`` that would have sent ``cookie`` by itself; '' for none."""
        if self._jar is None:
            return cookie
        found = self._jar.filter_cookies(url)
        pairs = [pair for part in cookie.split(";") if (pair := part.strip()) and pair.partition("=")[0] not in found]
        length = sum(len(pair) + 2 for pair in pairs)
        for morsel in found.values():
            pair = f"{morsel.key}={morsel.coded_value}"
            length += len(pair) + 2
            if length <= MAX_LENGTH:
                pairs.append(pair)
        return "; ".join(pairs)
