"""Providers by which equal requests share one render: in this process, and among the processes of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from mememime_proxy.errors import RenderTimeoutError
from mememime_proxy.proxy.cache.key_locks import KeyLock, KeyLocks
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs
from mememime_proxy.proxy.cache.single_flight import SingleFlight
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.model import Result, VariantProvider, VariantRequest
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.service.logs import limited_logger


class CoalescingProvider:
    """Passes one of equal requests on, and answers all of them with its result."""

    def __init__(
        self,
        flights: SingleFlight[Result],
        epochs: PurgeEpochs,
        metrics: ProxyMetrics,
        following: VariantProvider,
        announce: Callable[[VariantRequest], None] | None = None,
    ) -> None:
        """``announce`` may refuse a request that shares no work, before anything begins for it."""
        self._announce = announce
        self._flights = flights
        self._epochs = epochs
        self._metrics = metrics
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        # A purge does not wait for renders under way, and no request that comes after it may share these.
        key = (request.key, request.client_validator, self._epochs.group(request.source.url))
        if key not in self._flights:
            if self._announce is not None:
                self._announce(request)
            return await self._run(key, request)
        with request.waiting(self._flights.waiters(key)):
            result = await self._run(key, request)
        self._metrics.coalesced.inc()
        return result

    async def _run(self, key: object, request: VariantRequest) -> Result:
        loop = asyncio.get_running_loop()
        try:
            return await self._flights.run(key, partial(self._next.get, request), request.deadline - loop.time())
        except TimeoutError:
            raise RenderTimeoutError(f"the deadline passed {loop.time() - request.deadline:.3f} s ago") from None


class RenderLockProvider:
    """Lets one process of this machine at a time make a variant; the others find it in the store then.

    It stands in the chain twice. Without a cache entry the lock is acquired before the original is fetched; with one,
    which most often is revalidated, only before the render.
    """

    def __init__(self, cache: VariantCache, store: VariantStore, locks: KeyLocks, following: VariantProvider) -> None:
        self._cache = cache
        self._store = store
        self._locks = locks
        self._next = following
        self._log = limited_logger()

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        revalidates = request.entry is not None and request.original is None
        if request.is_locked or revalidates or not self._cache.may_store(request):
            return await self._next.get(request)
        if (lock := await self._acquire(request)) is None:
            return await self._next.get(request)
        try:
            return await self._get_locked(replace(request, is_locked=True))
        finally:
            # The others would not find the variant before it is written.
            self._store.call_when_written(request.key, lock.release)

    async def _get_locked(self, request: VariantRequest) -> Result:
        entry = await self._cache.lookup_stored(request)
        if entry is None:
            return await self._next.get(request)
        if request.original is None:
            state = await self._cache.get_fresh_state(request.source, entry)
            if state is not None:
                return self._cache.serve(request, entry, state)
        elif request.state.validator == entry.result.state.validator:
            return self._cache.confirm(request, entry, request.state)
        return await self._next.get(replace(request, entry=entry))

    async def _acquire(self, request: VariantRequest) -> KeyLock | None:
        """Wait for the lock; None where the file system has none. TimeoutError at the deadline."""
        try:
            with request.spans.measure("lock"):
                async with asyncio.timeout(request.remaining_seconds()):
                    return await self._locks.acquire(request.key)
        except TimeoutError:
            raise
        except OSError as error:
            self._log.warning("cache.locks_unavailable", detail=str(error))
            return None
