"""Strict parser of http and https source URLs."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv6Address
from urllib.parse import quote, unquote, urljoin

from yarl import URL

from mememime_proxy.errors import SourceForbiddenError, SourceUnreachableError

MAX_LENGTH = 16384
"""Characters of a URL."""
_SHAPE = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)
_NUMERIC = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\.?")
_DOTTED = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_UNSAFE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+")
"""Characters that RFC 3986 requires to be escaped in a path or a query."""
_STEPS = re.compile(r"[/\\]")
_BAD_PORTS = """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119
    123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989
    990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
"""
FORBIDDEN_PORTS = frozenset(map(int, _BAD_PORTS.split()))
"""Ports of other protocols: the list "bad port" of the Fetch standard."""


def parse(text: str) -> URL:
    """Parse ``text``. The result, never the text, is passed to the HTTP client: there is only one parser.

    Path and query are sent as they are written, because some are signed; only characters that no URL may contain are
    escaped. The fragment is dropped. SourceUnreachableError: another scheme, no host, a port of another protocol.
    SourceForbiddenError: user names, control characters, backslashes, ``..`` (it would leave an allowed
    prefix), zone identifiers, numbers as hosts that are not a dotted address.
    """
    _check_characters(text)
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        other = _SCHEME.match(text)
        raise SourceUnreachableError(f"there is no source for {other[0][:40] if other else 'a URL without scheme'}")
    scheme, authority, path, query = shape[1].lower(), shape[2], shape[3], shape[4] or ""
    if "@" in authority:
        raise SourceForbiddenError("the source URL has a user name")
    try:
        server = URL(f"{scheme}://{authority}/")
        host, port = server.host, server.port
    except ValueError as error:
        raise SourceUnreachableError(f"the source URL is invalid: {error}") from error
    if not host or port is None:
        raise SourceUnreachableError("the source URL has no host")
    _check_host(host)
    if port in FORBIDDEN_PORTS:
        raise SourceUnreachableError(f"port {port} belongs to another protocol")
    if ".." in _STEPS.split(unquote(path)):
        raise SourceForbiddenError("the source URL has a path with ..")
    return URL(f"{scheme}://{server.raw_authority}{_escaped(path) or '/'}{_escaped(query)}", encoded=True)


def follow(url: URL, location: str) -> URL:
    """Return the target of a redirect from ``url``, checked like any other URL."""
    _check_characters(location)
    try:
        return parse(urljoin(str(url), location))
    except ValueError as error:
        raise SourceUnreachableError(f"the redirect is invalid: {error}") from error


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise SourceUnreachableError("the source URL is too long")
    if "\\" in text or any(unicodedata.category(c) == "Cc" for c in text):
        raise SourceForbiddenError("the source URL contains a control character or a backslash")


def _check_host(host: str) -> None:
    if "%" in host:
        raise SourceForbiddenError("the source URL has a zone identifier")
    if any(c.isspace() for c in host):
        raise SourceForbiddenError("the source URL has white space in its host")
    if ":" in host and not _is_ipv6(host):
        raise SourceUnreachableError("the source URL's host is no IPv6 address")
    if ":" not in host and _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) and not _DOTTED.fullmatch(host):
        raise SourceForbiddenError("the source URL's host is a number")


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda match: quote(match[0], safe="", errors="surrogateescape"), text)
