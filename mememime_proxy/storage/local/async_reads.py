"""Reading files piece by piece without ever waiting for a disk on the event loop."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mememime_proxy.storage.protocol import CHUNK

_WITHOUT: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""What file systems say that cannot tell what they have in memory."""


class Reads:
    """At once where the kernel has the bytes in memory (RWF_NOWAIT), else from one of ``threads``.

    A thread costs more than the reading.
    """

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._at_once = True
        self._buffer = memoryview(bytearray(CHUNK))  # one for all: nobody else runs while it is filled and copied

    async def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """At most ``size`` bytes at ``offset``, none at the file's end; others have had a turn. OSError."""
        if self._at_once:
            try:
                count = os.preadv(descriptor, (self._buffer[:size],), offset, os.RWF_NOWAIT)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno not in _WITHOUT:
                    raise
                self._at_once = False
            else:
                found = bytes(self._buffer[:count])
                await asyncio.sleep(0)
                return found
        return await asyncio.get_running_loop().run_in_executor(self._threads, os.pread, descriptor, size, offset)
