"""What every storage promises, to readers and to writers."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

CHUNK = 1 << 18
"""Bytes that a body hands on at a time, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One state of one object. Texts are as HTTP has them; '' = the storage does not say."""

    key: str
    size: int
    """Bytes of the whole object."""
    etag: str = ""
    """Strong and quoted: equal for two reads exactly when the bytes are."""
    last_modified: str = ""
    """An HTTP date (RFC 9110 5.6.7)."""
    content_type: str = ""
    content_encoding: str = ""
    cache_control: str = ""
    expires: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The object is still in the state that the reader named."""

    info: ObjectInfo


class ObjectBody(Protocol):
    """An object, or a span of it, on its way. Close it by ``async with``: what was not read is not fetched then."""

    info: ObjectInfo
    start: int
    """Offset of the first byte that comes."""
    end: int
    """Offset behind the last one; an iteration that ends without an error has brought ``end - start`` bytes."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``first`` to ``last``, both included, as a Range header counts them.

    ``last`` None: to the end. ``first`` None: the last ``last`` bytes.
    """

    first: int | None
    last: int | None


class Reader(Protocol):
    """Reads objects of one bucket, container or folder.

    All methods raise ObjectNotFoundError, StorageDeniedError, StorageUnavailableError and StorageTimeoutError; a body
    that ends early or does not match its checksum raises StorageError while it is read.
    """

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """What is known of the object, without its bytes."""
        ...

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        span: Span | None = None,
        if_none_match: str = "",
        if_modified_since: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 - until the first byte, retries included
    ) -> ObjectBody | Unchanged:
        """The object from its first byte within ``timeout`` seconds; all of one state, whoever writes meanwhile.

        RangeNotSatisfiableError for a span that begins behind the object's end. Conditions are those of RFC 9110, 13.1.
        """
        ...


class Writer(Protocol):
    """Writes objects of one bucket, container or folder.

    An object is visible only once it is whole, to every reader at once, and survives a crash from then on. What a
    failed or cancelled write leaves behind is never visible. All methods raise StorageDeniedError,
    StorageUnavailableError, StorageTimeoutError, StorageFullError.
    """

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Stores ``body`` and returns its new state.

        ``if_absent``: only where there is no such object. ``if_match``: only over the state with this entity tag.
        PreconditionFailedError where that does not hold; nothing is changed then.
        """
        ...

    async def delete(self, key: str) -> None:
        """The object is gone, whether it was there or not."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Every object whose key begins with ``prefix``, in order of keys, from as few requests as there can be."""
        ...


class Storage(Reader, Writer, Protocol):
    """Both ways, with a life of its own."""

    async def start(self) -> None:
        """Opens sessions; nothing is asked of anybody yet."""
        ...

    async def close(self) -> None:
        """Closes them."""
        ...
