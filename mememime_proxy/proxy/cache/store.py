"""Results that survive the process and are shared with others: records in any storage that can be written to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mememime_proxy.errors import ObjectNotFoundError, StorageError, StorageTimeoutError
from mememime_proxy.proxy.cache import store_record
from mememime_proxy.proxy.cache.memory import Kept
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.variants.keys import source_hash
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.protocol import Storage

MARK = "generation"
"""Last part of the key of the object that tells a source's generation."""
_TYPE = "application/octet-stream"
_PATIENCE = 1.0
"""Seconds that a request waits for the store; a render is seldom slower than a storage that is."""
_WRITING = 30.0
"""Seconds of one write, which nobody waits for."""
_WRITERS = 4
_WAITING = 64 << 20
"""Bytes of records that may wait to be written; more are dropped."""
_LAST_WRITES = 5.0
"""Seconds for what still has to be written when the service stops."""
_MAX_MARK = 64

T = TypeVar("T")


class VariantStore:
    """Records under ``{prefix}{2 digits}/{source's hash}/{variant's key}``.

    What it cannot read or write is as if it were not there, and is logged, unless ``strict``: then requests fail.
    """

    def __init__(self, storage: Storage, prefix: str, metrics: Metrics, *, strict: bool = False) -> None:
        self._storage = storage
        self._prefix = prefix
        self._metrics = metrics
        self._strict = strict
        self._log = logger()
        self._queue: asyncio.Queue[tuple[bytes, Kept, Callable[[], None]]] = asyncio.Queue()
        self._waiting = 0
        self._writers: list[asyncio.Task[None]] = []
        metrics.store_waiting.set_function(lambda: self._waiting)

    async def start(self) -> None:
        """Begins to write; the storage is open already."""
        self._writers = [asyncio.create_task(self._write_all()) for _ in range(_WRITERS)]

    async def close(self) -> None:
        """Writes what still waits, for a few seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITES):
                await self._queue.join()
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        while not self._queue.empty():
            self._queue.get_nowait()[2]()

    def folder(self, source: str) -> str:
        """What the keys of all that is kept of a source begin with."""
        name = source_hash(source)
        return f"{self._prefix}{name[:2]}/{name}/"

    async def get(self, source: str, key: bytes) -> Kept | None:
        """The variant's record as it is, whether it still holds or not; None where there is none. StorageError."""
        found = await self._try("get", self._read(self._key(source, key)), _PATIENCE)
        kept = None
        if found:
            try:
                kept = store_record.decode(key, found)
            except ValueError as error:
                self._log.warning("cache.entry_corrupt", source=source, detail=str(error))
        if kept is None:
            self._metrics.caches.miss("store")
        return kept

    async def put(self, key: bytes, kept: Kept, done: Callable[[], None]) -> None:
        """Writes a record behind the answer, and calls ``done`` then, or when it is known that it will not be written.

        With ``strict`` it is written when this returns. StorageError.
        """
        if self._strict:
            try:
                await self._write(key, kept)
            finally:
                done()
            return
        size = len(kept.picture.variant.body)
        if self._waiting + size > _WAITING:
            self._metrics.store_dropped.inc()
            done()
            return
        self._waiting += size
        self._queue.put_nowait((key, kept, done))

    async def drop(self, source: str) -> int:
        """Deletes every record of a source but its generation; their number. StorageError."""
        count, mark = 0, self.folder(source) + MARK
        async for info in self._storage.list(self.folder(source)):
            if info.key != mark:
                await self._storage.delete(info.key)
                count += 1
        return count

    async def generation(self, source: str) -> str | None:
        """See ``generations.Marks``."""
        try:
            found = await self._try("get", self._read(self.folder(source) + MARK, _MAX_MARK), _PATIENCE)
        except StorageError:
            return None
        return None if found is None else found.decode("ascii", "replace")

    async def begin(self, source: str, name: str) -> None:
        """See ``generations.Marks``. StorageError, whatever ``strict`` says: a purge must not seem to have happened."""
        try:
            async with asyncio.timeout(_WRITING):
                await self._storage.put(self.folder(source) + MARK, name.encode("ascii"), content_type=_TYPE)
        except TimeoutError as error:
            raise StorageTimeoutError(f"the store of results took more than {_WRITING} s") from error

    def _key(self, source: str, key: bytes) -> str:
        return self.folder(source) + key.hex()

    async def _read(self, key: str, limit: int = 0) -> bytes:
        """The object's bytes, b"" for none."""
        try:
            body = await self._storage.open(key, timeout=_PATIENCE)
        except ObjectNotFoundError:
            return b""
        async with body:
            if limit and body.info.size > limit:
                raise StorageError(f"{key} has {body.info.size} bytes, at most {limit} are expected")
            return b"".join([chunk async for chunk in body])

    async def _write_all(self) -> None:
        while True:
            key, kept, done = await self._queue.get()
            try:
                await self._write(key, kept)
            finally:
                self._waiting -= len(kept.picture.variant.body)
                self._queue.task_done()
                done()

    async def _write(self, key: bytes, kept: Kept) -> None:
        try:
            content = store_record.encode(key, kept)
        except UnicodeEncodeError:
            return  # its source says something that is no text; such sources are few, and can be asked again
        await self._try("put", self._storage.put(self._key(kept.source, key), content, content_type=_TYPE), _WRITING)

    async def _try(self, operation: str, work: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """What comes of ``work``; None after an error, which a request has to know of only where that is wanted."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                return await work
        except (StorageError, TimeoutError) as error:
            self._metrics.store_error(operation)
            self._log.warning("cache.operation_failed", operation=operation, detail=str(error))
            if not self._strict:
                return None
            if isinstance(error, TimeoutError):
                raise StorageTimeoutError(f"the store of results took more than {seconds} s") from error
            # Not the error itself: that this service may not write somewhere, does not forbid its client anything.
            raise StorageError(f"the store of results failed: {error}") from error
        finally:
            self._metrics.store_seconds(operation, time.perf_counter() - begun)
