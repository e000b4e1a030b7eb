"""`mememime batch facts`: the facts of assets, found again by the code that finds those of an upload."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.originals.opening import OpenUploads, SharedUploads
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import BatchUsageError, ObjectNotFoundError, OriginalDefectError
from mememime_proxy.resources.assets.facts import FactsRenewal
from mememime_proxy.resources.assets.model import AssetDefect, AssetRow
from mememime_proxy.resources.database.engine import now
from mememime_proxy.resources.database.film_facts import add_film_facts
from mememime_proxy.resources.uploads.temp_file import TempFile
from mememime_proxy.storage.asset_keys import asset_key

FACTS: Final = AssetFacts.__struct_fields__
"""Names of all facts."""
SECONDS_EACH: Final = 0.02
"""CPU time of one original, measured (benchmarks/results, bulk)."""


class FactsParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What `mememime batch facts` is asked for."""

    only: tuple[str, ...] = ()
    """Facts to replace; () = all."""
    missing: bool = False
    """Whether assets that have all of them are not decoded."""


def check_facts(parameters: FactsParameters) -> None:
    """Raise BatchUsageError for a fact that there is not."""
    if unknown := sorted(set(parameters.only) - set(FACTS)):
        raise BatchUsageError(f"--only: found {unknown[0]!r}, expected facts of {', '.join(FACTS)}")


class FactsHandler:
    """Finds facts of originals. It has no record of its own: what has changed is in the database."""

    def __init__(self, uploads: OpenUploads, parameters: FactsParameters, pacer: Pacer) -> None:
        self._uploads = uploads
        self._rows = FactsRenewal(uploads.database, now)
        self._names = parameters.only or FACTS
        self._missing = parameters.missing
        self._pacer = pacer

    @contextlib.asynccontextmanager
    async def chunk(self, items: Sequence[BatchItem]) -> AsyncIterator[FactsHandler]:
        """See ``BatchHandler``."""
        yield self

    def units(self, item: BatchItem) -> Sequence[str]:
        """See ``ItemWorker``."""
        return ("",)

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """See ``ItemWorker``. OriginalDefectError where the stored bytes are gone or damaged."""
        stored = await self._rows.find(await self._uploads.assets.resolve(item.source))
        is_new = False
        if not self._missing or stored.lacks(self._names):
            await self._pacer.wait()
            await self._uploads.watch.wait()
            found = await self._inspect(stored.asset)
            is_new = await self._rows.renew(stored, {**stored.asset.facts, **found})
        return (UnitOutcome(source=item.source, unit="", state=UnitState.DONE if is_new else UnitState.SKIPPED),)

    async def _inspect(self, asset: AssetRow) -> dict[str, Any]:
        async with self._uploads.parts.temp_files.new() as temp_file:
            await read_asset(self._uploads, asset, temp_file)
            inspected = await self._uploads.steps.ingest.inspect(temp_file, asset.sha256)
        async with self._uploads.database.write() as tx:
            await add_film_facts(tx, self._uploads.database, {asset.sha256: inspected.film}, now())
        facts: dict[str, Any] = msgspec.to_builtins(inspected.facts)
        # An asset without facts, of a service that was restored in part, gets all.
        return {name: value for name, value in facts.items() if name in self._names or name not in asset.facts}


async def read_asset(uploads: OpenUploads, asset: AssetRow, temp_file: TempFile) -> None:
    """Read the stored bytes of an asset into a file. OriginalDefectError where they are gone or damaged."""
    try:
        body = await uploads.parts.storage.open(asset_key(asset.sha256))
    except ObjectNotFoundError:
        raise OriginalDefectError(AssetDefect.MISSING.detail) from None
    async with body:
        async for chunk in body:
            await temp_file.write(chunk)
    if await temp_file.finish() != asset.stored_sha256:
        raise OriginalDefectError(AssetDefect.CORRUPT.detail)


@contextlib.asynccontextmanager
async def open_facts(parts: SharedUploads, spec: BatchSpec) -> AsyncIterator[FactsHandler]:
    """Yield the handler of a batch. BatchUsageError, SettingsError, DatabaseError."""
    parameters = msgspec.convert(spec.parameters, FactsParameters)
    check_facts(parameters)
    yield FactsHandler(await parts.uploads(), parameters, Pacer(spec.rate))
