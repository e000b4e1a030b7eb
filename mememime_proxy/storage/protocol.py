"""Storage Protocol: objects by key in one bucket, container or folder, for readers and writers.

What every storage does stands here. What only some can do is a Protocol of its own (``presigning``). The tests in
``tests/storage/test_contract.py`` run against each implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from mememime_proxy.service.ranges import ByteRange

CHUNK = 1 << 18
"""Largest number of bytes in one chunk of a body."""
TIMEOUT = 30.0
"""Default seconds until the first byte of an object, retries included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One state of one object. Texts have the form of HTTP header values; '' means that the storage does not say."""

    key: str
    size: int
    """Bytes of the complete object."""
    etag: str = ""
    """Strong entity tag in quotes: equal for two reads exactly when the bytes are."""
    last_modified: str = ""
    """An HTTP date (RFC 9110 5.6.7)."""
    content_type: str = ""
    content_encoding: str = ""
    cache_control: str = ""
    expires: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class UnchangedObject:
    """Result of a conditional read whose condition is false: the reader has the present state (304 in HTTP)."""

    info: ObjectInfo
    """Size 0 where the storage does not send it with this answer."""


class ObjectBody(Protocol):
    """Bytes of an object, or of a range of it. Close it with ``async with``: unread bytes are not transferred."""

    info: ObjectInfo
    start: int
    """Offset of the first byte."""
    end: int
    """Offset after the last byte. An iteration that ends without an error has yielded ``end - start`` bytes."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Reader(Protocol):
    """Reads objects of one bucket, container or folder.

    Each method raises ObjectNotFoundError, StorageDeniedError, StorageUnavailableError or StorageTimeoutError. A body
    that ends early or does not match its checksum raises StorageError during the iteration. A storage without versions
    raises ObjectNotFoundError for every ``version``.
    """

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """Return what is known of the object, without its bytes."""
        ...

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - until the first byte, retries included
    ) -> ObjectBody:
        """Open the object for reading; the first byte arrives within ``timeout`` seconds.

        All bytes are of one state, also where the object is replaced meanwhile. RangeNotSatisfiableError for a range
        that is empty or begins after the object's end.
        """
        ...

    async def open_if(
        self,
        key: str,
        *,
        if_none_match: str = "",
        if_modified_since: str = "",
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``open``
    ) -> ObjectBody | UnchangedObject:
        """Open the object unless the reader has its present state (RFC 9110 13.1.2, 13.1.3).

        ``if_modified_since`` is ignored where ``if_none_match`` is set, or where it is no date. An empty condition is
        none.
        """
        ...


class Writer(Protocol):
    """Writes objects of one bucket, container or folder.

    An object becomes visible only when it is complete, for all readers at once, and survives a crash from then on. A
    write that fails or is cancelled leaves nothing visible. Each method raises StorageDeniedError,
    StorageUnavailableError, StorageTimeoutError or StorageFullError.
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
        """Store ``body`` and return the object's new state.

        ``if_absent``: only where no object has this key. ``if_match``: only over the state with this entity tag.
        PreconditionFailedError where the condition is false; nothing is changed then.
        """
        ...

    async def delete(self, key: str) -> None:
        """Delete the object; a missing object is no error."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield each object whose key begins with ``prefix``, in order of the keys' bytes."""
        ...


class Storage(Reader, Writer, Protocol):
    """A reader and writer that is opened and closed."""

    async def start(self) -> None:
        """Open sessions; no request is sent yet."""
        ...

    async def close(self) -> None:
        """Close the sessions."""
        ...
