"""All that is kept between requests, put together as the settings say."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.cache.eviction import Janitor
from mememime_proxy.proxy.cache.key_locks import Locks
from mememime_proxy.proxy.cache.memory import Results
from mememime_proxy.proxy.cache.originals import Originals
from mememime_proxy.proxy.cache.purge_epochs import Generations
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.protocol import Storage

_LOCKS = ".locks"
"""Name of the file of locks in a store's folder; no key of a record is like it."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a purge removed."""

    originals: int
    """From this process's memory."""
    variants: int
    """From this process's memory."""
    stored: int
    """From the store."""


@dataclass(frozen=True, slots=True)
class Caches:
    """What is kept in memory, and the store with the locks of those who share it, where there is one."""

    originals: Originals
    results: Results
    generations: Generations
    store: VariantStore | None
    locks: Locks | None

    async def purge(self, source: str) -> Dropped:
        """Drops all that was made of ``source``, and whatever is being made of it now. StorageError.

        Other processes that share the store notice within the freshness of sources.
        """
        await self.generations.renew(source)
        originals, variants = self.originals.forget(source), self.results.drop(source)
        return Dropped(originals, variants, await self.store.drop(source) if self.store is not None else 0)


@contextlib.asynccontextmanager
async def opened(
    settings: Settings,
    sources: Sources,
    metrics: Metrics,
    storage: Storage | None,
    outgoing: Callable[[], Mapping[str, str]] = dict,
) -> AsyncIterator[Caches]:
    """Opens them, and closes them at the end; ``storage`` is open, and keeps results. SettingsError, StorageError.

    ``outgoing``: further headers of requests to sources.
    """
    async with contextlib.AsyncExitStack() as stack:
        locks, store = None, None
        if storage is not None:
            store = VariantStore(storage, _prefix(settings), metrics, strict=settings.cache_report_errors)
            if settings.cache_use == "fs":
                locks = _locks(settings.cache_fs_root)
                stack.callback(locks.close)
                janitor = Janitor(storage, _prefix(settings), settings.cache_fs_max_size, locks)
                metrics.caches.watch("store", lambda: janitor.size)
                janitor.start()
                stack.push_async_callback(janitor.close)
            await store.start()
            stack.push_async_callback(store.close)
        originals = Originals(
            sources,
            metrics,
            size=settings.originals_cache_size,
            freshness=settings.source_freshness,
            timeout=settings.download_timeout,
            outgoing=outgoing,
        )
        stack.push_async_callback(originals.close)
        results = Results(settings.variants_cache_size, metrics)
        yield Caches(originals, results, Generations(store, settings.source_freshness), store, locks)


def _prefix(settings: Settings) -> str:
    prefix = settings.cache_path_prefix.strip("/")
    return f"{prefix}/" if prefix else ""


def _locks(root: str) -> Locks:
    try:
        return Locks(str(Path(root) / _LOCKS))
    except OSError as error:
        raise SettingsError(
            f"{variable('cache_fs_root')}: found {root!r}, expected a folder that can be written ({error.strerror})"
        ) from error
