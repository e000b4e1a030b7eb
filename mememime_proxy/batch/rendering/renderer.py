"""The renderer: opens the proxy's parts for a batch, and makes the missing variants of an original.

What it makes is byte for byte what the proxy makes for a request: the same parser, chain, workers and store. A variant
is done when it is written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import partial
from itertools import compress
from typing import Final

from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.proxy_watch import ProxyWatch
from mememime_proxy.batch.rendering.checks import batch_settings
from mememime_proxy.batch.rendering.sharing import RecentResults, RowsLeft, decode_once
from mememime_proxy.batch.rendering.variants import VariantPlanner, VariantTemplate
from mememime_proxy.errors import MememimeError, NotStoredError, OptionError, SourceError
from mememime_proxy.proxy.app import Proxy
from mememime_proxy.proxy.cache.originals import FetchedOriginal
from mememime_proxy.proxy.cache.store import StoredVariants
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.proxy.model import NotModified, SourceKey, VariantRequest, VariantResult
from mememime_proxy.service.conditional import parse_http_date
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState
from mememime_proxy.storage.registry import Storages
from mememime_proxy.workers.pool import Pool

_SPARE: Final = 2
"""Renders beside those that the workers run: they are being stored, or wait for a worker that becomes free."""

_PATIENCE: Final = 6
"""Timeouts of a request that a render has: with its workers' niceness it may get a sixtieth of a busy CPU, and missed
deadlines put its picture in quarantine. The CPU time that it may take is that of a request."""


class BatchRenderer:
    """Renders in this process. One serves all chunks, so that no more is rendered at a time than there are workers."""

    def __init__(self, settings: Settings) -> None:
        """SettingsError where the settings are wrong."""
        self.settings = batch_settings(settings)
        self._proxy = Proxy(self.settings)
        self.watch = ProxyWatch(settings.batch_yields_to)
        self._written: set[bytes] = set()
        self.slots = asyncio.Semaphore(self.settings.worker_count + _SPARE)
        self.originals = asyncio.Semaphore(self.settings.worker_count + 1)
        """Held while variants of an original are made: more are listed at a time than are in memory."""

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[BatchRenderer]:
        """Open the proxy's parts but its sockets, and close them at the end. SettingsError, WorkerError."""
        await self._proxy.open()
        try:
            if (store := self._proxy.caches.store) is not None:
                store.on_written = self._written.add
            async with self.watch:
                yield self
        finally:
            await self._proxy.close()

    @property
    def storages(self) -> Storages:
        """The open storages."""
        return self._proxy.storages

    @property
    def pool(self) -> Pool:
        """The pool of workers."""
        return self._proxy.generation.pool

    def worker_pids(self) -> tuple[int, ...]:
        """Return the ids of the zygote and of the workers."""
        return self.pool.zygote_pid, *self.pool.pids()

    def parse(self, item: BatchItem, variants: Sequence[VariantTemplate]) -> list[ParsedRequest]:
        """Return the requests for the variants of an item, as the proxy would parse them. Raises as that does."""
        parser = self._proxy.generation.handlers.parser
        parsed = [parser.parse(variant.target(item.source), {"Accept": variant.accept}) for variant in variants]
        if any(request.plan.raw for request in parsed):
            raise OptionError("found raw: the bytes of an original are no variant")
        return parsed

    async def list_stored(self, source: SourceKey) -> StoredVariants:
        """Return which variants the store has of a source. StorageError."""
        store = self._proxy.caches.store
        return StoredVariants({}, 0.0) if store is None else await store.list_source(source.url)

    async def change_time(self, item: BatchItem, source: SourceKey) -> float:
        """Return the Unix time of an original's last change, where it costs no request; 0 = unknown. SourceError."""
        if item.changed or not source.is_local:
            return item.changed
        state = await self._proxy.caches.originals.get_state(source)
        return float((parse_http_date(state.last_modified) if state is not None else None) or 0)

    def release_pixels(self, source: SourceKey) -> None:
        """Let go of the decoded pixels of an original, whose variants have been made."""
        self._proxy.caches.pixels.release_source(source.url)

    async def fetch(self, request: ParsedRequest) -> FetchedOriginal:
        """Return the original, for all its variants. Raises the errors of sources."""
        fetched = await self._proxy.caches.originals.fetch_if_changed(
            request.source, "", request.plan.limits.max_src_file_size, self.settings.download_timeout
        )
        if isinstance(fetched, SourceState):
            raise SourceError("the source answered a condition that it was not given")
        return fetched

    async def render(
        self, request: ParsedRequest, fetched: FetchedOriginal, pacer: Pacer, siblings: int = 0
    ) -> tuple[VariantResult, bool]:
        """Return a variant, and whether it was made now; with a store it is written when this returns.

        ``pacer``: of its batch. ``siblings``: further variants that are made of the original. Raises the errors of
        renders and storages, and NotStoredError.
        """
        async with self.slots:
            await pacer.wait()
            await self.watch.wait()
            result = await self._proxy.generation.chain.first.get(
                VariantRequest(
                    request.plan,
                    request.key,
                    request.source,
                    asyncio.get_running_loop().time() + _PATIENCE * self.settings.timeout,
                    flow=request.flow,
                    original=fetched.original,
                    state=fetched.state,
                    siblings=siblings,
                )
            )
        if isinstance(result, NotModified):
            raise MememimeError("a request without conditions was answered 304")
        store = self._proxy.caches.store
        if store is None or request.key in self._written:
            self._written.discard(request.key)
            return result, True
        # It came from the store, where another process has written it meanwhile; or it was made and not stored.
        entry = await store.get(request.source.url, request.key)
        if entry is None or entry.result.etag != result.etag:
            raise NotStoredError("the source was purged while its variant was made")
        return result, False


