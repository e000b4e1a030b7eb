"""The bytes of one file to upload, wherever they are: to be hashed, and sent from any offset, as often as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from mememime_proxy.client.errors import FileError
from mememime_proxy.errors import StorageError
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.protocol import Reader

CHUNK = 1 << 18
"""Bytes that are held of a file at a time."""
_HEAD = 1 << 20


class Content(Protocol):
    """All methods raise FileError where the bytes cannot be had, or are not those any more that were found."""

    size: int
    stamp: str
    """Another text for another state of the file: what a journal remembers it by."""

    async def digest(self) -> str:
        """The SHA-256 of all bytes, in hexadecimal."""
        ...

    def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``end``."""
        ...

    def head(self) -> contextlib.AbstractAsyncContextManager[BinaryIO]:
        """A file that begins as this one does, as far as is needed for metadata. For a thread."""
        ...


class LocalFile:
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        """Raises FileError unless there is a file."""
        self.path = path
        with _told(path):
            facts = path.stat()
        if not path.is_file():
            raise FileError("not a file")
        self.size = facts.st_size
        self.stamp = _stamp(facts)

    async def digest(self) -> str:
        """See ``Content``."""
        return await asyncio.to_thread(self._digest)

    def _digest(self) -> str:
        with _told(self.path), self._open() as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            self._check(file)
            return found

    async def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``Content``."""
        with _told(self.path):
            file = self._open()  # not in a thread: who is cancelled meanwhile would never close it
        with file:
            while start < end:
                with _told(self.path):
                    chunk = await asyncio.to_thread(os.pread, file.fileno(), min(CHUNK, end - start), start)
                if not chunk:
                    raise FileError("the file became shorter")
                start += len(chunk)
                yield chunk

    @contextlib.asynccontextmanager
    async def head(self) -> AsyncIterator[BinaryIO]:
        """See ``Content``."""
        with _told(self.path):
            file = self._open()
        with io.BufferedReader(file) as buffered:
            yield buffered

    def _open(self) -> io.FileIO:
        file = io.FileIO(self.path)
        try:
            self._check(file)
        except BaseException:
            file.close()
            raise
        return file

    def _check(self, file: io.FileIO) -> None:
        if _stamp(os.fstat(file.fileno())) != self.stamp:
            raise FileError("the file changed meanwhile")


class StoredObject:
    """An object of a storage."""

    def __init__(self, reader: Reader, key: str, size: int, etag: str) -> None:
        self._reader, self._key, self.size, self.stamp = reader, key, size, f"{size}-{etag}"
        self._etag = etag

    async def digest(self) -> str:
        """See ``Content``."""
        found = hashlib.sha256()
        async for chunk in self.chunks(0, self.size):
            found.update(chunk)
        return found.hexdigest()

    async def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``Content``."""
        if start >= end:
            return
        try:
            async with await self._reader.open(self._key, byte_range=ByteRange(start, end - 1)) as body:
                if body.info.etag != self._etag or body.info.size != self.size:
                    raise FileError("the object changed meanwhile")
                async for chunk in body:
                    yield chunk
        except StorageError as error:
            raise FileError(error.detail) from error

    @contextlib.asynccontextmanager
    async def head(self) -> AsyncIterator[BinaryIO]:
        """See ``Content``."""
        start = bytearray()
        async for chunk in self.chunks(0, min(_HEAD, self.size)):
            start += chunk
        yield io.BytesIO(start)


def _stamp(facts: os.stat_result) -> str:
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(error.strerror or f"{path} cannot be read") from error
