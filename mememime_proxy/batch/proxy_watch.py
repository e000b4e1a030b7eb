"""Gives way to a proxy on the same machine: while renders wait there, a batch begins none."""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Final, Self

import aiohttp

from mememime_proxy.service.logs import limited_logger

_INTERVAL: Final = 0.25
"""Seconds between two looks: a proxy answers each in some milliseconds."""
_CALM_LOOKS: Final = 4
"""Looks in a row without a queue, after which a batch goes on: between two requests of a loaded proxy there is none."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
_QUEUE: Final = re.compile(rb"^(?:\w+_)?render_queue_length ([0-9.e+]+)$", re.MULTILINE)


class ProxyWatch:
    """Reads the metrics of a proxy, from ``async with`` on. A proxy that does not answer has no queue."""

    def __init__(self, url: str) -> None:
        """``url``: of the proxy's metrics; '' = there is no proxy."""
        self._url = url
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._log = limited_logger("error")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._url:
            self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def wait(self) -> None:
        """Return when no render waits at the proxy."""
        await self._is_calm.wait()

    async def _look(self) -> None:
        looks = 0
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                waiting = await self._queue_length(session)
                looks = 0 if waiting else looks + 1
                if waiting:
                    self._is_calm.clear()
                elif looks >= _CALM_LOOKS:
                    self._is_calm.set()
                await asyncio.sleep(_INTERVAL)

    async def _queue_length(self, session: aiohttp.ClientSession) -> float:
        try:
            async with session.get(self._url) as response:
                found = _QUEUE.search(await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._log.warning("batch.proxy_unanswered", url=self._url, error=type(error).__name__, detail=str(error))
            return 0.0
        return float(found[1]) if found else 0.0
