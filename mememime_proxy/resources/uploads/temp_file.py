"""Originals while they are verified: in memory while they are small, else in temporary files on the disk, unnamed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from mememime_proxy.errors import SettingsError
from mememime_proxy.memfd import memfd, write_all
from mememime_proxy.memory_budget import MemoryBudget, Permit, Use
from mememime_proxy.storage.local.os_errors import translate_os_error
from mememime_proxy.storage.protocol import CHUNK

T = TypeVar("T")
_IN_MEMORY: Final = 1 << 20
"""Bytes up to which an upload stays in memory."""
_THREADS: Final = 4
_BUFFERS: Final = 2 * _IN_MEMORY
"""Bytes of memory for each file: while some are written, the next ones come in."""


class TempFiles:
    """Makes temporary files; started and closed with the service."""

    def __init__(self, folder: str, budget: MemoryBudget) -> None:
        """``folder``: '' = the system's folder for temporary files."""
        self._folder = folder or tempfile.gettempdir()
        self._budget = budget

    async def start(self) -> None:
        """Begin; SettingsError where the folder cannot be used."""
        self._threads = ThreadPoolExecutor(_THREADS, "temp-file")
        try:
            os.close(await self.in_thread(self.create))
        except OSError as error:
            await self.close()
            raise SettingsError(
                f"MEMEMIME_SPOOL_PATH: found {self._folder!r}, expected a folder to write to ({error.strerror})"
            ) from error

    async def close(self) -> None:
        """Wait for writes under way."""
        await asyncio.to_thread(self._threads.shutdown)

    def new(self) -> TempFile:
        """Return a file for one upload; to be used with ``async with``. MemoryBudgetError."""
        return TempFile(self, self._budget.reserve(_BUFFERS, Use.UPLOADS))

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a function that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def create(self) -> int:
        """Return a descriptor of a file on the disk; without a name, it is gone with the process in any case."""
        return os.open(self._folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)


class TempFile:
    """One upload's bytes and their SHA-256. StorageFullError where no room is left, StorageError for a broken disk."""

    def __init__(self, temp_files: TempFiles, permit: Permit) -> None:
        self._temp_files = temp_files
        self._permit = permit
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self.descriptor = -1
        """The open file, for a worker; there after ``finish``, and closed with this object."""
        self._writing: asyncio.Future[None] | None = None
        self.size = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writing is not None:
            # The writer may be cancelled; a descriptor that is closed under a write soon belongs to another file.
            await asyncio.shield(asyncio.wait({self._writing}))
        if self.descriptor >= 0:
            # The disk takes a while to free the blocks of a large file.
            descriptor, self.descriptor = self.descriptor, -1
            await asyncio.shield(self._temp_files.in_thread(os.close, descriptor))
        self._permit.release()

    async def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self.size += len(chunk)
        self._buffer += chunk
        if len(self._buffer) >= _IN_MEMORY:
            await self._flush()

    async def _flush(self) -> None:
        buffer, self._buffer = self._buffer, bytearray()
        try:
            self._writing = asyncio.ensure_future(self._temp_files.in_thread(self._put, buffer))
            await asyncio.shield(self._writing)
        except OSError as error:
            raise translate_os_error(error, writing=True) from error

    def _put(self, buffer: bytearray) -> None:
        self._digest.update(buffer)
        if self.descriptor < 0:
            self.descriptor = self._temp_files.create()
        write_all(self.descriptor, buffer)

    async def finish(self) -> str:
        """Return the SHA-256 of all that was written. From now on ``descriptor`` can be read."""
        if self.descriptor >= 0:
            if self._buffer:
                await self._flush()
            return self._digest.hexdigest()
        self._digest.update(self._buffer)
        try:
            self.descriptor = memfd("upload", self._buffer)
        except OSError as error:
            raise translate_os_error(error, writing=True) from error
        self._buffer = bytearray()
        return self._digest.hexdigest()

    def content(self) -> AsyncIterator[bytes]:
        """See ``UploadedOriginal``."""
        return self.chunks()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes, to be stored."""
        start = 0
        while start < self.size:
            chunk = await self.read(start, CHUNK)
            start += len(chunk)
            yield chunk

    async def read(self, start: int, size: int) -> bytes:
        """Return at most ``size`` bytes from ``start``, and at least one."""
        try:
            chunk = await self._temp_files.in_thread(os.pread, self.descriptor, size, start)
        except OSError as error:
            raise translate_os_error(error) from error
        if not chunk:
            raise translate_os_error(OSError(errno.EIO, "a file ended early"))
        return chunk


class UploadedOriginal(Protocol):
    """What ``Ingest`` verifies and stores; ``TempFile`` is another one."""

    size: int

    @property
    def descriptor(self) -> int:
        """The open file, for a worker."""
        ...

    def content(self) -> bytes | AsyncIterator[bytes]:
        """Return the bytes, to be stored."""
        ...


class MemoryOriginal:
    """An original in memory. Its file is there from the first use until ``close``, or the end of a ``with`` block."""

    def __init__(self, body: bytes) -> None:
        self.size = len(body)
        self._body = body
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    @property
    def descriptor(self) -> int:
        """See ``UploadedOriginal``. StorageFullError where no memory is left for the file."""
        if self._descriptor < 0:
            try:
                self._descriptor = memfd("upload", self._body)
            except OSError as error:
                raise translate_os_error(error, writing=True) from error
        return self._descriptor

    def content(self) -> bytes:
        """See ``UploadedOriginal``."""
        return self._body
