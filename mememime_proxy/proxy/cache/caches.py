"""The caches of one process, opened as the settings say."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.errors import SettingsError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.proxy.cache.eviction import StoreEviction
from mememime_proxy.proxy.cache.key_locks import KeyLocks
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.cache.memory import VariantMemory
from mememime_proxy.proxy.cache.originals import OriginalCache
from mememime_proxy.proxy.cache.pixels import PixelCache
from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.cache.write_policy import WritePolicy
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage

_PICTURES = 64 << 20
"""Bytes of pictures that URLs name."""
_LOCK_FILE = ".locks"
"""Name of the file of locks in a store's folder; no key of a record is like it."""


@dataclass(frozen=True, slots=True)
class Caches:
    """Caches in memory; the store and the locks of those who share it, where there is one."""

    originals: OriginalCache
    memory: VariantMemory
    epochs: PurgeEpochs
    store: VariantStore | None
    locks: KeyLocks | None
    variants: VariantCache
    pixels: PixelCache
    pictures: OriginalCache
    """Of watermarks and masks that URLs name."""


@contextlib.asynccontextmanager
async def open_caches(
    settings: Settings,
    sources: Sources,
    metrics: ProxyMetrics,
    storage: Storage | None,
    budget: MemoryBudget,
    outgoing_headers: Callable[[], Mapping[str, str]] = dict,
) -> AsyncIterator[Caches]:
    """Open the caches, and close them at the end. SettingsError, StorageError.

    ``storage`` is open and holds the store; None = there is none. ``outgoing_headers``: further headers of requests to
    sources.
    """
    async with contextlib.AsyncExitStack() as stack:
        locks, store = None, None
        if storage is not None:
            store = VariantStore(storage, _prefix(settings), metrics, budget, strict=settings.cache_report_errors)
            if settings.cache_use == "fs":
                locks = _open_locks(settings.cache_fs_root)
                stack.callback(locks.close)
                eviction = StoreEviction(storage, _prefix(settings), settings.cache_fs_max_size, locks)
                metrics.watch_cache("store", lambda: eviction.size)
                eviction.start()
                stack.push_async_callback(eviction.close)
            await store.start()
            stack.push_async_callback(store.close)
        # First, so that it is the first to give memory back: what is lost is CPU time alone.
        pixels = PixelCache(settings.pixels_cache_size, metrics, budget)
        stack.callback(pixels.clear)
        originals = OriginalCache(
            sources,
            metrics,
            budget,
            size=settings.originals_cache_size,
            freshness=settings.source_freshness,
            timeout=settings.download_timeout,
            outgoing_headers=outgoing_headers,
        )
        stack.push_async_callback(originals.close)
        pictures = OriginalCache(
            sources,
            metrics,
            budget,
            size=_PICTURES if settings.watermarks_cache_size else 0,
            freshness=settings.source_freshness,
            timeout=settings.download_timeout,
            outgoing_headers=outgoing_headers,
            name="watermarks",
            entries=settings.watermarks_cache_size,
        )
        stack.push_async_callback(pictures.close)
        memory = VariantMemory(settings.variants_cache_size, metrics, budget)
        epochs = PurgeEpochs(store, settings.source_freshness)
        variants = VariantCache(originals, memory, epochs, store, metrics, WritePolicy(settings.cache_write_policy))
        yield Caches(originals, memory, epochs, store, locks, variants, pixels, pictures)


def _prefix(settings: Settings) -> str:
    prefix = settings.cache_path_prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def _open_locks(root: str) -> KeyLocks:
    try:
        return KeyLocks(str(Path(root) / _LOCK_FILE))
    except OSError as error:
        raise SettingsError(
            f"{variable('cache_fs_root')}: found {root!r}, expected a folder that can be written ({error.strerror})"
        ) from error
