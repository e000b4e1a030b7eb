"""Verification of stored originals: each is read and hashed again once in a cycle, to detect corrupt objects.

New assets are read first, then those whose last check is the oldest. An asset whose digest differs twice is
quarantined until the same bytes are uploaded again, or a later check finds the right digest. Readers verify the digest
as well, so they never deliver corrupt bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, and_, or_, select, update

from mememime_proxy.errors import (
    AssetNotFoundError,
    DatabaseError,
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.maintenance.background import BackgroundTask
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.service.logs import limited_logger
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import Storage

PACE: Final = 16 << 20
"""Bytes read per second: a tenth of a hard disk's rate, 1.3 TiB a day."""
_PAGE: Final = 50
_IDLE: Final = 60.0
"""Seconds until the next round when no asset is due, or the database or the storage is unavailable."""
_TRANSIENT_ERRORS = (StorageUnavailableError, StorageTimeoutError, StorageDeniedError)
"""Errors that say nothing about the stored bytes."""
_VERIFIABLE: Final = or_(
    ASSETS.c.state == AssetState.READY,
    and_(ASSETS.c.state == AssetState.QUARANTINED, ASSETS.c.reason.in_((AssetDefect.CORRUPT, AssetDefect.MISSING))),
)


@dataclass(frozen=True, slots=True)
class CorruptAsset:
    """An asset whose stored bytes are missing or have another digest."""

    sha256: str
    reason: str


class Scrubber(BackgroundTask):
    """Verifies stored assets. Several processes may run one at once; each takes assets that are due."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Callable[[], int],
        cycle: int,
        outbox: Outbox,
        metrics: ResourceMetrics | None = None,
        *,
        pace: float = PACE,
    ) -> None:
        """Create; ``cycle``: milliseconds after which an asset is due again, ``pace``: bytes per second."""
        self._database = database
        self._storage = storage
        self._clock = clock
        self._cycle = cycle
        self._outbox = outbox
        self._metrics = metrics or ResourceMetrics()
        self._pace = pace
        self._log = limited_logger()

    async def _work(self) -> None:
        while True:
            idle = True
            try:
                count, _ = await self.round()
                idle = not count
            except (DatabaseError, StorageError) as error:
                self._log.warning("scrub.failed", detail=error.detail)
            if idle:
                await asyncio.sleep(_IDLE)

    async def round(self) -> tuple[int, list[CorruptAsset]]:
        """Read some assets that are due; return their number and the defective ones."""
        rows = await self._load_due()
        random.shuffle(rows)
        count = 0
        corrupt: list[CorruptAsset] = []
        for row in rows:
            if await self._is_due(row) and (reason := await self._verify(row)) is not None:
                count += 1
                if await self._conclude(row, reason):
                    corrupt.append(CorruptAsset(row.sha256, reason))
        return count, corrupt

    async def check(self, sha256: str, since: int | None = None) -> str | None:
        """Read one asset now, whatever its cycle, and record what is found; return its defect, '' = none.

        None where it was read at ``since`` or later: it is not read again. AssetNotFoundError for one that has no bytes
        to verify; StorageError where they cannot be read now, DatabaseError.
        """
        async with self._database.read() as tx:
            row = (await tx.execute(select(ASSETS).where(ASSETS.c.sha256 == sha256, _VERIFIABLE))).one_or_none()
        if row is None:
            raise AssetNotFoundError(f"there is no asset {sha256} that has stored bytes")
        if since is not None and row.checked is not None and row.checked >= since:
            return None
        reason = await self._find_defect(row)
        await self._conclude(row, reason)
        return reason

    async def _conclude(self, row: Row[Any], reason: str) -> bool:
        """Record the result of a verification, and return whether a ready asset is defective."""
        is_new = bool(reason) and row.state == AssetState.READY
        self._metrics.scrubbed.labels(reason or "ok").inc()
        if is_new:
            self._log.error("original.corrupt", sha256=row.sha256, reason=reason)
        await self._record(row, reason)
        return is_new

    async def _load_due(self) -> list[Row[Any]]:
        ready: Select[Any] = select(ASSETS).where(_VERIFIABLE).limit(_PAGE)
        cutoff = self._clock() - self._cycle
        async with self._database.read() as tx:
            unchecked = (await tx.execute(ready.where(ASSETS.c.checked.is_(None)))).all()
            if unchecked:
                return list(unchecked)
            oldest = ready.where(ASSETS.c.checked < cutoff).order_by(ASSETS.c.checked)
            return list((await tx.execute(oldest)).all())

    async def _is_due(self, row: Row[Any]) -> bool:
        """Return whether no other process has checked the asset meanwhile."""
        async with self._database.read() as tx:
            return (await tx.execute(select(ASSETS.c.sha256).where(_unchanged(row)))).first() is not None

    async def _verify(self, row: Row[Any]) -> str | None:
        """Return the defect; '' = none, None = the object cannot be read now."""
        try:
            return await self._find_defect(row)
        except _TRANSIENT_ERRORS as error:
            self._log.warning("original.unreadable", sha256=row.sha256, detail=error.detail)
            return None

    async def _find_defect(self, row: Row[Any]) -> str:
        for _ in range(2):
            try:
                digest = await self._digest(row)
            except ObjectNotFoundError:
                return AssetDefect.MISSING
            except _TRANSIENT_ERRORS:
                raise
            except StorageError:
                digest = ""
            if digest == row.stored_sha256:
                return ""
        return AssetDefect.CORRUPT

    async def _digest(self, row: Row[Any]) -> str:
        hasher = hashlib.sha256()
        body = await self._storage.open(asset_key(row.sha256))
        async with body:
            if body.info.size != row.stored_size:
                return ""
            async for chunk in body:
                hasher.update(chunk)
                self._metrics.scrubbed_bytes.inc(len(chunk))
                await asyncio.sleep(len(chunk) / self._pace)
        return hasher.hexdigest()

    async def _record(self, row: Row[Any], reason: str) -> None:
        now = self._clock()
        values: dict[str, Any] = {"checked": now}
        state = AssetState.QUARANTINED if reason else AssetState.READY
        has_changed = (row.state, row.reason) != (state, reason)
        if has_changed:
            detail = AssetDefect(reason).detail if reason else ""
            values |= {"state": state, "reason": reason, "reason_detail": detail, "changed": now}
        async with self._database.write() as tx:
            recorded = await tx.execute(update(ASSETS).where(_unchanged(row)).values(values))
            if recorded.rowcount == 1 and has_changed:
                await self._outbox.add_asset(tx, row.sha256, now)


def _unchanged(row: Row[Any]) -> Any:
    """Match the row only while it is unchanged: the digest of replaced bytes says nothing about the new ones."""
    checked = ASSETS.c.checked.is_(None) if row.checked is None else ASSETS.c.checked == row.checked
    return and_(
        ASSETS.c.sha256 == row.sha256,
        ASSETS.c.state == row.state,
        ASSETS.c.stored_sha256 == row.stored_sha256,
        checked,
    )
