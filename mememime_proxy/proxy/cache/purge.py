"""Purge: drop every variant of a source from memory, the store and NGINX's cache. A signed token names the source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from mememime_proxy.errors import ForbiddenError, StorageError
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.model import source_hash
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.service.logs import logger
from mememime_proxy.service.tokens import PURGE_LIFETIME, PURGE_SCOPE, Tokens
from mememime_proxy.urls.source.source import RESOURCE_SCHEMES


class PurgeTokens:
    """Tokens that name one source each. They are valid for nothing else, nor is any other token valid for a purge."""

    def __init__(self, keys: bytes | Sequence[bytes]) -> None:
        """``keys``: MEMEMIME_PURGE_KEY, which signs nothing else; the first one signs, each is accepted."""
        self._tokens = Tokens(keys, PURGE_SCOPE)

    def issue(self, source: str) -> str:
        """Return a token for ``source``, valid from now on."""
        return self._tokens.issue({"source": source})

    def verify(self, token: str) -> str:
        """Return the source that a token names. Raises ForbiddenError for a token that is forged or expired."""
        match self._tokens.verify(token, PURGE_LIFETIME):
            case {"source": str(source)} if source:
                return source
        raise ForbiddenError("the purge token names no source")


@dataclass(frozen=True, slots=True)
class PurgeCounts:
    """How much a purge dropped, by place."""

    originals: int
    """From this process's memory."""
    variants: int
    """From this process's memory."""
    stored: int
    """From the store."""
    edge: int
    """From NGINX's cache."""
    quarantined: int
    """From this process's quarantine of originals that end workers."""


class Purge:
    """Purges sources, including renders in progress."""

    def __init__(
        self,
        caches: Caches,
        metrics: ProxyMetrics,
        purge_edge: Callable[[Collection[str]], int] | None,
        forgive: Callable[[str], int],
    ) -> None:
        """``purge_edge`` removes the responses with cache tags from NGINX and returns their number; it blocks.

        ``forgive`` ends the quarantine of a source's originals and returns their number.
        """
        self._forgive = forgive
        self._caches = caches
        self._metrics = metrics
        self._purge_edge = purge_edge
        self._log = logger()

    async def run(self, source: str) -> PurgeCounts:
        """Drop all variants of ``source``. StorageError.

        Other processes that share the store notice it within the freshness of sources.
        """
        caches = self._caches
        try:
            await caches.epochs.begin(source)
            originals, variants = caches.originals.drop_source(source), caches.memory.drop_source(source)
            caches.pixels.drop_source(source)
            originals += caches.pictures.drop_source(source)
            stored = await caches.store.drop_source(source) if caches.store is not None else 0
        except StorageError as error:
            # Not the error itself: that this service may not write somewhere does not forbid the client anything.
            raise StorageError(f"the store of variants failed: {error}") from error
        # NGINX last, so that it cannot fetch an entry again that is dropped here.
        edge = await self._drop_from_edge([source])
        self._metrics.purges.inc()
        counts = PurgeCounts(originals, variants, stored, edge, self._forgive(source))
        self._log.info("source.purged", source=source, **asdict(counts))
        return counts

    async def apply(self, epochs: Mapping[str, str]) -> None:
        """Drop all variants of sources that every process drops; ``epochs``: names of those that begin. StorageError.

        Records of aliases and assets stay in the store: they are valid for the asset that they were made of.
        """
        caches, originals, variants, stored = self._caches, 0, 0, 0
        for source in epochs:
            caches.epochs.divide(source)
            originals += caches.originals.drop_source(source) + caches.pictures.drop_source(source)
            caches.pixels.drop_source(source)
            variants += caches.memory.drop_source(source)
            self._forgive(source)
        for source, epoch in epochs.items():
            if caches.store is None:
                await caches.epochs.adopt(source, epoch)
            elif not source.startswith(RESOURCE_SCHEMES) and await caches.epochs.adopt(source, epoch):
                stored += await caches.store.drop_source(source)
        edge = await self._drop_from_edge(epochs)
        self._metrics.purges.inc(len(epochs))
        self._log.info(
            "sources.purged", sources=len(epochs), originals=originals, variants=variants, stored=stored, edge=edge
        )

    def drop_memory(self) -> None:
        """Drop everything that this process holds in memory."""
        self._caches.epochs.drop_all()
        self._caches.originals.drop_all()
        self._caches.pixels.clear()
        self._caches.memory.clear()

    async def _drop_from_edge(self, sources: Collection[str]) -> int:
        if self._purge_edge is None:
            return 0
        return await asyncio.to_thread(self._purge_edge, [source_hash(source) for source in sources])
