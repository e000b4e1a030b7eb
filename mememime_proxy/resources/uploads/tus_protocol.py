"""The words of tus 1.0.0: what its headers say, and what is written into them."""

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
from mememime_proxy.resources.aliases.names import normalised
from mememime_proxy.resources.aliases.service import Condition
from mememime_proxy.resources.http.preconditions import condition

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
    """Marks the function by which the service has these extensions: what is not built is not announced."""

    def mark(function: F) -> F:
        _extensions.update(names)
        return function

    return mark


def extensions() -> tuple[str, ...]:
    """What has been built, by name."""
    return tuple(sorted(_extensions))


def check_version(headers: Mapping[str, str]) -> None:
    """ProtocolVersionError unless the client speaks the version that is spoken here."""
    said = headers.get("Tus-Resumable", "")
    if said != VERSION:
        raise ProtocolVersionError(f"found Tus-Resumable: {said[:40]!r}, expected {VERSION}")


def check_type(content_type: str) -> None:
    """UploadTypeError unless a body is marked as a part of an upload."""
    if content_type.partition(";")[0].strip().lower() != OFFSET_TYPE:
        raise UploadTypeError(f"found a body of {content_type[:80] or 'no type'}, expected {OFFSET_TYPE}")


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that is a number of bytes; None where it is not there. RequestError."""
    said = headers.get(name)
    if said is None:
        return None
    if not _NUMBER.fullmatch(said) or int(said) > MAX_NUMBER:
        raise RequestError(f"found {name}: {said[:40]!r}, expected a number of bytes")
    return int(said)


def length(headers: Mapping[str, str]) -> int | None:
    """How long a new upload will be; None = it is told later. RequestError where nothing says so."""
    found, deferred = number(headers, "Upload-Length"), headers.get("Upload-Defer-Length")
    if deferred is not None and deferred != "1":
        raise RequestError(f"found Upload-Defer-Length: {deferred[:40]!r}, expected 1")
    if (found is None) == (deferred is None):
        raise RequestError("expected either Upload-Length or Upload-Defer-Length: 1")
    return found


@dataclass(frozen=True, slots=True)
class Metadata:
    """Upload-Metadata: texts in base64 by their names, as they came."""

    values: dict[str, str]

    def text(self, name: str) -> str | None:
        """One of them, decoded; None where it is not there. RequestError for what is no UTF-8."""
        if name not in self.values:
            return None
        try:
            return base64.b64decode(self.values[name]).decode()
        except UnicodeDecodeError as error:
            raise RequestError(f"{name} in Upload-Metadata is not UTF-8") from error

    @property
    def sha256(self) -> str:
        """The digest that the whole has to have; '' = any. RequestError."""
        said = self.text("sha256") or ""
        if said and not _DIGEST.fullmatch(said):
            raise RequestError("sha256 in Upload-Metadata is no digest, expected 64 hexadecimal letters")
        return said.lower()

    @property
    def media_type(self) -> str:
        """What the client takes it for; '' = it does not say."""
        return (self.text("filetype") or "").partition(";")[0].strip().lower()

    @property
    def alias(self) -> str:
        """The name that the asset gets, normalised; '' = none. AliasNameError."""
        said = self.text("alias")
        return normalised(said) if said else ""

    @property
    def condition(self) -> Condition:
        """What the alias has to be for that. RequestError."""
        names = {"if-match": "If-Match", "if-none-match": "If-None-Match"}
        return condition({header: self.text(name) or "" for name, header in names.items()})

    def header(self) -> str:
        """As it came."""
        return ",".join(f"{name} {value}".rstrip() for name, value in self.values.items())


def metadata(headers: Mapping[str, str]) -> Metadata:
    """What a client tells of an upload. RequestError for what cannot be read."""
    found: dict[str, str] = {}
    said = headers.get("Upload-Metadata", "").strip()
    for pair in said.split(",") if said else ():
        name, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(name) or name in found:
            raise RequestError(f"Upload-Metadata: found the name {name[:40]!r}, expected each once, of ASCII letters")
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RequestError(f"Upload-Metadata: the value of {name} is not base64") from error
        found[name] = value
    return Metadata(found)


class Checksum:
    """Counts along with the bytes of one request."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._algorithm = algorithm
        self._expected = expected
        self._crc = 0
        self._digest = None if algorithm == "crc32" else hashlib.new(algorithm, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """The next bytes."""
        if self._digest is None:
            self._crc = binascii.crc32(chunk, self._crc)
        else:
            self._digest.update(chunk)

    def check(self) -> None:
        """All have come. ChecksumError unless they are what the client meant to send."""
        found = self._crc.to_bytes(4) if self._digest is None else self._digest.digest()
        if found != self._expected:
            raise ChecksumError(f"the {self._algorithm} of the bytes is another one")


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """What the body of this request has to come to. RequestError."""
    said = headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _, value = said.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise RequestError(f"found a checksum of {algorithm[:40]!r}, expected {', '.join(ALGORITHMS)}")
    try:
        expected = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError("the value of Upload-Checksum is not base64") from error
    return Checksum(algorithm, expected)


@dataclass(frozen=True, slots=True)
class Concat:
    """Upload-Concat: a part of something, or the parts that a whole is put together from, by their ids."""

    parts: tuple[str, ...]
    """() = it is a part itself."""


def concat(headers: Mapping[str, str]) -> Concat | None:
    """None for an upload that has nothing to do with others. RequestError."""
    said = headers.get("Upload-Concat")
    if said is None:
        return None
    if said.strip() == "partial":
        return Concat(())
    kind, _, urls = said.partition(";")
    if kind.strip() != "final" or not urls.split():
        raise RequestError("found an Upload-Concat that is neither partial nor final;, and addresses of uploads")
    parts = tuple(_id_of(url) for url in urls.split())
    if len(set(parts)) < len(parts):
        raise RequestError("Upload-Concat names an upload twice")
    return Concat(parts)


def _id_of(url: str) -> str:
    """The upload of an absolute or relative address. RequestError."""
    try:
        found = _UPLOAD.fullmatch(unquote(urlsplit(url).path))
    except ValueError:
        found = None
    if found is None:
        raise RequestError(f"found {url[:200]!r} in Upload-Concat, expected the address of an upload")
    return found[1]


def http_date(moment: int) -> str:
    """Milliseconds since 1970 as Upload-Expires has them."""
    return formatdate(moment / 1000, usegmt=True)
