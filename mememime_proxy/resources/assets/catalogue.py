"""Lists of assets: sorted, filtered, from a cursor or from any place of a long list."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_

from mememime_proxy.resources.assets.filters import NO_FILTER, AssetFilter, conditions
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.positions import Place, Positions, RowKey
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS


class AssetOrder(enum.StrEnum):
    """What a list is sorted by; equals are sorted by digest."""

    DIGEST = "digest"
    CREATED = "created"
    """When the tenant got it."""
    SIZE = "size"


class ListedAsset(NamedTuple):
    """A row of a list."""

    asset: AssetRow
    filename: str
    key: RowKey
    """``number``: 0 where the list is sorted by digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetList:
    """Which list is meant."""

    tenant: str | None
    """None = that of all tenants."""
    filter: AssetFilter = NO_FILTER
    order: AssetOrder = AssetOrder.DIGEST
    descending: bool = False

    @classmethod
    def of(cls, principal: Principal, wanted: AssetFilter, order: AssetOrder, *, descending: bool) -> AssetList:
        """Return the list of a principal: an administrator's has all tenants' assets."""
        tenant = None if principal.is_admin else principal.tenant
        return cls(tenant=tenant, filter=wanted, order=order, descending=descending)


class Catalogue:
    """Lists of assets. All methods may raise DatabaseError."""

    def __init__(self, database: Database, positions: Positions) -> None:
        self._database = database
        self._positions = positions

    async def page(
        self, which: AssetList, *, after: RowKey | None = None, offset: int = 0, limit: int
    ) -> list[ListedAsset]:
        """Return up to ``limit`` rows behind the key ``after``, or from the row number ``offset`` on.

        By key, an asset that is in the list all the time comes exactly once, also while others change.
        """
        place: Place | None = Place(after, 0)
        if after is None and offset:
            place = await self._positions.place(which, _StoredListing(self._database, which), offset)
        if place is None:
            return []
        query = _page(which, place).limit(limit)
        async with self._database.read() as tx:
            rows = (await tx.execute(query)).all()
            names: dict[str, str] = {}
            if which.tenant is None:
                # By themselves: in the query of the page PostgreSQL would look them up for rows that are skipped, too.
                found = await tx.execute(_filenames([row.sha256 for row in rows]))
                names = {each.sha256: each.filename for each in found}
        return [
            ListedAsset(AssetRow.of_row(row), row.filename or names.get(row.sha256, ""), RowKey(row.number, row.sha256))
            for row in rows
        ]

    async def total(self, which: AssetList) -> int:
        """Return how many rows the list has; see ``Positions``."""
        return await self._positions.total(which, _StoredListing(self._database, which))

    async def close(self) -> None:
        """Stop what works in the background."""
        await self._positions.close()


class _StoredListing:
    """See ``Listing``."""

    def __init__(self, database: Database, which: AssetList) -> None:
        self._database, self._which = database, which

    async def key_after(self, key: RowKey | None, skipped: int) -> RowKey | None:
        query = _keys(self._which, Place(key, skipped)).limit(1)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).one_or_none()
        return None if row is None else RowKey(row.number, row.digest)

    async def count_after(self, key: RowKey | None, most: int) -> int:
        query = select(func.count()).select_from(_keys(self._which, Place(key, 0)).limit(most).subquery())
        async with self._database.read() as tx:
            return int((await tx.execute(query)).scalar_one())


def _page(which: AssetList, place: Place) -> Select[Any]:
    number, digest = _sorted_by(which)
    filename = literal("") if which.tenant is None else HOLDINGS.c.filename
    query = select(ASSETS, filename.label("filename"), number.label("number"))
    if which.tenant is not None:
        query = query.join(HOLDINGS, HOLDINGS.c.sha256 == ASSETS.c.sha256)
    return _placed(query, which, number, digest, place)


def _filenames(digests: list[str]) -> Select[tuple[str, str]]:
    """Return the query for names of files that any tenant gave the assets."""
    return (
        select(HOLDINGS.c.sha256, func.min(HOLDINGS.c.filename).label("filename"))
        .where(HOLDINGS.c.sha256.in_(digests), HOLDINGS.c.filename != "")
        .group_by(HOLDINGS.c.sha256)
    )


def _keys(which: AssetList, place: Place) -> Select[Any]:
    """Return the query for keys alone: without filters it reads one index, and no row of ASSETS."""
    number, digest = _sorted_by(which)
    query = select(number.label("number"), digest.label("digest"))
    if which.tenant is not None and not which.filter.is_empty:
        query = query.join(ASSETS, HOLDINGS.c.sha256 == ASSETS.c.sha256)
    return _placed(query, which, number, digest, place)


def _placed(
    query: Select[Any], which: AssetList, number: ColumnElement[Any], digest: ColumnElement[Any], place: Place
) -> Select[Any]:
    query = query.where(*conditions(which.filter, which.tenant))
    if which.tenant is not None:
        query = query.where(HOLDINGS.c.tenant == which.tenant)
    columns = [digest] if which.order is AssetOrder.DIGEST else [number, digest]
    if place.key is not None:
        row, key = tuple_(*columns), tuple_(*place.key[-len(columns) :])
        query = query.where(row < key if which.descending else row > key)
    query = query.order_by(*(column.desc() if which.descending else column for column in columns))
    return query.offset(place.skipped) if place.skipped else query


def _sorted_by(which: AssetList) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    table = ASSETS if which.tenant is None else HOLDINGS
    match which.order:
        case AssetOrder.DIGEST:
            return literal(0), table.c.sha256
        case AssetOrder.CREATED:
            return table.c.created, table.c.sha256
        case AssetOrder.SIZE:
            return table.c.size, table.c.sha256
