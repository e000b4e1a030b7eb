"""One run of `mememime batch COMMAND`: the input, cut into chunks, through an engine; progress and report."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final, TextIO

import msgspec

from mememime_proxy.batch.chunks import cut, units_in
from mememime_proxy.batch.commands import WorkEstimate, find_command
from mememime_proxy.batch.engines.local import LocalEngine
from mememime_proxy.batch.inputs.model import BatchInput
from mememime_proxy.batch.inputs.opening import open_input
from mememime_proxy.batch.model import BatchItem, UnitOutcome
from mememime_proxy.batch.parts import BatchParts
from mememime_proxy.batch.progress import BatchProgress, ReportWriter
from mememime_proxy.batch.spec import BatchSpec, Shard
from mememime_proxy.batch.totals import BatchTotals
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings

_TICK: Final = 0.2
"""Seconds between two looks at the totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What every command of `mememime batch` takes."""

    shard: Shard = field(default_factory=Shard)
    chunk_seconds: float = 10.0
    job: str = ""
    """A name in place of the digest."""


@dataclass(slots=True)
class PreparedBatch:
    """A batch whose input is known and whose arguments were checked."""

    settings: Settings
    spec: BatchSpec
    source: BatchInput
    work: WorkEstimate
    options: RunOptions

    def chunks(self) -> AsyncGenerator[list[BatchItem], None]:
        """Yield the chunks of this run's shard."""
        units = units_in(self.options.chunk_seconds, self.work.seconds_each)
        return cut(self.source.items(), self.work.units, units, self.options.shard)

    async def count(self) -> tuple[int, int]:
        """Return the numbers of items and units of this run's shard. Reads the whole input."""
        items = units = 0
        async with contextlib.aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                items += len(chunk)
                units += sum(map(self.work.units, chunk))
        return items, units


async def prepare(settings: Settings, spec: BatchSpec, options: RunOptions) -> PreparedBatch:
    """Check a batch and give it its name. BatchUsageError, BatchInputError, SettingsError."""
    source, settings = open_input(spec.input, settings)
    work = find_command(spec.command).estimate(settings, spec)
    digest = await asyncio.to_thread(source.digest)
    # Whatever changes bytes: the operator's choices, and what presets mean.
    configuration = msgspec.msgpack.encode((sections.render_config(settings), sections.presets(settings)))
    named = spec.with_name(digest, configuration)
    if options.job:
        named = msgspec.structs.replace(named, name=options.job)
    return PreparedBatch(settings, named, source, work, options)


async def run_local(batch: PreparedBatch, progress: BatchProgress, report: TextIO | None) -> BatchTotals:
    """Run a batch in this process, and return its totals.

    TooManyErrorsError; the errors of inputs; SettingsError, WorkerError, StorageError where it cannot begin.
    """
    totals, writer, command = BatchTotals(), ReportWriter(report), find_command(batch.spec.command)

    def show(outcome: UnitOutcome) -> None:
        if (line := writer.write(outcome)) is not None:
            progress.show_failure(line)

    async with (
        BatchParts(batch.settings) as parts,
        command.open(parts, batch.spec) as handler,
    ):
        engine = LocalEngine(handler, command.width(batch.settings), batch.spec.max_errors, totals, show)
        ticks = asyncio.create_task(_tick(batch, parts, totals, progress))
        try:
            await engine.run(batch.chunks())
            totals.total = totals.ended
        finally:
            ticks.cancel()
            await asyncio.gather(ticks, return_exceptions=True)
            progress.finish(totals, batch.spec.name)
    return totals


async def _tick(batch: PreparedBatch, parts: BatchParts, totals: BatchTotals, progress: BatchProgress) -> None:
    counting = asyncio.create_task(batch.count()) if batch.source.is_local else None
    try:
        while True:
            if counting is not None and counting.done() and not counting.exception():
                totals.total = counting.result()[1]
            progress.show(totals, parts.cpu_seconds())
            await asyncio.sleep(_TICK)
    finally:
        if counting is not None:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
