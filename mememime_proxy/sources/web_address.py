"""A source's URL on the web, read once and strictly; what is not plain http or https is refused."""

from __future__ import annotations

import re
import unicodedata

from yarl import URL

from mememime_proxy.errors import SourceForbiddenError, SourceUnreachableError

MAX_LENGTH = 16384
"""Characters of a URL."""
_AUTHORITY = re.compile(r"https?://[^/?#@]*(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)
_NUMERIC = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\.?")
_DOTTED = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")


def parse(text: str) -> URL:
    """The URL that ``text`` is. This object, never the text, goes to the client: one parser, no second opinion.

    SourceUnreachableError: another scheme, no host. SourceForbiddenError: user names, control characters, backslashes,
    zone identifiers, numbers as hosts that are not a dotted address.
    """
    if len(text) > MAX_LENGTH:
        raise SourceUnreachableError("the source URL is too long")
    if "\\" in text or any(unicodedata.category(c) == "Cc" for c in text):
        raise SourceForbiddenError("the source URL has characters that no URL has")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as error:
        raise SourceUnreachableError(f"the source URL cannot be read: {error}") from error
    if url.scheme not in {"http", "https"}:
        raise SourceUnreachableError(f"there is no source for {url.scheme or 'a URL without scheme'}")
    if not host or not port:
        raise SourceUnreachableError("the source URL has no host")
    if url.user is not None or url.password is not None or _AUTHORITY.fullmatch(text) is None:
        raise SourceForbiddenError("the source URL has a user name")
    if "%" in host:
        raise SourceForbiddenError("the source URL has a zone identifier")
    if ":" not in host and _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) and not _DOTTED.fullmatch(host):
        raise SourceForbiddenError("the source URL's host is a number")
    return url.with_fragment(None)
