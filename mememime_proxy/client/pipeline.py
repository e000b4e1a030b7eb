"""The way of many files: found, hashed, asked for in batches, finished; each step at its own pace, few held at once."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from mememime_proxy.client.content import Content
from mememime_proxy.client.failures import ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.scan import Entry
from mememime_proxy.client.tasks import together

J = TypeVar("J")
T = TypeVar("T")
R = TypeVar("R")
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
        ask: Callable[[list[J]], Awaitable[None]],
        finish: Callable[[J], Awaitable[None]],
        failed: Callable[[Entry | None, ClientError], None],
        parallel: int,
    ) -> None:
        """``prepare`` hashes, and is called before ``ask``, which gets many jobs; ``parallel`` ``finish`` at once."""
        self._prepare, self._ask, self._finish, self._failed = prepare, ask, finish, failed
        self._parallel = parallel

    async def run(self, sources: Iterable[Source]) -> None:
        """Returns when every file has come to its end."""
        found: asyncio.Queue[Found | None] = asyncio.Queue(_TOGETHER)
        prepared: asyncio.Queue[J | None] = asyncio.Queue(2 * _BATCH)
        asked: asyncio.Queue[J | None] = asyncio.Queue(_BATCH)
        await together([
            self._find(sources, found),
            self._step(_HASHERS, self._hash, found, prepared),
            self._batches(prepared, asked),
            self._step(self._parallel, self._end, asked, None),
        ])  # fmt: skip

    async def _find(self, sources: Iterable[Source], out: asyncio.Queue[Found | None]) -> None:
        for source in sources:
            try:
                async for batch in source:
                    for each in batch:
                        await out.put(each)
            except FileError as error:
                self._failed(None, error)
        await out.put(None)

    async def _hash(self, found: Found, out: asyncio.Queue[J | None] | None) -> None:
        entry, content = found
        try:
            if isinstance(content, FileError):
                raise content
            job = await self._prepare(entry, content)
        except (RefusedError, UnreachableError):
            raise
        except ClientError as error:
            self._failed(entry, error)
        else:
            if out is not None:
                await out.put(job)

    async def _batches(self, given: asyncio.Queue[J | None], out: asyncio.Queue[J | None]) -> None:
        job = await given.get()
        while job is not None:
            batch = [job]
            while len(batch) < _BATCH and job is not None:
                try:
                    async with asyncio.timeout(_PATIENCE):
                        job = await given.get()
                except TimeoutError:
                    break
                if job is not None:
                    batch.append(job)
            await self._ask(batch)
            for each in batch:
                await out.put(each)
            if job is not None:
                job = await given.get()
        await out.put(None)

    async def _end(self, job: J, _: object) -> None:
        await self._finish(job)

    async def _step(
        self,
        count: int,
        work: Callable[[T, asyncio.Queue[R | None] | None], Awaitable[None]],
        given: asyncio.Queue[T | None],
        out: asyncio.Queue[R | None] | None,
    ) -> None:
        async def worker() -> None:
            while (each := await given.get()) is not None:
                await work(each, out)
            await given.put(None)  # for the others

        await together(worker() for _ in range(count))
        if out is not None:
            await out.put(None)


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
