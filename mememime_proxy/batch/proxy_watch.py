"""Gives way to a proxy on the same machine: while renders wait there, a batch begins none, and few while some run.

The least priority is not enough: what runs on other CPUs takes caches and memory from renders that somebody waits for.
"""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Final, NamedTuple, Self

import aiohttp

from mememime_proxy.service.logs import limited_logger

_INTERVAL: Final = 0.25
"""Seconds between two looks: a proxy answers each in some milliseconds."""
_CALM_LOOKS: Final = 4
"""Looks in a row at a proxy that renders nothing, after which a batch has the machine for itself: between two requests
of a loaded proxy there is none, too.
"""
_SHARE: Final = 2
"""Of the workers of a proxy that has something to do, a half of their number stays free beside those that are busy."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
_GAUGES: Final = re.compile(rb"^(?:\w+?_)?(render_queue_length|images_in_progress|workers) ([0-9.e+]+)$", re.MULTILINE)


class _Load(NamedTuple):
    """What a proxy does. One that does not answer does nothing."""

    waiting: float = 0.0
    busy: float = 0.0
    workers: float = 0.0

    @property
    def begins(self) -> int:
        """Renders that a batch may begin until the next look."""
        return 0 if self.waiting else max(0, int(self.workers - self.busy - self.workers // _SHARE))


class ProxyWatch:
    """Reads the metrics of a proxy, from ``async with`` on. A proxy that does not answer has no queue."""

    def __init__(self, url: str) -> None:
        """``url``: of the proxy's metrics; '' = there is no proxy."""
        self._url = url
        self._is_calm = True
        self._begins = 0
        self._looked = asyncio.Event()
        """Set, and replaced, after each look."""
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
        """Return when a render may begin: at once, beside a proxy that had nothing to do for a second."""
        while not self._is_calm:
            if self._begins:
                self._begins -= 1
                return
            await self._looked.wait()

    async def _look(self) -> None:
        looks = 0
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                load = await self._read(session)
                looks = 0 if load.waiting or load.busy else looks + 1
                self._is_calm = looks >= _CALM_LOOKS or (self._is_calm and looks > 0)
                self._begins = load.begins
                self._looked.set()
                self._looked = asyncio.Event()
                await asyncio.sleep(_INTERVAL)

    async def _read(self, session: aiohttp.ClientSession) -> _Load:
        try:
            async with session.get(self._url) as response:
                found = dict(_GAUGES.findall(await response.read()))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._log.warning("batch.proxy_unanswered", url=self._url, error=type(error).__name__, detail=str(error))
            return _Load()
        names = (b"render_queue_length", b"images_in_progress", b"workers")
        return _Load(*(float(found.get(name, b"0")) for name in names))
