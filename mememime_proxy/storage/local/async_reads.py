"""Asynchronous reads of files that never block the event loop on a disk."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mememime_proxy.storage.protocol import CHUNK

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
