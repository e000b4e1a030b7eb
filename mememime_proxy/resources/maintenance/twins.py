"""Near-duplicates: all pairs of a tenant's assets whose perceptual hashes differ in few bits, and groups of them.

The 64 bits are cut into three blocks more than the distance. Bits that differ lie in as many blocks at most, so that
two hashes within the distance are equal in three blocks at least: the database joins the hashes once for each choice of
three blocks, by equality, and counts the bits of what it finds. That is exact. Assets with the same hash are one row of
these joins, however many they are.

Where more than COMMON different hashes are equal in three blocks, as those of drawings on one plain background may be,
their join would grow with the square of their number: they are not compared by these blocks, and ``common`` counts it.
A pair is missed then only if each three blocks in which it is equal are common.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.perceptual_hash import MAX_DISTANCE, bit_distance
from mememime_proxy.resources.database.schema import HOLDINGS, TENANTS

COMMON: Final = 1000
"""Different hashes with three equal blocks that are compared with one another; or eight times the mean, if more."""
_BITS: Final = 64
_EQUAL_BLOCKS: Final = 3
_ROWS: Final = 2000
"""Rows that are read or written at a time."""
_MEMORY: Final = "64MB"
"""PostgreSQL's memory for one join; the rest is on its disk."""
_BITS_THAT_DIFFER: Final = {
    "sqlite": "bit_distance(one.phash, other.phash)",
    "postgresql": "bit_count(CAST(one.phash # other.phash AS bit(64)))",
}
_HELD: Final = """
    FROM assets JOIN holdings ON holdings.sha256 = assets.sha256
    WHERE holdings.tenant = :tenant AND coalesce(assets.state, '') = 'ready' AND assets.phash IS NOT NULL"""
_FILL: Final = f"""
    INSERT INTO twin_hashes SELECT row_number() OVER (ORDER BY assets.phash) - 1, assets.phash, count(*),
    min(assets.sha256) {_HELD} GROUP BY assets.phash"""
_COUNT_COMMON: Final = "SELECT {part} AS part FROM twin_hashes GROUP BY {part} HAVING count(*) > :most"
_JOIN: Final = """
    WITH keyed AS MATERIALIZED (SELECT id, phash, {part} AS part FROM twin_hashes {where})
    SELECT one.id, other.id, one.phash, other.phash FROM keyed AS one JOIN keyed AS other ON one.part = other.part
    WHERE one.id < other.id AND {differing} <= :distance"""
_GROUPS: Final = """
    SELECT coalesce(twin_roots.root, twin_hashes.id) AS root, assets.sha256 AS sha256, (
        SELECT min(name) FROM aliases
        WHERE aliases.sha256 = assets.sha256 AND aliases.state = 'active' AND aliases.tenant = :tenant
    ) AS alias
    FROM twin_hashes LEFT JOIN twin_roots ON twin_roots.id = twin_hashes.id
    JOIN assets ON assets.phash = twin_hashes.phash JOIN holdings ON holdings.sha256 = assets.sha256
    WHERE (twin_roots.id IS NOT NULL OR twin_hashes.members > 1)
    AND holdings.tenant = :tenant AND coalesce(assets.state, '') = 'ready'
    ORDER BY root, sha256"""
_PAIRS: Final = """
    SELECT one.sha256 AS one, other.sha256 AS other, twin_pairs.distance AS distance FROM twin_pairs
    JOIN twin_hashes AS one ON one.id = twin_pairs.one JOIN twin_hashes AS other ON other.id = twin_pairs.other
    ORDER BY distance, one, other"""
_TABLES: Final = {
    "twin_hashes": "id BIGINT PRIMARY KEY, phash BIGINT UNIQUE, members BIGINT, sha256 VARCHAR(64)",
    "twin_pairs": "one BIGINT, other BIGINT, distance INTEGER",
    "twin_roots": "id BIGINT PRIMARY KEY, root BIGINT",
}


class TwinAsset(NamedTuple):
    """An asset of a group; those of one group come one after another."""

    group: int
    """Number of the group within its tenant."""
    sha256: str
    alias: str
    """The first of the tenant's aliases that point at it; '' = none."""


class TwinPair(NamedTuple):
    """Two hashes within the distance, each represented by the first of its assets. Equal hashes are no pair."""

    first: str
    second: str
    distance: int


@dataclass(slots=True)
class TwinTotals:
    """Totals of one tenant."""

    assets: int = 0
    """With a perceptual hash."""
    hashes: int = 0
    pairs: int = 0
    groups: int = 0
    grouped: int = 0
    """Assets in groups."""
    common: int = 0
    """Parts of hashes that were not compared, because too many different hashes have them."""


