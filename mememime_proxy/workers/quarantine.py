"""Quarantine of originals that end workers, so that no worker is lost for them each time.

An original is known by its bytes, whatever its URL. To know it again costs nothing where no original of its size is
known, and a digest where one is.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

STRIKES: Final = 2
"""Workers lost within ``PERIOD`` after which the original is refused."""
PERIOD: Final = 600.0
"""Seconds, counted from the last loss."""
_MAX_ORIGINALS: Final = 4096
"""Originals that are known at most; the one that was seen first is dropped first."""
_MAX_SOURCES: Final = 8
"""URLs of an original that are known."""
_SMALL: Final = 1 << 20
"""Bytes up to which a digest is calculated on the event loop (a millisecond)."""
_MAX_DIGESTED: Final = 64 << 20
_BLOCK: Final = 1 << 20

Content = tuple[int, bytes]
"""Size and digest of an original."""


@dataclass(slots=True)
class _Entry:
    expires: float
    strikes: int = 0
    is_escalated: bool = False
    sources: set[str] = field(default_factory=set)


class Quarantine:
    """Counts the workers that were lost with an original: by a crash, at a deadline, over its CPU time or memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Content, _Entry] = OrderedDict()
        self._sizes: Counter[int] = Counter()

    def __len__(self) -> int:
        """How many originals are refused now."""
        self._expire()
        return sum(entry.strikes >= STRIKES for entry in self._entries.values())

    async def find(self, descriptor: int, size: int, identity: bytes = b"") -> Content | None:
        """Return the content of a file if it is known. OSError where it cannot be read.

        ``identity``: what stands for its bytes, where the file does not have all of them.
        """
        if identity or size <= _SMALL or size not in self._sizes:
            return self.find_now(descriptor, size, identity)
        content = (size, await asyncio.shield(_digest_in_thread(descriptor, size)))
        return content if content in self._entries else None

    def find_now(self, descriptor: int, size: int, identity: bytes = b"") -> Content | None:
        """Return the content of a file if it is known, and if finding that out does not take long. OSError."""
        if size not in self._sizes or (size > _SMALL and not identity):
            return None
        content = (size, identity or _digest(descriptor, size))
        return content if content in self._entries else None

    def record(
        self, descriptor: int, size: int, source: str, *, escalates: bool = False, identity: bytes = b""
    ) -> None:
        """Count a worker that was lost with this original, which came from the URL ``source``; a large one a bit later.

        ``escalates``: it has only taken more than a small job may.
        """
        with contextlib.suppress(OSError):
            if identity or size <= _SMALL:
                self._note((size, identity or _digest(descriptor, size)), source, escalates=escalates)
                return
            digest = _digest_in_thread(descriptor, size)
            digest.add_done_callback(lambda done: self._note((size, done.result()), source, escalates=escalates))

    def contains(self, content: Content | None) -> bool:
        """Whether this original is refused."""
        entry = self._find(content) if content is not None else None
        return entry is not None and entry.strikes >= STRIKES

    def is_escalated(self, content: Content | None) -> bool:
        """Whether this original has taken more than a small job may."""
        entry = self._find(content) if content is not None else None
        return entry is not None and entry.is_escalated

    def forgive(self, source: str) -> int:
        """Forget the originals that came from the URL ``source``; return how many."""
        contents = [content for content, entry in self._entries.items() if source in entry.sources]
        for content in contents:
            self._remove(content)
        return len(contents)

    def _find(self, content: Content) -> _Entry | None:
        entry = self._entries.get(content)
        return entry if entry is not None and entry.expires > self._clock() else None

    def _note(self, content: Content, source: str, *, escalates: bool) -> None:
        self._expire()
        entry = self._entries.pop(content, None)
        if entry is None:
            entry = _Entry(0.0)
            self._sizes[content[0]] += 1
        entry.is_escalated |= escalates
        entry.strikes += not escalates
        entry.expires = self._clock() + PERIOD
        if len(entry.sources) < _MAX_SOURCES:
            entry.sources.add(source)
        self._entries[content] = entry
        while len(self._entries) > _MAX_ORIGINALS:
            self._remove(next(iter(self._entries)))

    def _expire(self) -> None:
        """Forget what has expired: the entries are in the order of their last loss."""
        while self._entries:
            content, entry = next(iter(self._entries.items()))
            if entry.expires > self._clock():
                return
            self._remove(content)

    def _remove(self, content: Content) -> None:
        del self._entries[content]
        self._sizes[content[0]] -= 1
        if not self._sizes[content[0]]:
            del self._sizes[content[0]]


def file_identity(descriptor: int) -> bytes:
    """Return what stands for the bytes of a large file of this machine, which has a name; b"" = their digest. OSError.

    A film of hours would be read whole for its digest, by each request while one of its size is known.
    """
    status = os.fstat(descriptor)
    if status.st_size <= _MAX_DIGESTED or not status.st_nlink:
        return b""
    return f"{status.st_dev} {status.st_ino} {status.st_mtime_ns}".encode()


def _digest_in_thread(descriptor: int, size: int) -> asyncio.Future[bytes]:
    """Return the digest to come. The thread has a descriptor of its own: the caller may close his before. OSError."""
    return asyncio.get_running_loop().run_in_executor(None, _digest_and_close, os.dup(descriptor), size)


def _digest(descriptor: int, size: int) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    at = 0
    while at < size and (block := os.pread(descriptor, min(_BLOCK, size - at), at)):
        digest.update(block)
        at += len(block)
    return digest.digest()


def _digest_and_close(descriptor: int, size: int) -> bytes:
    try:
        return _digest(descriptor, size)
    finally:
        os.close(descriptor)
