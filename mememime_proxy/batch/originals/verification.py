"""`mememime batch verify`: stored originals are read and hashed again now, by the code of the scrubber."""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import msgspec

from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import OriginalDefectError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.database.engine import now
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.resources.parts import open_backend
from mememime_proxy.settings.settings import Settings

SECONDS_EACH: Final = 0.02
"""Time of one original of two megabytes from a near storage."""

_HOUR: Final = 3_600_000


class VerifyParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What `mememime batch verify` is asked for."""

    hours: float = 0.0
    """Originals that were read within so many hours are not read again; 0 = all are."""


class HasSettings(Protocol):
    """What the batches of a process share."""

    settings: Settings


class VerifyHandler:
    """Verifies originals. What was found is marked in the database, as the scrubber marks it."""

    def __init__(self, scrubber: Scrubber, assets: Assets, since: int | None, pacer: Pacer) -> None:
        self._scrubber = scrubber
        self._assets = assets
        self._since = since
        self._pacer = pacer

    @contextlib.asynccontextmanager
    async def chunk(self, items: Sequence[BatchItem]) -> AsyncIterator[VerifyHandler]:
        """See ``BatchHandler``."""
        yield self

    def units(self, item: BatchItem) -> Sequence[str]:
        """See ``ItemWorker``."""
        return ("",)

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """See ``ItemWorker``. OriginalDefectError for an original that is missing or corrupt."""
        await self._pacer.wait()
        defect = await self._scrubber.check(await self._assets.resolve(item.source), self._since)
        if defect:
            raise OriginalDefectError(AssetDefect(defect).detail)
        state = UnitState.SKIPPED if defect is None else UnitState.DONE
        return (UnitOutcome(source=item.source, unit="", state=state),)


@contextlib.asynccontextmanager
async def open_verification(parts: HasSettings, spec: BatchSpec) -> AsyncIterator[VerifyHandler]:
    """Yield the handler of a batch. SettingsError, DatabaseError."""
    parameters = msgspec.convert(spec.parameters, VerifyParameters)
    async with open_backend(parts.settings, "a verification, which marks what it finds,") as backend:
        scrubber = Scrubber(backend.database, backend.storage, now, 0, backend.outbox, pace=math.inf)
        assets = Assets(backend.database, now, backend.outbox)
        since = now() - int(parameters.hours * _HOUR) if parameters.hours else None
        yield VerifyHandler(scrubber, assets, since, Pacer(spec.rate))
