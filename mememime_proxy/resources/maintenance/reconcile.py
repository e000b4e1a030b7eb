"""Holds the database against the storage: objects that no row knows, and rows whose object is not there.

Both are walked in the order of their keys, a page at a time, so memory and transactions stay small however much there
is. What looks wrong is looked at once more on its own before anything is done, because both change meanwhile. Nothing
that is younger than the grace period is touched: somebody may be in the middle of making it whole. Where a tenth of
all assets seem to be lost or nobody's, the database is not this storage's, or an old backup: that is left to people.
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
from mememime_proxy.resources.database.schema import ASSETS, CHUNKS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_ASSETS, OPEN_UPLOADS, AssetState, UploadState
from mememime_proxy.resources.maintenance.differences import Difference, DifferenceKind, Report
from mememime_proxy.storage import asset_keys as layout
from mememime_proxy.storage.protocol import ObjectInfo, Storage

_LOST: Final = "a chunk of the upload was lost in the storage"
_PAGE: Final = 500
_FEW: Final = 50
"""Assets that may be lost or nobody's whatever their share is."""
_SHARE: Final = 0.1


class Reconciler:
    """``run`` may be at work in several processes at once, and beside the service. Errors: DatabaseError, StorageError.

    ``grace`` in milliseconds; ``clock`` tells milliseconds since 1970 and should agree with the storage's. ``mend``:
    whether what can be put right is. ``force``: also where that is a large share of all assets.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Callable[[], int],
        grace: int,
        *,
        mend: bool = True,
        force: bool = False,
        on_difference: Callable[[Difference], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._grace = grace
        self._mend = mend
        self._force = force
        self._on_difference = on_difference
        self._removal = Removal(database, storage)

    async def run(self) -> Report:
        """Compare everything once and return the report."""
        self._report = Report()
        await self._assets()
        await self._chunks()
        await self._incoming()
        return self._report

    async def _assets(self) -> None:
        rows = self._rows(ASSETS, lambda last: ASSETS.c.sha256 > last.sha256)
        suspects: list[tuple[DifferenceKind, str, Row[Any] | None]] = []
        async for key, row, found in _paired(
            ((layout.asset_key(row.sha256), row) async for row in rows), self._objects(layout.ASSETS, layout.asset_of)
        ):
            kind = await self._wrong(key, row, found)
            if kind in {DifferenceKind.ORPHAN_ASSET, DifferenceKind.MISSING_ASSET}:
                suspects.append((kind, key, row))
            elif kind is not None:
                await self._asset(kind, key, row)
        everything = max(self._report.rows, self._report.objects)
        self._report.too_many = not self._force and len(suspects) > max(_FEW, _SHARE * everything)
        for kind, key, row in suspects:
            if self._report.too_many:
                self._note(kind, key, mended=False)
            else:
                await self._asset(kind, key, row)

    async def _wrong(self, key: str, row: Row[Any] | None, found: ObjectInfo | None) -> DifferenceKind | None:
        if row is None:
            return None if found is None or self._is_young(_written(found)) else DifferenceKind.ORPHAN_ASSET
        fits = found is not None and found.size == row.stored_size
        if row.state in {*OPEN_ASSETS, AssetState.REMOVING}:
            left = self._clock() - row.changed >= STALE and not self._is_young(row.changed)
            return DifferenceKind.STUCK_ASSET if left else None
        if row.state == AssetState.QUARANTINED:
            back = fits and row.reason in {AssetDefect.MISSING, AssetDefect.CORRUPT} and row.checked is not None
            return DifferenceKind.RETURNED if back and found is not None and _written(found) > row.checked else None
        if fits:
            return None
        try:
            found = await self._storage.head(key)
        except ObjectNotFoundError:
            return None if self._is_young(row.changed) else DifferenceKind.MISSING_ASSET
        return None if found.size == row.stored_size or self._is_young(row.changed) else DifferenceKind.WRONG_SIZE

    async def _asset(self, kind: DifferenceKind, key: str, row: Row[Any] | None) -> None:
        now = self._clock()
        if row is None:
            digest = layout.asset_of(key)
            if self._mend:
                found = await self._removal.remove_orphan(digest, now)
            else:
                found = not await self._is_there(select(ASSETS.c.sha256).where(ASSETS.c.sha256 == digest))
        elif not self._mend:
            found = await self._is_there(select(ASSETS.c.sha256).where(_same(row)))
        elif kind is DifferenceKind.RETURNED:
            found = await self._change(row, {"checked": None})
        elif row.state == AssetState.READY:
            finding = AssetDefect.MISSING if kind is DifferenceKind.MISSING_ASSET else AssetDefect.CORRUPT
            found = await self._change(
                row,
                {
                    "state": AssetState.QUARANTINED,
                    "reason": finding,
                    "reason_detail": finding.detail,
                    "changed": now,
                    "checked": now,
                },
            )
        else:
            remove = self._removal.remove_stuck if row.state in OPEN_ASSETS else self._removal.remove
            found = await remove(row.sha256, row.state, row.changed, now)
        if found:
            self._note(kind, key, mended=self._mend)

    async def _change(self, row: Row[Any], values: dict[str, Any]) -> bool:
        """Change the row of an asset unless it has changed since it was read."""
        async with self._database.write() as tx:
            return (await tx.execute(update(ASSETS).where(_same(row)).values(values))).rowcount == 1

    async def _chunks(self) -> None:
        after = lambda last: or_(  # noqa: E731
            CHUNKS.c.upload > last.upload, and_(CHUNKS.c.upload == last.upload, CHUNKS.c.start > last.start)
        )
        rows = self._rows(CHUNKS, after)
        async for key, row, found in _paired(
            ((row.object_key, row) async for row in rows), self._objects(layout.CHUNKS, layout.upload_of)
        ):
            if row is None and found is not None:
                known = select(CHUNKS.c.start).where(
                    CHUNKS.c.upload == layout.upload_of(key), CHUNKS.c.object_key == key
                )
                await self._orphan(DifferenceKind.ORPHAN_CHUNK, key, found, known)
            elif row is not None and found is None:
                await self._missing_chunk(key, row)

    async def _incoming(self) -> None:
        async for found in self._objects(layout.INCOMING, layout.upload_of):
            mine = and_(UPLOADS.c.id == layout.upload_of(found.key), UPLOADS.c.state.in_(OPEN_UPLOADS))
            await self._orphan(DifferenceKind.ORPHAN_INCOMING, found.key, found, select(UPLOADS.c.id).where(mine))

    async def _orphan(self, kind: DifferenceKind, key: str, found: ObjectInfo, known: Select[Any]) -> None:
        """Delete an object of an upload that no row knows. Its key is never used again."""
        if await self._is_there(known) or self._is_young(_written(found)):
            return
        if self._mend:
            await self._storage.delete(key)
        self._note(kind, key, mended=self._mend)

    async def _missing_chunk(self, key: str, row: Row[Any]) -> None:
        try:
            await self._storage.head(key)
        except ObjectNotFoundError:
            pass
        else:
            return
        mine = and_(CHUNKS.c.upload == row.upload, CHUNKS.c.start == row.start, CHUNKS.c.object_key == key)
        if not await self._is_there(select(CHUNKS.c.start).where(mine)):
            return
        if self._mend:
            async with self._database.write() as tx:
                await tx.execute(
                    update(UPLOADS)
                    .where(UPLOADS.c.id == row.upload, UPLOADS.c.state.in_(OPEN_UPLOADS))
                    .values(
                        state=UploadState.FAILED,
                        error_code=UploadGoneError.code,
                        error_detail=_LOST,
                        changed=self._clock(),
                    )
                )
                await tx.execute(delete(CHUNKS).where(mine))
        self._note(DifferenceKind.MISSING_CHUNK, key, mended=self._mend)

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
                self._report.strangers += 1

    async def _is_there(self, wanted: Select[Any]) -> bool:
        async with self._database.read() as tx:
            return (await tx.execute(wanted.limit(1))).first() is not None

    def _is_young(self, moment: int) -> bool:
        young = self._clock() - moment < self._grace
        self._report.young += young
        return young

    def _note(self, kind: DifferenceKind, key: str, *, mended: bool) -> None:
        self._report.found[kind] += 1
        self._report.mended[kind] += mended
        self._on_difference(Difference(kind, key, mended))


async def _paired(
    rows: AsyncIterator[tuple[str, Row[Any]]], objects: AsyncIterator[ObjectInfo]
) -> AsyncIterator[tuple[str, Row[Any] | None, ObjectInfo | None]]:
    """Both, which are in the order of keys, side by side: each key that either has, once."""
    pair, found = await anext(rows, None), await anext(objects, None)
    while pair is not None or found is not None:
        if found is None or (pair is not None and pair[0] < found.key):
            assert pair is not None  # noqa: S101 - the loop's condition
            yield *pair, None
            pair = await anext(rows, None)
        elif pair is None or found.key < pair[0]:
            yield found.key, None, found
            found = await anext(objects, None)
        else:
            yield *pair, found
            pair, found = await anext(rows, None), await anext(objects, None)


def _same(row: Row[Any]) -> Any:
    return and_(
        ASSETS.c.sha256 == row.sha256,
        ASSETS.c.state == row.state,
        ASSETS.c.changed == row.changed,
        ASSETS.c.stored_sha256 == row.stored_sha256,
    )


def _written(info: ObjectInfo) -> int:
    """When the object was written; an object that does not say so is old."""
    try:
        return int(parsedate_to_datetime(info.last_modified).timestamp() * 1000)
    except ValueError:
        return 0
