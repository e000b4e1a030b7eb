"""Comparison of the database with the storage: objects without a row, and rows without their object.

Both are read in the order of their keys, a page at a time, so memory and transactions stay small for any number of
objects. Both change during the comparison, so each difference is checked again before it is repaired. Objects and rows
that are younger than the grace period are not changed: an upload or a removal may be in progress. If more than a tenth
of all assets have no row or no object, the database probably belongs to another storage or is an old backup: no asset
is changed then without ``force``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

from sqlalchemy import Row, Select, Table, and_, delete, or_, select, update

from mememime_proxy.errors import ObjectNotFoundError, UploadGoneError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.assets.removal import STALE, Removal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, CHUNKS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_ASSETS, OPEN_UPLOADS, AssetState, UploadState
from mememime_proxy.resources.maintenance.differences import Difference, DifferenceKind, Report
from mememime_proxy.storage import asset_keys as layout
from mememime_proxy.storage.protocol import ObjectInfo, Storage

_CHUNK_LOST: Final = "a chunk of the upload was lost in the storage"
_PAGE: Final = 500
_MAX_SUSPECTS: Final = 50
"""Assets without a row or an object that are repaired, however large their share is."""
_MAX_SUSPECT_SHARE: Final = 0.1
"""Share of all assets up to which more than these are repaired."""


class Reconciler:
    """Compares and repairs. Several processes may run it at once, and beside the service.

    ``grace``: milliseconds. ``clock``: milliseconds since 1970, in step with the storage's clock. ``repair``: whether
    differences are repaired or only reported. ``force``: also repair where a large share of all assets differs.
    Raises DatabaseError, StorageError.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Callable[[], int],
        grace: int,
        outbox: Outbox,
        *,
        repair: bool = True,
        force: bool = False,
        on_difference: Callable[[Difference], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._grace = grace
        self._outbox = outbox
        self._repair = repair
        self._force = force
        self._on_difference = on_difference
        self._removal = Removal(database, storage)

    async def run(self) -> Report:
        """Compare everything once and return the report."""
        self._report = Report()
        await self._compare_assets()
        await self._compare_chunks()
        await self._compare_incoming()
        return self._report

    async def _compare_assets(self) -> None:
        rows = self._rows(ASSETS, lambda last: ASSETS.c.sha256 > last.sha256)
        suspects: list[tuple[DifferenceKind, str, Row[Any] | None]] = []
        async for key, row, info in _merge(
            ((layout.asset_key(row.sha256), row) async for row in rows), self._objects(layout.ASSETS, layout.asset_of)
        ):
            kind = await self._difference(key, row, info)
            if kind in {DifferenceKind.ORPHAN_ASSET, DifferenceKind.MISSING_ASSET}:
                suspects.append((kind, key, row))
            elif kind is not None:
                await self._handle_asset(kind, key, row)
        total = max(self._report.rows, self._report.objects)
        self._report.share_exceeded = not self._force and len(suspects) > max(_MAX_SUSPECTS, _MAX_SUSPECT_SHARE * total)
        for kind, key, row in suspects:
            if self._report.share_exceeded:
                self._note(kind, key, repaired=False)
            else:
                await self._handle_asset(kind, key, row)

    async def _difference(self, key: str, row: Row[Any] | None, info: ObjectInfo | None) -> DifferenceKind | None:
        if row is None:
            return None if info is None or self._in_grace_period(_modified(info)) else DifferenceKind.ORPHAN_ASSET
        size_matches = info is not None and info.size == row.stored_size
        if row.state in {*OPEN_ASSETS, AssetState.REMOVING}:
            is_stuck = self._clock() - row.changed >= STALE and not self._in_grace_period(row.changed)
            return DifferenceKind.STUCK_ASSET if is_stuck else None
        if row.state == AssetState.QUARANTINED:
            is_repairable = row.reason in {AssetDefect.MISSING, AssetDefect.CORRUPT} and row.checked is not None
            is_restored = size_matches and is_repairable and info is not None and _modified(info) > row.checked
            return DifferenceKind.RESTORED_ASSET if is_restored else None
        if size_matches:
            return None
        try:
            info = await self._storage.head(key)
        except ObjectNotFoundError:
            return None if self._in_grace_period(row.changed) else DifferenceKind.MISSING_ASSET
        return None if info.size == row.stored_size or self._in_grace_period(row.changed) else DifferenceKind.WRONG_SIZE

    async def _handle_asset(self, kind: DifferenceKind, key: str, row: Row[Any] | None) -> None:
        now = self._clock()
        if row is None:
            digest = layout.asset_of(key)
            if self._repair:
                confirmed = await self._removal.remove_orphan(digest, now)
            else:
                confirmed = not await self._exists(select(ASSETS.c.sha256).where(ASSETS.c.sha256 == digest))
        elif not self._repair:
            confirmed = await self._exists(select(ASSETS.c.sha256).where(_unchanged(row)))
        elif kind is DifferenceKind.RESTORED_ASSET:
            confirmed = await self._change(row, {"checked": None})
        elif row.state == AssetState.READY:
            defect = AssetDefect.MISSING if kind is DifferenceKind.MISSING_ASSET else AssetDefect.CORRUPT
            confirmed = await self._change(
                row,
                {
                    "state": AssetState.QUARANTINED,
                    "reason": defect,
                    "reason_detail": defect.detail,
                    "changed": now,
                    "checked": now,
                },
            )
        else:
            remove = self._removal.remove_stuck if row.state in OPEN_ASSETS else self._removal.remove
            confirmed = await remove(row.sha256, row.state, row.changed, now)
        if confirmed:
            self._note(kind, key, repaired=self._repair)

    async def _change(self, row: Row[Any], values: dict[str, Any]) -> bool:
        """Change the row of an asset unless it has changed since it was read."""
        async with self._database.write() as tx:
            changed = (await tx.execute(update(ASSETS).where(_unchanged(row)).values(values))).rowcount == 1
            if changed and "state" in values:
                await self._outbox.add_asset(tx, row.sha256, self._clock())
        return changed

    async def _compare_chunks(self) -> None:
        after = lambda last: or_(  # noqa: E731
            CHUNKS.c.upload > last.upload, and_(CHUNKS.c.upload == last.upload, CHUNKS.c.start > last.start)
        )
        rows = self._rows(CHUNKS, after)
        async for key, row, info in _merge(
            ((row.object_key, row) async for row in rows), self._objects(layout.CHUNKS, layout.upload_of)
        ):
            if row is None and info is not None:
                row_query = select(CHUNKS.c.start).where(
                    CHUNKS.c.upload == layout.upload_of(key), CHUNKS.c.object_key == key
                )
                await self._handle_orphan(DifferenceKind.ORPHAN_CHUNK, key, info, row_query)
            elif row is not None and info is None:
                await self._handle_missing_chunk(key, row)

    async def _compare_incoming(self) -> None:
        async for info in self._objects(layout.INCOMING, layout.upload_of):
            open_upload = and_(UPLOADS.c.id == layout.upload_of(info.key), UPLOADS.c.state.in_(OPEN_UPLOADS))
            await self._handle_orphan(
                DifferenceKind.ORPHAN_INCOMING, info.key, info, select(UPLOADS.c.id).where(open_upload)
            )

    async def _handle_orphan(self, kind: DifferenceKind, key: str, info: ObjectInfo, row_query: Select[Any]) -> None:
        """Delete an upload's object without a row. Its key is never used again."""
        if await self._exists(row_query) or self._in_grace_period(_modified(info)):
            return
        if self._repair:
            await self._storage.delete(key)
        self._note(kind, key, repaired=self._repair)

    async def _handle_missing_chunk(self, key: str, row: Row[Any]) -> None:
        try:
            await self._storage.head(key)
        except ObjectNotFoundError:
            pass
        else:
            return
        same_chunk = and_(CHUNKS.c.upload == row.upload, CHUNKS.c.start == row.start, CHUNKS.c.object_key == key)
        if not await self._exists(select(CHUNKS.c.start).where(same_chunk)):
            return
        if self._repair:
            async with self._database.write() as tx:
                await tx.execute(
                    update(UPLOADS)
                    .where(UPLOADS.c.id == row.upload, UPLOADS.c.state.in_(OPEN_UPLOADS))
                    .values(
                        state=UploadState.FAILED,
                        error_code=UploadGoneError.code,
                        error_detail=_CHUNK_LOST,
                        changed=self._clock(),
                    )
                )
                await tx.execute(delete(CHUNKS).where(same_chunk))
        self._note(DifferenceKind.MISSING_CHUNK, key, repaired=self._repair)

    async def _rows(self, table: Table, after: Callable[[Row[Any]], Any]) -> AsyncIterator[Row[Any]]:
        """Every row in the order of the primary key; a transaction for each page."""
        page = select(table).order_by(*table.primary_key.columns).limit(_PAGE)
        last: Row[Any] | None = None
        while True:
            async with self._database.read() as tx:
                rows = (await tx.execute(page if last is None else page.where(after(last)))).all()
            for row in rows:
                self._report.rows += 1
                yield row
            if len(rows) < _PAGE:
                return
            last = rows[-1]

    async def _objects(self, prefix: str, owner: Callable[[str], str]) -> AsyncIterator[ObjectInfo]:
        async for info in self._storage.list(prefix):
            self._report.objects += 1
            if owner(info.key):
                yield info
            else:
                self._report.foreign_objects += 1

    async def _exists(self, query: Select[Any]) -> bool:
        async with self._database.read() as tx:
            return (await tx.execute(query.limit(1))).first() is not None

    def _in_grace_period(self, moment: int) -> bool:
        is_recent = self._clock() - moment < self._grace
        self._report.in_grace_period += is_recent
        return is_recent

    def _note(self, kind: DifferenceKind, key: str, *, repaired: bool) -> None:
        self._report.differences[kind] += 1
        self._report.repairs[kind] += repaired
        self._on_difference(Difference(kind, key, repaired))


async def _merge(
    rows: AsyncIterator[tuple[str, Row[Any]]], objects: AsyncIterator[ObjectInfo]
) -> AsyncIterator[tuple[str, Row[Any] | None, ObjectInfo | None]]:
    """Yield each key of rows and objects once, with its row and its object; both come in the order of keys."""
    pair, info = await anext(rows, None), await anext(objects, None)
    while pair is not None or info is not None:
        if info is None or (pair is not None and pair[0] < info.key):
            assert pair is not None  # noqa: S101 - the loop's condition
            yield *pair, None
            pair = await anext(rows, None)
        elif pair is None or info.key < pair[0]:
            yield info.key, None, info
            info = await anext(objects, None)
        else:
            yield *pair, info
            pair, info = await anext(rows, None), await anext(objects, None)


def _unchanged(row: Row[Any]) -> Any:
    return and_(
        ASSETS.c.sha256 == row.sha256,
        ASSETS.c.state == row.state,
        ASSETS.c.changed == row.changed,
        ASSETS.c.stored_sha256 == row.stored_sha256,
    )


def _modified(info: ObjectInfo) -> int:
    """Return the time of the object's last change; 0 where the storage does not give one."""
    try:
        return int(parsedate_to_datetime(info.last_modified).timestamp() * 1000)
    except ValueError:
        return 0
