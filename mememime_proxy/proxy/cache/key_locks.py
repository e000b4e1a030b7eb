"""Locks by key among the processes of one machine. The kernel releases the locks of a process that ends."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
from types import TracebackType
from typing import Self

_FIRST_PAUSE, _MAX_PAUSE = 0.002, 0.025
"""Seconds between two attempts. A system call that waits would need a thread for each waiter, which nothing can end at
a deadline; an attempt costs two microseconds."""
_LOCK_CONFLICTS = {errno.EAGAIN, errno.EACCES}


class KeyLock:
    """A lock that is held; a context manager."""

    def __init__(self, locks: KeyLocks, offset: int) -> None:
        self._locks = locks
        self._offset = offset

    def release(self) -> None:
        """Release the lock, once; further calls have no effect."""
        offset, self._offset = self._offset, -1
        if offset >= 0:
            self._locks._release(offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class KeyLocks:
    """Each key is one byte, far out in a file that stays empty, so that no number of keys leaves anything on disk."""

    def __init__(self, path: str) -> None:
        """``path``: the file, the same for all processes; created where it is missing. Raises OSError."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
        # A lock belongs to the open file, so to the whole process: this set keeps its tasks apart.
        self._locked_names: set[int] = set()

    def close(self) -> None:
        """Release all locks."""
        os.close(self._descriptor)
        self._descriptor = -1

    def try_acquire(self, key: bytes) -> KeyLock | None:
        """Acquire the lock of ``key`` (8 bytes or more) if it is free, else return None.

        OSError where the file system has no locks.
        """
        offset = int.from_bytes(key[:8]) >> 1
        if offset in self._locked_names:
            return None
        try:
            self._set(fcntl.F_WRLCK, offset)
        except OSError as error:
            if error.errno in _LOCK_CONFLICTS:
                return None
            raise
        self._locked_names.add(offset)
        return KeyLock(self, offset)

    async def acquire(self, key: bytes) -> KeyLock:
        """Wait until the lock of ``key`` is free, and acquire it. OSError as for ``try_acquire``."""
        pause = _FIRST_PAUSE
        while (lock := self.try_acquire(key)) is None:
            await asyncio.sleep(pause)
            pause = min(_MAX_PAUSE, 1.5 * pause)
        return lock

    def _release(self, offset: int) -> None:
        self._locked_names.discard(offset)
        if self._descriptor >= 0:
            self._set(fcntl.F_UNLCK, offset)

    def _set(self, kind: int, offset: int) -> None:
        # struct flock of fcntl(2): type, whence, start, length, process (0 for locks of open files), padding
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi0q", kind, os.SEEK_SET, offset, 1, 0))
