"""The cookie of a session: its name and flags, and whether a request came from the console's own pages."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_SECURE_NAME: Final = "__Host-mememime"
_LOOPBACK_NAME: Final = "mememime"


class Visit:
    """What the headers of a request to the console say about the way it came."""

    def __init__(self, headers: Mapping[str, str], scheme: str, peer: str, public_url: str) -> None:
        """``peer``: address of the other end. ``public_url``: of this service for clients, '' = as requests say."""
        self._headers = headers
        self.peer = peer
        if public_url:
            parts = urlsplit(public_url)
            self.origin = f"{parts.scheme}://{parts.netloc}".lower()
        else:
            scheme = headers.get("X-Forwarded-Proto", scheme).strip().lower()
            self.origin = f"{scheme}://{headers.get('Host', '')}".lower()

    @property
    def client(self) -> str:
        """The address of the browser, as far as it can be known.

        A proxy on this machine or in a private network is believed what it says: the last address of X-Forwarded-For
        is the one that the nearest proxy saw. Those before it may be anybody's invention.
        """
        forwarded = self._headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return forwarded if _is_address(forwarded) and _is_near(self.peer) else self.peer

    @property
    def is_secure(self) -> bool:
        """Whether the browser came by HTTPS."""
        return self.origin.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether browser and service are on this machine, with nothing in between that says otherwise."""
        host = urlsplit(self.origin).hostname or ""
        forwarded = any(name in self._headers for name in ("Forwarded", "X-Forwarded-For"))
        return not forwarded and _is_loopback(self.peer) and (host == "localhost" or _is_loopback(host))

    @property
    def cookie(self) -> str:
        """The value of the session's cookie; '' for none."""
        try:
            morsel = SimpleCookie(self._headers.get("Cookie", "")).get(self._cookie_name)
        except CookieError:
            return ""
        return morsel.value if morsel is not None else ""

    def set_cookie(self, value: str, lifetime: int) -> str:
        """Return the value of Set-Cookie; no script, no other site and no plain HTTP beyond this machine gets it."""
        secure = "; Secure" if self.is_secure else ""
        return f"{self._cookie_name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lifetime}{secure}"

    @property
    def is_from_own_page(self) -> bool:
        """Whether the browser says that a page of this origin made the request."""
        site, origin = self._headers.get("Sec-Fetch-Site", ""), self._headers.get("Origin", "")
        if origin and origin.lower() != self.origin:
            return False
        return site == "same-origin" if site else bool(origin)

    @property
    def _cookie_name(self) -> str:
        return _SECURE_NAME if self.is_secure else _LOOPBACK_NAME


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_near(peer: str) -> bool:
    """Whether the other end is on this machine, also by a socket file, or in a private network."""
    return not _is_address(peer) or ip_address(peer).is_private


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