class Twins:
    """Finds near-duplicates. Works on temporary tables of one long transaction that changes nothing.

    In this process there are eight bytes for each hash. DatabaseError.
    """

    def __init__(self, database: Database, distance: int, common: int = COMMON) -> None:
        """``database`` has no bound on the time of a statement. RequestError for a distance that is not 0 to 7."""
        if not 0 <= distance <= MAX_DISTANCE:
            raise RequestError(f"found the distance {distance}, expected 0 to {MAX_DISTANCE}")
        self._database = database
        self._distance = distance
        self._common = common
        self._parts = parts(distance)

    async def tenants(self) -> list[str]:
        """Return the tenants that hold assets."""
        names = select(TENANTS.c.name).where(TENANTS.c.name.in_(select(HOLDINGS.c.tenant))).order_by(TENANTS.c.name)
        async with self._database.read() as tx:
            return list((await tx.execute(names)).scalars())

    async def find(self, tenant: str, totals: TwinTotals) -> AsyncGenerator[TwinAsset | TwinPair, None]:
        """Yield the assets of all groups of a tenant, group by group, then all pairs; count them in ``totals``."""
        async with self._database.read() as tx:
            try:
                await self._prepare(tx, tenant, totals)
                await self._compare(tx, totals)
                root = -1
                async for row in _stream(tx, _GROUPS, {"tenant": tenant}):
                    totals.groups += row.root != root
                    root = row.root
                    totals.grouped += 1
                    yield TwinAsset(totals.groups, row.sha256, row.alias or "")
                async for row in _stream(tx, _PAIRS, {}):
                    yield TwinPair(min(row.one, row.other), max(row.one, row.other), row.distance)
            finally:
                if self._database.dialect == "sqlite":  # PostgreSQL drops them with the transaction
                    for table in _TABLES:
                        await tx.execute(text(f"DROP TABLE IF EXISTS temp.{table}"))

    async def _prepare(self, tx: AsyncConnection, tenant: str, totals: TwinTotals) -> None:
        is_sqlite = self._database.dialect == "sqlite"
        for table, columns in _TABLES.items():
            end = "" if is_sqlite else " ON COMMIT DROP"
            await tx.execute(text(f"CREATE TEMPORARY TABLE {table} ({columns}){end}"))
        await tx.execute(text(_FILL), {"tenant": tenant})
        if not is_sqlite:
            await tx.execute(text("ANALYZE twin_hashes"))
            await tx.execute(text(f"SET LOCAL work_mem = '{_MEMORY}'"))
        row = (await tx.execute(text("SELECT count(*), coalesce(sum(members), 0) FROM twin_hashes"))).one()
        totals.hashes, totals.assets = row[0], int(row[1])

    async def _compare(self, tx: AsyncConnection, totals: TwinTotals) -> None:
        """Write the pairs of all joins, and the groups that they make."""
        groups = _Groups(totals.hashes)
        compared: list[tuple[HashPart, frozenset[int]]] = []
        for part in self._parts:
            most = max(self._common, 8 * totals.hashes >> part.mask.bit_count())
            count = _COUNT_COMMON.format(part=part.sql)
            common = frozenset((await tx.execute(text(count), {"most": most})).scalars())
            totals.common += len(common)
            join = _JOIN.format(
                part=part.sql,
                where=f"WHERE {part.sql} NOT IN ({count})" if common else "",
                differing=_BITS_THAT_DIFFER[self._database.dialect],
            )
            values = {"distance": self._distance} | ({"most": most} if common else {})
            found: list[dict[str, int]] = []
            async for one, other, phash, other_phash in _stream(tx, join, values):
                if any(not (phash ^ other_phash) & each.mask and each.of(phash) not in left for each, left in compared):
                    continue  # an earlier join has found it
                groups.join(one, other)
                totals.pairs += 1
                found.append({"one": one, "other": other, "distance": bit_distance(phash, other_phash) or 0})
                if len(found) >= _ROWS:
                    await _insert(tx, "twin_pairs", found)
                    found = []
            await _insert(tx, "twin_pairs", found)
            compared.append((part, common))
        for start in range(0, totals.hashes, _ROWS):
            rows = groups.rows(start, min(start + _ROWS, totals.hashes))
            await _insert(tx, "twin_roots", rows)


class _Groups:
    """Union-find over numbers: each group is named by its smallest one."""

    def __init__(self, count: int) -> None:
        self._parents = array("q", range(count))
        self._joined = bytearray(count)

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        self._joined[one] = self._joined[other] = 1
        one, other = sorted((self._root(one), self._root(other)))
        self._parents[other] = one

    def _root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]  # halves the way for the next time
            number = parents[number]
        return number

    def rows(self, start: int, end: int) -> list[dict[str, int]]:
        """Return the groups of the numbers from ``start`` to ``end`` that have one."""
        return [{"id": number, "root": self._root(number)} for number in range(start, end) if self._joined[number]]


class HashPart:
    """Three blocks of a hash, side by side in one number."""

    def __init__(self, blocks: Sequence[tuple[int, int]]) -> None:
        """``blocks``: the first bit of each, and the one after its last."""
        self.mask = 0
        """The bits of the hash that it has."""
        self._shifts: list[tuple[int, int, int]] = []
        place = 0
        for start, end in blocks:
            self._shifts.append((start, (1 << end - start) - 1, place))
            self.mask |= (1 << end) - (1 << start)
            place += end - start
        # Side by side: PostgreSQL hashes both halves of a BIGINT by their exclusive or, in which blocks of the one
        # would cover those of the other.
        terms = (f"(((phash >> {start}) & {ones}) << {place})" for start, ones, place in self._shifts)
        self.sql = f"({' | '.join(terms)})"

    def of(self, value: int) -> int:
        """Return the part of a hash."""
        return sum(((value >> start) & ones) << place for start, ones, place in self._shifts)


def parts(distance: int) -> list[HashPart]:
    """Return parts such that hashes within the distance are equal in one of them at least."""
    if not distance:
        return []  # equal hashes are one row
    count = distance + _EQUAL_BLOCKS
    cuts = [round(_BITS * number / count) for number in range(count + 1)]
    return list(map(HashPart, itertools.combinations(itertools.pairwise(cuts), _EQUAL_BLOCKS)))


async def _stream(tx: AsyncConnection, statement: str, values: dict[str, Any]) -> AsyncIterator[Any]:
    """Yield the rows of a statement; some at a time are in memory."""
    async with tx.stream(text(statement), values) as result:
        async for rows in result.partitions(_ROWS):
            for row in rows:
                yield row


async def _insert(tx: AsyncConnection, table: str, rows: list[dict[str, int]]) -> None:
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{column}" for column in rows[0])
        await tx.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), rows)  # noqa: S608 - own names
