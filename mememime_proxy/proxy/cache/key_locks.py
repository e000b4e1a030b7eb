"""One process of this machine at a time for one key: locks that the kernel takes back from whoever dies."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
from types import TracebackType
from typing import Self

_FIRST, _LONGEST = 0.002, 0.025
"""Seconds between two tries. A system call that waits would need a thread for each waiter, which nothing can end at a
deadline; a try costs two microseconds."""
_BUSY = {errno.EAGAIN, errno.EACCES}


class Lock:
    """A lock that is held; a context manager. ``release`` may be called by anybody, any number of times."""

    def __init__(self, locks: Locks, offset: int) -> None:
        self._locks = locks
        self._offset = offset

    def release(self) -> None:
        """Lets the next one in."""
        offset, self._offset = self._offset, -1
        if offset >= 0:
            self._locks._free(offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Locks:
    """Each key is one byte, far out in a file that stays empty: nothing is left behind, however many keys there are."""

    def __init__(self, path: str) -> None:
        """``path``: the file, the same for all processes; created where it is missing. Raises OSError."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
        # Locks belong to the open file, so to the whole process: within it, this tells them apart.
        self._held: set[int] = set()

    def close(self) -> None:
        """Releases everything."""
        os.close(self._descriptor)
        self._descriptor = -1

    def take(self, key: bytes) -> Lock | None:
        """The lock of ``key`` (8 bytes or more), if nobody has it. OSError where the file system has no locks."""
        offset = int.from_bytes(key[:8]) >> 1
        if offset in self._held:
            return None
        try:
            self._set(fcntl.F_WRLCK, offset)
        except OSError as error:
            if error.errno in _BUSY:
                return None
            raise
        self._held.add(offset)
        return Lock(self, offset)

    async def acquire(self, key: bytes) -> Lock:
        """The lock of ``key``, as soon as nobody else has it."""
        pause = _FIRST
        while (lock := self.take(key)) is None:
            await asyncio.sleep(pause)
            pause = min(_LONGEST, 1.5 * pause)
        return lock

    def _free(self, offset: int) -> None:
        self._held.discard(offset)
        if self._descriptor >= 0:
            self._set(fcntl.F_UNLCK, offset)

    def _set(self, kind: int, offset: int) -> None:
        # struct flock of fcntl(2): type, whence, start, length, process (0 for locks of open files), padding
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi0q", kind, os.SEEK_SET, offset, 1, 0))
