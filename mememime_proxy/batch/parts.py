"""What the batches of one process share, opened when the first of them needs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mememime_proxy.batch.originals.opening import OpenUploads, open_uploads
from mememime_proxy.batch.pacing import give_way
from mememime_proxy.batch.rendering.renderer import BatchRenderer
from mememime_proxy.settings.settings import Settings

_SPARE: Final = 2
_LISTED: Final = 8
"""Originals of a chunk whose listings are asked for at a time."""


class BatchParts:
    """Opened by ``async with``; what was opened in it is closed at its end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._renderer: BatchRenderer | None = None
        self._uploads: OpenUploads | None = None
        self._lock = asyncio.Lock()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def uploads(self) -> OpenUploads:
        """Return what takes originals in. SettingsError, DatabaseError, WorkerError, StorageError."""
        async with self._lock:
            if self._uploads is None:
                give_way()
                self._uploads = await self._stack.enter_async_context(open_uploads(self.settings))
            return self._uploads

    async def renderer(self) -> BatchRenderer:
        """Return the open renderer. SettingsError, WorkerError, StorageError."""
        async with self._lock:
            if self._renderer is None:
                give_way()
                renderer = BatchRenderer(self.settings)
                self._renderer = await self._stack.enter_async_context(renderer.opened())
            return self._renderer

    def cpu_seconds(self) -> float:
        """Return the CPU time of this process and its workers up to now."""
        pids = [os.getpid()]
        if self._renderer is not None:
            pids += self._renderer.worker_pids()
        if self._uploads is not None:
            pool = self._uploads.parts.pool
            pids += (pool.zygote_pid, *pool.pids())
        return sum(map(_cpu_seconds, pids))


def width(settings: Settings) -> int:
    """Return how many originals a chunk works on at a time: while some are read, others are decoded."""
    return settings.worker_count + _SPARE


def listing_width(settings: Settings) -> int:
    """Return the same for commands that list what is there: that takes time, and two milliseconds of CPU."""
    return max(_LISTED, width(settings))


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of its children that have ended; 0.0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
