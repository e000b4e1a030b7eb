"""An original as it was fetched: a file descriptor and what its source said about it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from mememime_proxy.errors import SourceTooLargeError

CHUNK = 1 << 18
"""Bytes that a stream hands on at a time."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Validators that the asking side holds, in the source's own words; '' = none."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of an original from another."""

    etag: str = ""
    last_modified: str = ""
    stale: bool = False
    """It was so; at present nobody can be asked."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """The original is still the one that the conditions named."""

    etag: str = ""
    last_modified: str = ""
    cache_control: str = ""
    expires: str = ""
    stale: bool = False
    """As in Validators."""


@dataclass(slots=True)
class Original:
    """The bytes of an original as a descriptor that reads from 0; a context manager that closes it."""

    fd: int
    size: int
    etag: str = ""
    last_modified: str = ""
    cache_control: str = ""
    expires: str = ""
    content_type: str = ""
    fingerprint: str = ""
    """Stands for these bytes: equal for the same state of the same source."""
    stale: bool = False
    """As in Validators."""
    focus: tuple[float, float] | None = None
    """What is to stay in view, where that is known with the source: shares of width and height, seen upright."""
    preset: str = ""
    """Options that are kept with the source, for whoever names none."""

    def close(self) -> None:
        """Closes the descriptor, once."""
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # One that was opened for somebody who is gone: cancelled while a thread opened it, for example.
        self.close()


class Stream(Protocol):
    """An original, or a range of it, on its way through: headers first, then chunks. Close it by ``async with``."""

    status: int
    headers: Mapping[str, str]

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(slots=True)
class Inflow:
    """Counts bytes on their way into a descriptor and refuses those past ``limit`` (0 = none)."""

    fd: int
    limit: int
    size: int = field(default=0)

    def fits(self, more: int) -> bool:
        """Whether ``more`` bytes may still come."""
        return not self.limit or self.size + more <= self.limit

    def write(self, chunk: bytes) -> None:
        """Append ``chunk``."""
        view = memoryview(chunk)
        while view:
            written = os.write(self.fd, view)
            self.size += written
            view = view[written:]

    async def take(self, chunks: AsyncIterator[bytes]) -> None:
        """All of ``chunks``; SourceTooLargeError past the limit."""
        async for chunk in chunks:
            if not self.fits(len(chunk)):
                raise SourceTooLargeError(f"the original has more than {self.limit} bytes")
            self.write(chunk)
