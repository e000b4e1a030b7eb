"""An original and the state of its source."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Protocol, Self

from mememime_proxy.memory_budget import Permit

CHUNK = 1 << 18
"""Largest number of bytes in one chunk of a stream."""


_DATE_MARK = "@"
"""Stands before a Last-Modified date that is used as a validator; an entity tag starts with a quote or W/."""
_DIGEST_MARK = "#"
"""Stands before the digest of an original whose source sends no validator."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """One state of a source."""

    validator: str = ""
    """Its entity tag, or ``@`` and its Last-Modified date, or ``#`` and a digest of its bytes; '' = unknown."""
    last_modified: str = ""
    """An HTTP date; '' = unknown."""
    cache_headers: Mapping[str, str] = field(default_factory=dict)
    """``Cache-Control`` and ``Expires``, where the source sends them."""
    stale: bool = False
    """The source was in this state; at present it cannot be asked."""

    @classmethod
    def of(cls, etag: str = "", last_modified: str = "", cache_control: str = "", expires: str = "") -> SourceState:
        """Return the state that these header values describe; '' = the source does not send the header."""
        headers = {"Cache-Control": cache_control, "Expires": expires}
        fields = {name: value for name, value in headers.items() if value}
        return cls(etag or date_validator(last_modified), last_modified, fields)

    def updated_by(self, answer: SourceState) -> SourceState:
        """Return this state after a 304, ``answer``: its headers replace those of this state, others hold.

        RFC 9111 3.2 and 4.3.4.
        """
        cache_headers = {**self.cache_headers, **answer.cache_headers}
        last_modified = answer.last_modified or self.last_modified
        if (last_modified, cache_headers, answer.stale) == (self.last_modified, self.cache_headers, self.stale):
            return self
        return replace(self, last_modified=last_modified, cache_headers=cache_headers, stale=answer.stale)


def date_validator(last_modified: str) -> str:
    """Return a Last-Modified date as a validator; '' for ''."""
    return _DATE_MARK + last_modified if last_modified else ""


def digest_validator(digest: str) -> str:
    """Return a digest of an original's bytes as a validator, for a source that sends none."""
    return _DIGEST_MARK + digest


def is_conditional(validator: str) -> bool:
    """Whether a source, or a client, can use ``validator`` in a conditional request."""
    return bool(validator) and not validator.startswith(_DIGEST_MARK)


def names_same_state(validator: str, held: str) -> bool:
    """Return whether the validator of a 304 may be about the state ``held``: equal, by dates or by nothing at all.

    Entity tags are compared weakly (RFC 9110 8.8.3.2). An entity tag that some servers lengthen for a content coding
    (``"x-gzip"``) is another one.
    """
    if not validator or not held or validator.startswith(_DATE_MARK) or held.startswith(_DATE_MARK):
        return True
    return validator.removeprefix("W/") == held.removeprefix("W/")


def request_conditions(validator: str) -> tuple[str, str]:
    """Return ``validator`` as values of If-None-Match and If-Modified-Since; '' = no such condition."""
    if not is_conditional(validator):
        return "", ""
    if validator.startswith(_DATE_MARK):
        return "", validator.removeprefix(_DATE_MARK)
    return validator, ""


class FilmReading(Protocol):
    """Reads more bytes of a film into its descriptor."""

    identity: bytes
    """Equal for two originals that have the same bytes."""

    @property
    def received(self) -> int:
        """Bytes that were read from the source."""
        ...

    async def fill(self, offset: int, length: int) -> None:
        """Return when the bytes from ``offset`` on are there. Raises the errors of sources and MemoryBudgetError."""
        ...

    def close(self) -> None:
        """Let go of the bytes."""
        ...


@dataclass(slots=True)
class Original:
    """The bytes of an original as a descriptor that reads from 0; a context manager that closes it."""

    fd: int
    size: int
    state: SourceState = SourceState()
    content_type: str = ""
    focus: tuple[float, float] | None = None
    """Point that stays in view, where the source knows one: shares of width and height of the upright picture."""
    preset: str = ""
    """Default options of the source."""
    permit: Permit | None = field(default=None, repr=False, compare=False)
    """For the memory of the descriptor, released with it; None = a file, which the kernel reads as it needs it."""
    head: int = 0
    """Number of its first bytes that are in the descriptor; 0 = all of them."""
    film: FilmReading | None = field(default=None, repr=False, compare=False)
    """Of a film whose bytes are not all in the descriptor."""
    film_facts: Callable[[], Awaitable[bytes]] | None = field(default=None, repr=False, compare=False)
    """Returns what the source knows of a film or sound, for the workers that read them; None = it knows of none."""

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            os.close(descriptor)
        if self.film is not None:
            self.film.close()
        if self.permit is not None:
            self.permit.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # A thread may have opened it after the task was cancelled.
        self.close()


class Stream(Protocol):
    """An original, or a range of it: headers first, then chunks. Close it with ``async with``."""

    status: int
    headers: Mapping[str, str]
    permit: Permit | None
    """For the memory of its buffers, released with the last reference to the stream."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