SHARED: Final = 8
"""Originals of a chunk whose listing and bytes further rows of the same original find: a chunk is sorted by source."""


class StoreWorker:
    """Works on the items of a chunk: lists what the store has of an original, and makes the rest."""

    def __init__(
        self,
        renderer: BatchRenderer,
        planner: VariantPlanner,
        pacer: Pacer,
        items: Sequence[BatchItem],
        *,
        revalidates: bool = False,
    ) -> None:
        """``items``: of the chunk.

        ``revalidates``: each record is compared with its source, in place of its date with that of the source.
        """
        self._renderer = renderer
        self._planner = planner
        self._pacer = pacer
        self._rows = RowsLeft(item.source for item in items)
        self._revalidates = revalidates
        self._listings: RecentResults[StoredVariants] = RecentResults(SHARED)
        self._originals: RecentResults[FetchedOriginal] = RecentResults(SHARED)

    async def close(self) -> None:
        """Let go of the originals."""
        await self._listings.close()
        await self._originals.close()

    def units(self, item: BatchItem) -> Sequence[str]:
        """See ``ItemWorker``."""
        return [variant.label for variant in self._planner.of(item)]

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """See ``ItemWorker``."""
        variants = self._planner.of(item)
        requests = self._renderer.parse(item, variants)
        source = requests[0].source
        changed = await self._renderer.change_time(item, source)
        stored = StoredVariants({}, 0.0)
        if not self._revalidates:
            stored = await self._listings.get(source.url, lambda: self._renderer.list_stored(source))
        missing = [not stored.holds(request.key, changed) for request in requests]
        wanted = list(compress(zip(variants, requests, strict=True), missing))
        try:
            made = iter(await self._make(item, wanted) if wanted else ())
        finally:
            if self._rows.end(item.source):
                self._renderer.release_pixels(source)
        return [
            next(made) if is_missing else UnitOutcome(source=item.source, unit=variant.label, state=UnitState.SKIPPED)
            for variant, is_missing in zip(variants, missing, strict=True)
        ]

    async def _make(
        self, item: BatchItem, wanted: Sequence[tuple[VariantTemplate, ParsedRequest]]
    ) -> Sequence[UnitOutcome]:
        """Return the outcomes of the missing variants of an item."""
        first = wanted[0][1]

        async def outcome(variant: VariantTemplate, request: ParsedRequest) -> UnitOutcome:
            try:
                result, is_new = await self._renderer.render(request, fetched, self._pacer, len(wanted) - 1)
            except (MememimeError, OSError) as error:
                return UnitOutcome(source=item.source, unit=variant.label, state=UnitState.FAILED, error=error)
            return UnitOutcome(
                source=item.source,
                unit=variant.label,
                state=UnitState.DONE if is_new else UnitState.SKIPPED,
                size=len(result.variant.body) if is_new else 0,
            )

        async with self._renderer.originals:
            fetched = await self._originals.get(first.source.url, lambda: self._renderer.fetch(first))
            return await decode_once([partial(outcome, *each) for each in wanted])
