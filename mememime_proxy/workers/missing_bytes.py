"""Bytes of originals that jobs ask for while they run."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from mememime_proxy.errors import MememimeError, WorkerError
from mememime_proxy.workers import wire
from mememime_proxy.workers.parent.worker_process import Worker

_MOST: Final = 1 << 30
"""Bytes that a worker may ask for at once."""


class MissingBytes(Protocol):
    """The bytes of one original that are not all in its descriptor."""

    identity: bytes
    """Equal for two originals that have the same bytes."""

    async def fill(self, offset: int, length: int) -> None:
        """Return when these bytes are there. Raises the errors of sources and MemoryBudgetError."""
        ...


class JobBytes:
    """What one job asks for, one request at a time."""

    def __init__(self, missing: MissingBytes) -> None:
        self.identity = missing.identity
        self.error: MememimeError | None = None
        """Why bytes are not there. It is what the job fails with, whatever its worker makes of it."""
        self._missing = missing
        self._task: asyncio.Task[None] | None = None

    def request(self, worker: Worker, need: wire.Need) -> bool:
        """Begin to get the bytes, and answer the worker then; False where it must not ask for them."""
        is_busy = self._task is not None and not self._task.done()
        if is_busy or need.offset < 0 or not 0 < need.length <= _MOST:
            return False
        self._task = asyncio.get_running_loop().create_task(self._fill(worker, need))
        return True

    def cancel(self) -> None:
        """Ask the source for nothing more."""
        if self._task is not None:
            self._task.cancel()

    async def _fill(self, worker: Worker, need: wire.Need) -> None:
        try:
            await self._missing.fill(need.offset, need.length)
        except MememimeError as error:
            self.error = error
        except OSError as error:
            self.error = WorkerError(f"bytes of the original cannot be written: {error}")
        if self.error is None:
            worker.answer(wire.Have())
        else:
            worker.answer(wire.Have(self.error.code, self.error.detail[: wire.MAX_DETAIL]))
