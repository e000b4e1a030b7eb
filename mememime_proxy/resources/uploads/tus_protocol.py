"""tus 1.0.0: its headers, parsed and written, and the extensions that are implemented."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from mememime_proxy.errors import ChecksumError, ProtocolVersionError, RequestError, UploadTypeError
from mememime_proxy.resources.aliases.model import AliasCondition

F = TypeVar("F", bound=Callable[..., Any])

VERSION: Final = "1.0.0"
OFFSET_TYPE: Final = "application/offset+octet-stream"
MAX_NUMBER: Final = (1 << 62) - 1
ALGORITHMS: Final = ("sha1", "sha256", "sha512", "md5", "crc32")
"""Of checksums; the first two are what most clients have."""
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]{1,64}")
"""ASCII without spaces and commas."""
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_UPLOAD = re.compile(r"(?:.*/)?uploads/([0-9a-f]{32})")
_extensions: set[str] = set()


def extension(*names: str) -> Callable[[F], F]:
    """Mark the function that implements these extensions: only implemented ones are announced."""

    def mark(function: F) -> F:
        _extensions.update(names)
        return function

    return mark


def extensions() -> tuple[str, ...]:
    """Return the extensions that are implemented."""
    return tuple(sorted(_extensions))


def check_version(headers: Mapping[str, str]) -> None:
    """Raise ProtocolVersionError unless the client uses the version that the service supports."""
    version = headers.get("Tus-Resumable", "")
    if version != VERSION:
        raise ProtocolVersionError(f"found Tus-Resumable: {version[:40]!r}, expected {VERSION}")


def check_type(content_type: str) -> None:
    """Raise UploadTypeError unless a body has the media type of a chunk."""
    if content_type.partition(";")[0].strip().lower() != OFFSET_TYPE:
        raise UploadTypeError(f"found a body of {content_type[:80] or 'no type'}, expected {OFFSET_TYPE}")


def number(headers: Mapping[str, str], name: str) -> int | None:
    """Return a header that is a number of bytes; None where it is absent. RequestError."""
    value = headers.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > MAX_NUMBER:
        raise RequestError(f"found {name}: {value[:40]!r}, expected a number of bytes")
    return int(value)


def length(headers: Mapping[str, str]) -> int | None:
    """Return the length of a new upload; None = deferred. RequestError where neither header is there, or both are."""
    value, deferred = number(headers, "Upload-Length"), headers.get("Upload-Defer-Length")
    if deferred is not None and deferred != "1":
        raise RequestError(f"found Upload-Defer-Length: {deferred[:40]!r}, expected 1")
    if (value is None) == (deferred is None):
        raise RequestError("expected either Upload-Length or Upload-Defer-Length: 1")
    return value


@dataclass(frozen=True, slots=True)
class Metadata:
    """Upload-Metadata: texts in base64 by their names, as they came."""

    values: dict[str, str]

    def text(self, name: str) -> str:
        """Return a value, decoded; '' where it is absent. RequestError for other than UTF-8."""
        try:
            return base64.b64decode(self.values.get(name, "")).decode()
        except UnicodeDecodeError as error:
            raise RequestError(f"{name} in Upload-Metadata is not UTF-8") from error

    @property
    def filename(self) -> str:
        """The name of the file, whatever its encoding was; '' = unknown."""
        return base64.b64decode(self.values.get("filename", "")).decode("utf-8", "replace")

    @property
    def sha256(self) -> str:
        """The digest that all bytes have to have; '' = any. RequestError."""
        digest = self.text("sha256")
        if digest and not _DIGEST.fullmatch(digest):
            raise RequestError("sha256 in Upload-Metadata is no digest, expected 64 hexadecimal digits")
        return digest.lower()

    @property
    def media_type(self) -> str:
        """The media type that the client declares; '' = none."""
        return self.text("filetype").partition(";")[0].strip().lower()

    @property
    def condition(self) -> AliasCondition:
        """The condition of the alias. RequestError."""
        return AliasCondition.of_headers(self.text("if-match"), self.text("if-none-match"))

    def header(self) -> str:
        """Return the header as it came."""
        return ",".join(f"{name} {value}".rstrip() for name, value in self.values.items())


def metadata(headers: Mapping[str, str]) -> Metadata:
    """Parse Upload-Metadata. RequestError."""
    values: dict[str, str] = {}
    header = headers.get("Upload-Metadata", "").strip()
    for pair in header.split(",") if header else ():
        name, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(name) or name in values:
            raise RequestError(f"Upload-Metadata: found the name {name[:40]!r}, expected each once, of ASCII letters")
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RequestError(f"Upload-Metadata: the value of {name} is not base64") from error
        values[name] = value
    return Metadata(values)


class Checksum:
    """The checksum of one request's body."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._algorithm = algorithm
        self._expected = expected
        self._crc = 0
        self._digest = None if algorithm == "crc32" else hashlib.new(algorithm, usedforsecurity=False)

    def update(self, block: bytes) -> None:
        """Count the next bytes."""
        if self._digest is None:
            self._crc = binascii.crc32(block, self._crc)
        else:
            self._digest.update(block)

    def check(self) -> None:
        """Raise ChecksumError unless the body has the checksum that the client declared."""
        actual = self._crc.to_bytes(4) if self._digest is None else self._digest.digest()
        if actual != self._expected:
            raise ChecksumError(f"the {self._algorithm} of the body is another one")


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Parse Upload-Checksum; None where it is absent. RequestError."""
    header = headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise RequestError(f"found a checksum of {algorithm[:40]!r}, expected {', '.join(ALGORITHMS)}")
    try:
        expected = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("the value of Upload-Checksum is not base64") from error
    return Checksum(algorithm, expected)


@dataclass(frozen=True, slots=True)
class Concat:
    """Upload-Concat: a partial upload, or the ids of the parts of a final one."""

    parts: tuple[str, ...]
    """() = it is a partial upload itself."""


def concat(headers: Mapping[str, str]) -> Concat | None:
    """Parse Upload-Concat; None where it is absent. RequestError."""
    header = headers.get("Upload-Concat")
    if header is None:
        return None
    if header.strip() == "partial":
        return Concat(())
    kind, _, urls = header.partition(";")
    if kind.strip() != "final" or not urls.split():
        raise RequestError("found an Upload-Concat that is neither partial nor final; with the URLs of uploads")
    parts = tuple(_upload_id(url) for url in urls.split())
    if len(set(parts)) < len(parts):
        raise RequestError("Upload-Concat names an upload twice")
    return Concat(parts)


def _upload_id(url: str) -> str:
    """Return the upload of an absolute or relative URL. RequestError."""
    try:
        match = _UPLOAD.fullmatch(unquote(urlsplit(url).path))
    except ValueError:
        match = None
    if match is None:
        raise RequestError(f"found {url[:200]!r} in Upload-Concat, expected the URL of an upload")
    return match[1]


def http_date(moment: int) -> str:
    """Return milliseconds since 1970 as Upload-Expires has them."""
    return formatdate(moment / 1000, usegmt=True)
