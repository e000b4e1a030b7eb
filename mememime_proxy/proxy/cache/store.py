"""Variants that survive the process and are shared by others: records in any storage that can be written to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mememime_proxy.errors import ObjectNotFoundError, StorageError, StorageTimeoutError
from mememime_proxy.memory_budget import MemoryBudget, Permit, Use
from mememime_proxy.proxy.cache import store_record
from mememime_proxy.proxy.model import CacheEntry, source_hash
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.service.conditional import parse_http_date
from mememime_proxy.service.logs import limited_logger
from mememime_proxy.storage.protocol import Storage

EPOCH_NAME = "generation"
"""Last part of the key of the object that holds a source's purge epoch."""
_CONTENT_TYPE = "application/octet-stream"
_READ_TIMEOUT = 1.0
"""Seconds that a request waits for the store; a render is seldom slower than a store that takes longer."""
_WRITE_TIMEOUT = 30.0
"""Seconds of one write, for which no request waits."""
_WRITERS = 4
_MAX_QUEUED = 64 << 20
"""Bytes of bodies that may wait to be written; further entries are dropped."""
_CLOSE_TIMEOUT = 5.0
"""Seconds for the writes that are left when the service stops."""
_MAX_EPOCH = 64
"""Bytes."""
_KEY_DIGITS = 32
"""Hexadecimal digits of a variant's key."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredVariants:
    """The records of one source, as a listing shows them."""

    written: Mapping[bytes, float]
    """For each key of a variant the Unix time at which its record was written, to the second."""
    purged: float
    """The Unix time at which the present purge epoch began; 0 = the source was never purged."""

    def holds(self, key: bytes, changed: float) -> bool:
        """Whether the record of ``key`` is newer than its source, which changed at ``changed``, and than each purge.

        False for a record of the same second, which only its content can decide.
        """
        return self.written.get(key, -1.0) > max(int(changed), self.purged)


class VariantStore:
    """Records under ``{prefix}{2 digits}/{hash of the source}/{variant's key}``.

    A failure to read or write is logged and counts as a missing record; with ``strict`` it fails the request.
    """

    def __init__(
        self, storage: Storage, prefix: str, metrics: ProxyMetrics, budget: MemoryBudget, *, strict: bool = False
    ) -> None:
        self._storage = storage
        self._budget = budget
        self._prefix = prefix
        self._metrics = metrics
        self._strict = strict
        self._log = limited_logger("operation")
        self._queue: asyncio.Queue[tuple[bytes, CacheEntry]] = asyncio.Queue()
        self._queued_bytes = 0
        self.on_written: Callable[[bytes], object] = lambda _key: None
        """Called with the key of each record that is written."""
        self._callbacks: dict[bytes, list[Callable[[], None]]] = {}
        """For each key that waits to be written: what to call then."""
        self._writers: list[asyncio.Task[None]] = []
        metrics.store_waiting.set_function(lambda: self._queued_bytes)

    async def start(self) -> None:
        """Start the writers; the storage is open already."""
        self._writers = [asyncio.create_task(self._write_queued()) for _ in range(_WRITERS)]

    async def close(self) -> None:
        """Write what waits, for a few seconds, and stop the writers."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._queue.join()
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        for key in list(self._callbacks):
            self._call_back(key)

    async def get(self, source: str, key: bytes) -> CacheEntry | None:
        """Return the variant's entry, whether or not it is still valid; None where there is none.

        StorageError; MemoryBudgetError where there is no memory for it.
        """
        permit = self._budget.reserve_now(0, Use.RESULTS)
        record = await self._run("get", self._read(self._key(source, key), permit), _READ_TIMEOUT)
        if record:
            try:
                entry = store_record.decode(key, record, permit)
            except ValueError as error:
                self._log.warning("cache.entry_corrupt", source=source, detail=str(error))
            else:
                permit.change(len(entry.result.variant.body), Use.RESULTS)
                return entry
        self._metrics.cache_misses["store"].inc()
        return None

    async def put(self, key: bytes, entry: CacheEntry) -> None:
        """Write an entry in the background; ``call_when_written`` tells when.

        With ``strict`` it is written when this returns. StorageError.
        """
        if self._strict:
            await self._write(key, entry)
            return
        size = len(entry.result.variant.body)
        if self._queued_bytes + size > _MAX_QUEUED:
            self._metrics.store_dropped.inc()
            return
        self._queued_bytes += size
        self._callbacks.setdefault(key, [])
        self._queue.put_nowait((key, entry))

    def call_when_written(self, key: bytes, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the entry of ``key`` is written or given up; at once where none waits."""
        if key in self._callbacks:
            self._callbacks[key].append(callback)
        else:
            callback()

    async def list_source(self, source: str) -> StoredVariants:
        """Return which variants of a source have a record: one request for up to a thousand. StorageError."""
        written, purged = {}, 0.0
        folder = self._folder(source)
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                async for info in self._storage.list(folder):
                    name, time_written = info.key.removeprefix(folder), parse_http_date(info.last_modified) or 0
                    if name == EPOCH_NAME:
                        purged = float(time_written)
                    elif len(name) == _KEY_DIGITS:
                        written[bytes.fromhex(name)] = float(time_written)
        except TimeoutError as error:
            raise StorageTimeoutError(f"the store of variants took more than {_WRITE_TIMEOUT} s") from error
        return StoredVariants(written, purged)

    async def drop_source(self, source: str) -> int:
        """Delete every record of a source, but not its epoch; return their number. StorageError."""
        count, epoch_key = 0, self._folder(source) + EPOCH_NAME
        async for info in self._storage.list(self._folder(source)):
            if info.key != epoch_key:
                await self._storage.delete(info.key)
                count += 1
        return count

    async def read_epoch(self, source: str) -> str | None:
        """See ``purge_epochs.EpochStore``."""
        try:
            reading = self._read(self._folder(source) + EPOCH_NAME, max_bytes=_MAX_EPOCH)
            epoch = await self._run("get", reading, _READ_TIMEOUT)
        except StorageError:
            return None
        return None if epoch is None else epoch.decode("ascii", "replace")

    async def write_epoch(self, source: str, epoch: str) -> None:
        """See ``purge_epochs.EpochStore``. StorageError even without ``strict``: a purge must not seem to succeed."""
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._storage.put(
                    self._folder(source) + EPOCH_NAME, epoch.encode("ascii"), content_type=_CONTENT_TYPE
                )
        except TimeoutError as error:
            raise StorageTimeoutError(f"the store of variants took more than {_WRITE_TIMEOUT} s") from error

    def _folder(self, source: str) -> str:
        name = source_hash(source)
        return f"{self._prefix}{name[:2]}/{name}/"

    def _key(self, source: str, key: bytes) -> str:
        return self._folder(source) + key.hex()

    async def _read(self, key: str, permit: Permit | None = None, max_bytes: int = 0) -> bytes:
        """Return the object's bytes, b"" where there is none. ``permit`` grows by what is needed to decode them."""
        try:
            body = await self._storage.open(key, timeout=_READ_TIMEOUT)
        except ObjectNotFoundError:
            return b""
        async with body:
            if max_bytes and body.info.size > max_bytes:
                raise StorageError(f"{key} has {body.info.size} bytes, at most {max_bytes} are expected")
            # Its parts and the whole, then the whole and the body of the variant.
            if permit is not None and not permit.resize(2 * body.info.size):
                self._budget.refuse(2 * body.info.size, permit.use)
            return b"".join([chunk async for chunk in body])

    async def _write_queued(self) -> None:
        while True:
            key, entry = await self._queue.get()
            try:
                await self._write(key, entry)
            except Exception as error:  # noqa: BLE001 - the entries behind it are written, and a stop waits for nobody
                self._log.error("cache.write_failed", exc_info=error)
            finally:
                self._queued_bytes -= len(entry.result.variant.body)
                self._queue.task_done()
                self._call_back(key)
                # Until the next one comes, nothing may hold the memory of this one.
                del entry

    def _call_back(self, key: bytes) -> None:
        for callback in self._callbacks.pop(key, []):
            callback()

    async def _write(self, key: bytes, entry: CacheEntry) -> None:
        # The record is a copy. Where there is no memory for it, the variant is rendered again when it is needed.
        size = len(entry.result.variant.body)
        permit = self._budget.try_reserve(size, Use.RESULTS)
        if permit is None:
            self._metrics.store_dropped.inc()
            if self._strict:
                self._budget.refuse(size, Use.RESULTS)
            return
        try:
            record = store_record.encode(key, entry)
        except UnicodeEncodeError:
            return  # a header of its source is no text; such sources are few
        written = await self._run(
            "put",
            self._storage.put(self._key(entry.source, key), record, content_type=_CONTENT_TYPE),
            _WRITE_TIMEOUT,
        )
        if written is not None:
            self.on_written(key)

    async def _run(self, operation: str, work: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """Return the result of ``work``; None after an error, unless ``strict``: then StorageError."""
        start = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                return await work
        except (StorageError, TimeoutError) as error:
            self._metrics.count_store_error(operation)
            self._log.warning("cache.operation_failed", operation=operation, detail=str(error))
            if not self._strict:
                return None
            if isinstance(error, TimeoutError):
                raise StorageTimeoutError(f"the store of variants took more than {seconds} s") from error
            # Not the error itself: that this service may not write somewhere does not forbid the client anything.
            raise StorageError(f"the store of variants failed: {error}") from error
        finally:
            self._metrics.observe_store(operation, time.perf_counter() - start)
