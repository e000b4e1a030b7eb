"""Progress of jobs for many listeners: one reading of the database, twice a second, serves all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from mememime_proxy.errors import DatabaseError, OverloadError, StorageFullError
from mememime_proxy.jobs.model import JobRow
from mememime_proxy.jobs.repository import Jobs

_INTERVAL: Final = 0.5


class ProgressFeed:
    """The listeners of one process, at most ``limit``."""

    def __init__(self, jobs: Jobs, limit: int) -> None:
        self._jobs = jobs
        self.limit = limit
        """A smaller one holds for new listeners."""
        self._listeners: Counter[str] = Counter()
        self._latest: dict[str, JobRow] = {}
        self._read = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """The number of listeners."""
        return self._listeners.total()

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def follow(self, job: JobRow, version: int) -> AsyncGenerator[JobRow | None, None]:
        """Yield the job each time that it has changed since ``version``, and None every half second that it has not.

        The last one has ended, or the next would be one that was removed. Several changes in half a second are one.
        OverloadError where there are too many listeners.
        """
        with self._listen(job):
            while True:
                latest = self._latest.get(job.id)
                if latest is None:
                    return
                if latest.version > version:
                    version = latest.version
                    yield latest
                else:
                    yield None
                if latest.has_ended:
                    return
                async with self._read:
                    await self._read.wait()

    @contextlib.contextmanager
    def _listen(self, job: JobRow) -> Iterator[None]:
        if self.listeners >= self.limit:
            raise OverloadError(f"there are {self.limit} listeners already, as MEMEMIME_JOB_LISTENERS allows")
        self._listeners[job.id] += 1
        known = self._latest.get(job.id)
        if known is None or known.version < job.version:
            self._latest[job.id] = job
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._listeners[job.id] -= 1
            if not self._listeners[job.id]:
                del self._listeners[job.id]
                self._latest.pop(job.id, None)

    async def _poll(self) -> None:
        """Read the jobs that have listeners, until there are none."""
        while self._listeners:
            await asyncio.sleep(_INTERVAL)
            # While the database is away listeners wait: they learn everything when it is back.
            with contextlib.suppress(DatabaseError, StorageFullError):
                ids = list(self._listeners)
                found = {job.id: job for job in await self._jobs.find_all(ids)}
                for job_id in ids:
                    if job_id not in self._listeners:
                        continue
                    if (job := found.get(job_id)) is None:
                        self._latest.pop(job_id, None)
                    else:
                        self._latest[job_id] = job
            async with self._read:
                self._read.notify_all()
