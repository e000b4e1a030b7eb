"""The way of many files: found, hashed, asked for in batches, finished; each step at its own pace, few held at once."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from mememime_proxy.client.errors import ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.inputs.content import Content
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.tasks import together

J = TypeVar("J")
Found = tuple[Entry, Content | FileError]
Source = AsyncIterator[Sequence[Found]]

_TOGETHER = 256
"""Files that are looked up at a time."""
_BATCH = 500
"""Digests that the service is asked for at a time."""
_PATIENCE = 0.05
"""Seconds that a batch waits for the next file."""
_HASHERS = min(4, os.cpu_count() or 1)


class Pipeline(Generic[J]):
    """Runs jobs of any kind. An error of one file goes to ``failed``, and the others go on; RefusedError and
    UnreachableError end all."""

    def __init__(
        self,
        *,
        prepare: Callable[[Entry, Content], Awaitable[J]],
        ask: Callable[[list[J]], Awaitable[list[J]]],
        finish: Callable[[J], Awaitable[None]],
        failed: Callable[[Entry | None, ClientError], None],
        parallel: int,
    ) -> None:
        """``prepare`` hashes some files at once; ``ask`` gets many jobs, in the order in which their files were found,
        and returns those to go on with; ``parallel`` ``finish`` at once."""
        self._prepare, self._ask, self._finish, self._failed = prepare, ask, finish, failed
        self._parallel = parallel
        self._next: asyncio.Task[J | None] | None = None

    async def run(self, sources: Iterable[Source]) -> None:
        """Returns when every file has come to its end."""
        prepared: asyncio.Queue[asyncio.Task[J | None] | None] = asyncio.Queue(2 * _BATCH)
        asked: asyncio.Queue[J | None] = asyncio.Queue(_BATCH)
        await together([
            self._find(sources, prepared),
            self._batches(prepared, asked),
            *(self._end(asked) for _ in range(self._parallel)),
        ])  # fmt: skip

    async def _find(self, sources: Iterable[Source], out: asyncio.Queue[asyncio.Task[J | None] | None]) -> None:
        free = asyncio.Semaphore(_HASHERS)
        async with asyncio.TaskGroup() as group:
            for source in sources:
                try:
                    async for batch in source:
                        for entry, content in batch:
                            await free.acquire()
                            task = group.create_task(self._hash(entry, content))
                            task.add_done_callback(lambda _: free.release())
                            await out.put(task)
                except FileError as error:
                    self._failed(None, error)
        await out.put(None)

    async def _hash(self, entry: Entry, content: Content | FileError) -> J | None:
        try:
            if isinstance(content, FileError):
                raise content
            return await self._prepare(entry, content)
        except (RefusedError, UnreachableError):
            raise
        except ClientError as error:
            self._failed(entry, error)
            return None

    async def _batches(self, given: asyncio.Queue[asyncio.Task[J | None] | None], out: asyncio.Queue[J | None]) -> None:
        job = await self._job(given)
        while job is not None:
            batch = [job]
            while len(batch) < _BATCH:
                try:
                    async with asyncio.timeout(_PATIENCE):
                        job = await self._job(given)
                except TimeoutError:
                    job = batch[-1]  # there may be more, but these do not wait for it
                    break
                if job is None:
                    break
                batch.append(job)
            for each in await self._ask(batch):
                await out.put(each)
            if job is not None:
                job = await self._job(given)
        await out.put(None)

    async def _job(self, given: asyncio.Queue[asyncio.Task[J | None] | None]) -> J | None:
        """The next one in order, None behind the last. Cancelled, it has taken nothing away."""
        while True:
            if self._next is None:
                self._next = await given.get()
                if self._next is None:
                    return None
            await asyncio.wait([self._next])
            task, self._next = self._next, None
            if (job := task.result()) is not None:
                return job

    async def _end(self, asked: asyncio.Queue[J | None]) -> None:
        while (job := await asked.get()) is not None:
            await self._finish(job)
        await asked.put(None)  # for the others


async def threaded(entries: Iterator[Entry]) -> Source:
    """Files of an iterator that blocks, each opened, in batches."""
    failure: FileError | None = None

    def batch() -> list[Found]:
        nonlocal failure
        found: list[Found] = []
        try:
            found.extend((entry, opened(entry)) for entry in itertools.islice(entries, _TOGETHER))
        except FileError as error:
            failure = error  # told behind those that were found before it
        return found

    while found := await asyncio.to_thread(batch):
        yield found
    if failure is not None:
        raise failure


def opened(entry: Entry) -> Content | FileError:
    """The entry's content, or why there is none. Blocks."""
    try:
        return entry.open()
    except FileError as error:
        return error
