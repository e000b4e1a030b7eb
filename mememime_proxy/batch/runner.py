"""Runs the items of a chunk: some originals at a time, errors by item, those that pass again within a budget."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final

from mememime_proxy.batch.model import BatchHandler, BatchItem, ItemWorker, UnitOutcome, UnitState
from mememime_proxy.errors import MememimeError
from mememime_proxy.jobs.model import Items
from mememime_proxy.jobs.retries import MAX_TRIES, delay_before, passes
from mememime_proxy.service.logs import logger

_MIN_RETRIES: Final = 20
_RETRIED_SHARE: Final = 5
"""A chunk tries a fifth of its items again, and twenty at least."""


Begin = Callable[[int], AbstractAsyncContextManager[MememimeError | None]]
"""Entered when the item of this index may begin, until it has ended. Its value is the item's error, None = it runs."""


@contextlib.asynccontextmanager
async def _at_once(_index: int) -> AsyncIterator[None]:
    yield


@dataclass(slots=True)
class ChunkResult:
    """What came of a chunk up to now."""

    counts: Items = field(default_factory=Items)
    size: int = 0
    """Bytes that were written."""
    position: int = 0
    """Items at the start of the chunk that have ended without an error: a later run goes on there."""
    counted: Items = field(default_factory=Items)
    """Units of these items."""
    failures: list[UnitOutcome] = field(default_factory=list)


class ChunkRunner:
    """Runs chunks of one handler."""

    def __init__(
        self,
        handler: BatchHandler,
        width: int,
        on_outcome: Callable[[UnitOutcome], object] = lambda _outcome: None,
        tries: int = MAX_TRIES,
    ) -> None:
        """``width``: originals at a time. ``on_outcome`` is called once for each unit. ``tries``: of one item."""
        self._handler = handler
        self._width = width
        self._tries = tries
        self._on_outcome = on_outcome

    async def run(
        self,
        items: Sequence[BatchItem],
        begun: ChunkResult | None = None,
        on_progress: Callable[[ChunkResult], object] = lambda _result: None,
        begin: Begin = _at_once,
    ) -> ChunkResult:
        """Work on the items of a chunk from ``begun.position`` on, and return what came of all of it.

        ``on_progress`` is called after each item. Raises nothing but what the end of the handler's chunk raises.
        """
        async with self._handler.chunk(items) as worker:
            run = _Run(worker, items, begun or ChunkResult(), self._on_outcome, on_progress, self._tries, begin)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._width):
                    group.create_task(run.take_items())
        return run.result


class _Run:
    """One run of one chunk."""

    def __init__(
        self,
        worker: ItemWorker,
        items: Sequence[BatchItem],
        begun: ChunkResult,
        on_outcome: Callable[[UnitOutcome], object],
        on_progress: Callable[[ChunkResult], object],
        tries: int,
        begin: Begin,
    ) -> None:
        self._worker = worker
        self._begin = begin
        self._items = items
        self._on_outcome = on_outcome
        self._on_progress = on_progress
        self._tries = tries
        self._ended: dict[int, Items] = {}
        """Units of items that have ended without an error behind one that has not."""
        self._next = begun.position
        self._retries = max(_MIN_RETRIES, len(items) // _RETRIED_SHARE)
        self.result = begun

    async def take_items(self) -> None:
        """Work on one item after another until none is left."""
        while self._next < len(self._items):
            index = self._next
            self._next += 1
            item = self._items[index]
            async with self._begin(index) as refusal:
                outcomes = await self._process(item) if refusal is None else self._failed(item, refusal)
            before = self.result.counts
            for outcome in outcomes:
                self._count(outcome)
            self._advance(index, self.result.counts.minus(before))
            self._on_progress(self.result)

    def _advance(self, index: int, units: Items) -> None:
        if units.failed:
            return
        self._ended[index] = units
        result = self.result
        while (ended := self._ended.pop(result.position, None)) is not None:
            result.position += 1
            result.counted = result.counted.plus(ended)

    async def _process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """Return the outcomes of an item, after as many tries as its errors and the budget allow."""
        done: dict[str, UnitOutcome] = {}
        tries = 0
        while True:
            outcomes = await self._try(item)
            done |= {outcome.unit: outcome for outcome in outcomes if outcome.state is UnitState.DONE}
            tries += 1
            passing = any(outcome.error is not None and passes(outcome.error) for outcome in outcomes)
            if not passing or tries >= self._tries or not self._retries:
                # What an earlier try has made is there already for a later one.
                return [done.get(outcome.unit, outcome) for outcome in outcomes]
            self._retries -= 1
            await asyncio.sleep(delay_before(tries))

    async def _try(self, item: BatchItem) -> Sequence[UnitOutcome]:
        try:
            return await self._worker.process(item)
        except (MememimeError, OSError) as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a fault of the code costs one item, and is in the log
            logger().error("batch.item_crashed", source=item.source, exc_info=error)
            failure = MememimeError(f"{type(error).__name__}: {error}")
        return self._failed(item, failure)

    def _failed(self, item: BatchItem, error: MememimeError | OSError) -> Sequence[UnitOutcome]:
        return [
            UnitOutcome(source=item.source, unit=unit, state=UnitState.FAILED, error=error)
            for unit in self._worker.units(item)
        ]

    def _count(self, outcome: UnitOutcome) -> None:
        result = self.result
        done, skipped, failed = result.counts
        match outcome.state:
            case UnitState.DONE:
                done += 1
            case UnitState.SKIPPED:
                skipped += 1
            case UnitState.FAILED:
                failed += 1
                result.failures.append(outcome)
        result.counts = Items(done, skipped, failed)
        result.size += outcome.size
        self._on_outcome(outcome)
