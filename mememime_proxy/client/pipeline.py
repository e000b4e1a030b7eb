"""The pipeline of many files: scan, hash, look up in batches, finish; each stage at its own rate, in bounded memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from mememime_proxy.client.errors import ClientError, RefusedError, UnreachableError, as_file_error
from mememime_proxy.client.inputs.batches import Batches
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.tasks import run_all


class Job(Protocol):
    """What is done for one file."""

    entry: Entry


J = TypeVar("J", bound=Job)

_LOOKUP_BATCH = 500
"""Files whose digests are looked up in one request."""
_BATCH_WAIT = 0.05
"""Seconds that a batch waits for the next file."""
_HASHERS = min(4, os.cpu_count() or 1)


class Pipeline(Generic[J]):
    """Runs jobs of any kind; one job for each file.

    Any exception of one file, of the lookup of some or of an origin is passed to ``on_failure``, and the others go on.
    RefusedError and UnreachableError end all, and so do errors of ``on_failure`` and ``on_left_out``.
    """

    def __init__(
        self,
        *,
        prepare: Callable[[Entry, FileContent], Awaitable[J]],
        look_up: Callable[[list[J]], Awaitable[list[Sequence[J]]]],
        finish: Callable[[Sequence[J]], Awaitable[None]],
        on_failure: Callable[[Entry | None, ClientError], None],
        on_left_out: Callable[[Entry], None],
        parallel: int,
    ) -> None:
        """Set the stages.

        ``prepare`` hashes a few files at once. ``look_up`` gets many jobs, in the order in which their files were
        scanned, and returns groups of those to finish. ``finish`` runs for ``parallel`` groups at once; where it
        raises, all of its group has failed.
        """
        self._prepare, self._look_up, self._finish = prepare, look_up, finish
        self._on_failure, self._on_left_out = on_failure, on_left_out
        self._parallel = parallel
        self._next: asyncio.Task[J | None] | None = None

    async def run(self, sources: Iterable[Batches]) -> None:
        """Return when every file is finished or has failed."""
        prepared: asyncio.Queue[asyncio.Task[J | None] | None] = asyncio.Queue(2 * _LOOKUP_BATCH)
        ready: asyncio.Queue[Sequence[J] | None] = asyncio.Queue(_LOOKUP_BATCH)
        await run_all([
            self._scan(sources, prepared),
            self._look_up_batches(prepared, ready),
            *(self._finish_jobs(ready) for _ in range(self._parallel)),
        ])  # fmt: skip

    async def _scan(self, sources: Iterable[Batches], out: asyncio.Queue[asyncio.Task[J | None] | None]) -> None:
        slots = asyncio.Semaphore(_HASHERS)
        async with asyncio.TaskGroup() as group:
            for source in sources:
                try:
                    async for batch in source:
                        for entry, content in batch:
                            if content is None:
                                self._on_left_out(entry)
                                continue
                            await slots.acquire()
                            task = group.create_task(self._prepare_job(entry, content))
                            task.add_done_callback(lambda _: slots.release())
                            await out.put(task)
                except (RefusedError, UnreachableError):
                    raise
                except Exception as error:  # noqa: BLE001 - the other origins go on
                    self._on_failure(None, as_file_error(error))
        await out.put(None)

    async def _prepare_job(self, entry: Entry, content: FileContent | ClientError) -> J | None:
        if isinstance(content, ClientError):
            self._on_failure(entry, content)
            return None
        try:
            return await self._prepare(entry, content)
        except (RefusedError, UnreachableError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one file is that file's failure
            self._on_failure(entry, as_file_error(error))
            return None

    async def _look_up_batches(
        self, prepared: asyncio.Queue[asyncio.Task[J | None] | None], out: asyncio.Queue[Sequence[J] | None]
    ) -> None:
        job = await self._next_job(prepared)
        while job is not None:
            batch = [job]
            while len(batch) < _LOOKUP_BATCH:
                try:
                    async with asyncio.timeout(_BATCH_WAIT):
                        job = await self._next_job(prepared)
                except TimeoutError:
                    job = batch[-1]  # more files may follow, but these do not wait for them
                    break
                if job is None:
                    break
                batch.append(job)
            for group in await self._groups(batch):
                await out.put(group)
            if job is not None:
                job = await self._next_job(prepared)
        await out.put(None)

    async def _groups(self, batch: list[J]) -> list[Sequence[J]]:
        try:
            return await self._look_up(batch)
        except (RefusedError, UnreachableError):
            raise
        except Exception as error:  # noqa: BLE001 - the other files go on
            for job in batch:
                self._on_failure(job.entry, as_file_error(error))
            return []

    async def _next_job(self, prepared: asyncio.Queue[asyncio.Task[J | None] | None]) -> J | None:
        """Return the next job in order, None after the last. A cancelled call has removed nothing from the queue."""
        while True:
            if self._next is None:
                self._next = await prepared.get()
                if self._next is None:
                    return None
            await asyncio.wait([self._next])
            task, self._next = self._next, None
            if (job := task.result()) is not None:
                return job

    async def _finish_jobs(self, ready: asyncio.Queue[Sequence[J] | None]) -> None:
        while (group := await ready.get()) is not None:
            try:
                await self._finish(group)
            except (RefusedError, UnreachableError):
                raise
            except Exception as error:  # noqa: BLE001 - the other files go on
                for job in group:
                    self._on_failure(job.entry, as_file_error(error))
        await ready.put(None)  # for the other tasks
