"""A task that works in the background from the start of the service to its end."""

from __future__ import annotations

import asyncio
import contextlib


class BackgroundTask:
    """``start`` begins ``_work``, which goes on until ``close``."""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Cancel what is under way, and wait for its end."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _work(self) -> None:
        raise NotImplementedError
