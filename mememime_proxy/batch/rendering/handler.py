"""Opens what `mememime batch render` needs in a process: the renderer, and the destination of files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from mememime_proxy.batch.model import BatchHandler, BatchItem
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.rendering.checks import planner_of
from mememime_proxy.batch.rendering.naming import FileNames
from mememime_proxy.batch.rendering.prefix import PrefixHandler, open_destination
from mememime_proxy.batch.rendering.renderer import BatchRenderer, StoreWorker
from mememime_proxy.batch.rendering.variants import RenderParameters
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.settings.settings import Settings


class SharedParts(Protocol):
    """What the batches of a process share."""

    settings: Settings

    async def renderer(self) -> BatchRenderer:
        """Return the open renderer."""
        ...


class StoreHandler:
    """Fills the store of variants. A chunk has no record of its own: the store's listing is that."""

    def __init__(self, make_worker: Callable[[Sequence[BatchItem]], StoreWorker]) -> None:
        self._make_worker = make_worker

    @contextlib.asynccontextmanager
    async def chunk(self, items: Sequence[BatchItem]) -> AsyncIterator[StoreWorker]:
        """See ``BatchHandler``."""
        worker = self._make_worker(items)
        try:
            yield worker
        finally:
            await worker.close()


@contextlib.asynccontextmanager
async def open_handler(parts: SharedParts, spec: BatchSpec) -> AsyncIterator[BatchHandler]:
    """Yield the handler of a batch. BatchUsageError, SettingsError, StorageError.

    Arguments are checked here, too: a worker of jobs has settings of its own.
    """
    renderer = await parts.renderer()
    parameters = msgspec.convert(spec.parameters, RenderParameters)
    planner, pacer = planner_of(parts.settings, parameters), Pacer(spec.rate)
    if not parameters.prefix:
        yield StoreHandler(partial(StoreWorker, renderer, planner, pacer, revalidates=parameters.revalidates))
        return
    async with open_destination(parameters.prefix, renderer.storages) as storage:
        yield PrefixHandler(renderer, planner, pacer, FileNames(parameters.template), storage, spec.name)
