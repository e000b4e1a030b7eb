"""The source part of a URL: decoding it to a source URL, and the parts of a source URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from mememime_proxy.errors import SourceUrlError
from mememime_proxy.urls.source.base64url import decode

if TYPE_CHECKING:
    from mememime_proxy.urls.source.encryption import CipherName

PLAIN = "plain"
_CIPHERS: dict[str, CipherName] = {"enc": "enc", "enc2": "enc2"}

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
_WEB = ("http", "https")
RESOURCE_SCHEMES = ("alias://", "asset://")
"""Starts of the URLs that name something of the resource service: ``alias://name`` and ``asset://sha256``."""


def decode_source(segments: Sequence[str], *, drop_filename: bool = False, key: bytes = b"") -> tuple[str, str]:
    """Return the source URL that ``segments`` spell and the extension behind it, or ''.

    ``drop_filename``: the last of several segments of an encoded source is only a name. ``key`` decrypts ``enc/`` and
    ``enc2/``. The URL has no control characters and is valid Unicode. Raises SourceUrlError.
    """
    form = segments[0] if len(segments) > 1 else ""
    if form == PLAIN:
        text, extension = _split_extension("/".join(segments[1:]), "@")
        if bad := _BAD_ESCAPE.search(text):
            raise SourceUrlError(f"a percent sign without two hexadecimal digits, at character {bad.start() + 1}")
        return _decode_url(_unescape(text)), extension
    cipher = _CIPHERS.get(form)
    encoded = segments[1:] if cipher else segments
    if drop_filename and len(encoded) > 1:
        encoded = encoded[:-1]
    text, extension = _split_extension("".join(encoded), ".")
    try:
        payload = decode(text)
    except ValueError:
        raise SourceUrlError(f"found {text[:80]!r}, expected URL-safe base64") from None
    if cipher:
        if not key:
            raise SourceUrlError("encrypted sources need MEMEMIME_SOURCE_URL_ENCRYPTION_KEY")
        from mememime_proxy.urls.source.encryption import decrypt  # noqa: PLC0415 - cryptography loads slowly

        payload = decrypt(payload, key, cipher)
    return _decode_url(payload), extension


def _split_extension(text: str, mark: str) -> tuple[str, str]:
    bare, *extensions = text.split(mark)
    if not bare:
        raise SourceUrlError("the source is empty")
    if len(extensions) > 1:
        raise SourceUrlError(f"found several {mark!r}, expected one in front of the extension")
    return bare, extensions[0] if extensions else ""


def _unescape(text: str) -> bytes:
    try:
        return unquote_to_bytes(text)
    except UnicodeEncodeError:
        raise SourceUrlError("the source is not valid Unicode") from None


def _decode_url(data: bytes) -> str:
    try:
        return validate_source_url(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise SourceUrlError("the source is not valid Unicode") from None


def validate_source_url(url: str) -> str:
    """Return ``url``, if it is not empty, valid Unicode and without control characters. Raises SourceUrlError."""
    try:
        url.encode()
    except UnicodeEncodeError:
        raise SourceUrlError("the source is not valid Unicode") from None
    if not url:
        raise SourceUrlError("the source is empty")
    if _CONTROL.search(url):
        raise SourceUrlError("the source has control characters")
    return url


@dataclass(frozen=True, slots=True)
class SourceUrl:
    """The parts of a source URL.

    Web addresses are cut as RFC 3986 says; ``path`` and ``query`` keep their percent escapes. For all other schemes
    ``path`` is the literal name of a file or an object: ``%``, ``?`` and ``#`` mean nothing in it, and ``query`` is
    what follows the configured separator (a version, for object storage).
    """

    scheme: str
    """Lower case."""
    host: str
    """Host with its port as written, or the bucket; may be empty for ``local``."""
    path: str
    """Begins with a slash, or is empty."""
    query: str
    text: str
    """The whole URL."""

    @classmethod
    def parse(cls, text: str, query_separator: str = "?") -> SourceUrl:
        """Return the parts of ``text``. ``query_separator`` is for schemes other than the web's, empty means none.

        Raises SourceUrlError where there is no scheme, and for web addresses without a host, with user info, a
        backslash or white space in the authority: parsers disagree about these, so no server gets to see them.
        """
        match = _SCHEME.match(text)
        if not match:
            raise SourceUrlError("the source has no scheme")
        scheme, rest = match[1].lower(), text[match.end() :]
        if scheme in _WEB:
            return cls._web(scheme, rest, text)
        host, slash, name = rest.partition("/")
        path, query = slash + name, ""
        if query_separator:
            path, _, query = path.partition(query_separator)
        return cls(scheme, host, path, query, text)

    @classmethod
    def _web(cls, scheme: str, rest: str, text: str) -> SourceUrl:
        rest = rest.partition("#")[0]
        before_query, _, query = rest.partition("?")
        host, slash, name = before_query.partition("/")
        if not host or host.startswith(":") or any(c in "@\\" or c.isspace() for c in host):
            raise SourceUrlError("the source has no plain host name")
        return cls(scheme, host, slash + name, query, text)
