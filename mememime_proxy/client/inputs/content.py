"""The content of one file to upload: local or in a storage, readable from any offset, any number of times."""

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
"""Bytes that are read at a time."""
_HEAD_SIZE = 1 << 20


class FileContent(Protocol):
    """The content of a file. All methods raise FileError where it cannot be read or has changed since it was opened."""

    size: int
    stamp: str
    """A text that differs for another state of the file."""

    async def digest(self) -> str:
        """Return the SHA-256 of all bytes, in hexadecimal."""
        ...

    def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """Iterate over the bytes from ``start`` to before ``end``."""
        ...

    def head(self) -> contextlib.AbstractAsyncContextManager[BinaryIO]:
        """Open a file with the first bytes of this one, enough for metadata; to be read in a thread."""
        ...


class LocalFile:
    """A local file."""

    def __init__(self, path: Path) -> None:
        """Raise FileError unless ``path`` is a regular file."""
        self.path = path
        with _file_errors(path):
            facts = path.stat()
        if not path.is_file():
            raise FileError("found a folder, a FIFO, a socket or a device, expected a file")
        self.size = facts.st_size
        self.stamp = _stamp(facts)

    async def digest(self) -> str:
        """See ``FileContent``."""
        return await asyncio.to_thread(self._digest)

    def _digest(self) -> str:
        with _file_errors(self.path), self._open() as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._check(file)
            return digest

    async def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``FileContent``."""
        with _file_errors(self.path):
            file = self._open()  # not in a thread: a cancelled task would never close it
        with file:
            while start < end:
                with _file_errors(self.path):
                    chunk = await asyncio.to_thread(os.pread, file.fileno(), min(CHUNK, end - start), start)
                if not chunk:
                    raise FileError("the file was truncated while it was read")
                start += len(chunk)
                yield chunk

    @contextlib.asynccontextmanager
    async def head(self) -> AsyncIterator[BinaryIO]:
        """See ``FileContent``."""
        with _file_errors(self.path):
            file = self._open()
        with io.BufferedReader(file) as buffered:
            yield buffered

    def _open(self) -> io.FileIO:
        # Not blocking: a FIFO that took the file's place since then would wait for a writer.
        file = io.FileIO(self.path, opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK))
        try:
            self._check(file)
        except BaseException:
            file.close()
            raise
        return file

    def _check(self, file: io.FileIO) -> None:
        if _stamp(os.fstat(file.fileno())) != self.stamp:
            raise FileError("the file was changed while it was uploaded")


class StoredObject:
    """An object in a storage."""

    def __init__(self, reader: Reader, key: str, size: int, etag: str) -> None:
        self._reader, self._key, self.size, self.stamp = reader, key, size, f"{size}-{etag}"
        self._etag = etag

    async def digest(self) -> str:
        """See ``FileContent``."""
        digest = hashlib.sha256()
        async for chunk in self.chunks(0, self.size):
            digest.update(chunk)
        return digest.hexdigest()

    async def chunks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``FileContent``."""
        if start >= end:
            return
        try:
            async with await self._reader.open(self._key, byte_range=ByteRange(start, end - 1)) as body:
                if body.info.etag != self._etag or body.info.size != self.size:
                    raise FileError("the object was changed while it was uploaded")
                async for chunk in body:
                    yield chunk
        except StorageError as error:
            raise FileError(error.detail) from error

    @contextlib.asynccontextmanager
    async def head(self) -> AsyncIterator[BinaryIO]:
        """See ``FileContent``."""
        start = bytearray()
        async for chunk in self.chunks(0, min(_HEAD_SIZE, self.size)):
            start += chunk
        yield io.BytesIO(start)


def _stamp(facts: os.stat_result) -> str:
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"


@contextlib.contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(error.strerror or f"{path} cannot be read") from error
