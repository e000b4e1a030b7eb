"""An open file as the body of an object, read without blocking the event loop on a disk."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from types import TracebackType
from typing import Final, Self

from mememime_proxy.errors import RangeNotSatisfiableError, StorageError
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.local.os_errors import translate_os_error
from mememime_proxy.storage.protocol import CHUNK, ObjectInfo

_UNSUPPORTED: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Error numbers of file systems that do not support RWF_NOWAIT."""


class AsyncFileReader:
    """Reads at once what the page cache has (RWF_NOWAIT), else in one of ``threads``.

    A switch to a thread costs more than the read itself.
    """

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._supports_nowait = True
        self._buffer = memoryview(bytearray(CHUNK))  # shared: nothing else runs between the read and the copy

    async def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Return at most ``size`` bytes at ``offset``, b"" at the end of the file. Other tasks run in between.

        Raises OSError.
        """
        if self._supports_nowait:
            try:
                count = os.preadv(descriptor, (self._buffer[:size],), offset, os.RWF_NOWAIT)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
                self._supports_nowait = False
            else:
                chunk = bytes(self._buffer[:count])
                await asyncio.sleep(0)
                return chunk
        return await asyncio.get_running_loop().run_in_executor(self._threads, os.pread, descriptor, size, offset)


def file_etag(status: os.stat_result) -> str:
    """Return a strong entity tag of a file's state."""
    # Every write makes a new inode; size and time tell edits by other programs apart.
    return f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'


def file_info(key: str, status: os.stat_result, content_type: str) -> ObjectInfo:
    """Return what is known of the object ``key``, whose file has this status."""
    return ObjectInfo(
        key=key,
        size=status.st_size,
        etag=file_etag(status),
        last_modified=formatdate(int(status.st_mtime), usegmt=True),
        content_type=content_type,
    )


class FileBody:
    """An open file as an ``ObjectBody``, read chunk by chunk on demand."""

    def __init__(self, descriptor: int, info: ObjectInfo, reader: AsyncFileReader) -> None:
        self.info = info
        self.start, self.end = 0, info.size
        self._descriptor = descriptor
        self._reader = reader

    def select(self, byte_range: ByteRange | None) -> Self:
        """Restrict the body to ``byte_range``; close it where it has no byte of it (RangeNotSatisfiableError)."""
        if byte_range is not None:
            try:
                self.start, self.end = byte_range.resolve(self.info.size)
            except RangeNotSatisfiableError:
                self.close()
                raise
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        position = self.start
        while position < self.end:
            try:
                chunk = await self._reader.read(self._descriptor, min(CHUNK, self.end - position), position)
            except OSError as error:
                raise translate_os_error(error) from error
            if not chunk:
                raise StorageError("the file was truncated during the read")
            position += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # A thread may have opened it after the task was cancelled.
        self.close()
