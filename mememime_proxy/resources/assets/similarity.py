"""Look-alikes: assets whose perceptual hash differs in few bits, by four look-ups in the indexes of its bands."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, bindparam, cast, exists, func, literal_column, select, union
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import AssetHashMissingError, RequestError
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.perceptual_hash import (
    BANDS,
    MAX_DISTANCE,
    band_candidates,
    from_hex,
    mirrored,
)
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AssetState

_HASH: Final = bindparam("hash", type_=BigInteger)


class Neighbour(NamedTuple):
    """A ready asset that looks like another one."""

    distance: int
    """Bits in which the hashes differ."""
    is_mirrored: bool
    """Whether it looks more like the mirrored picture."""
    asset: AssetRow


class Similarity:
    """A principal finds the assets of its tenant; an administrator finds all. All methods may raise DatabaseError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def neighbours(
        self, asset: AssetRow, principal: Principal, *, distance: int, limit: int
    ) -> tuple[list[Neighbour], bool]:
        """Return up to ``limit`` ready assets within ``distance`` bits, nearest first, and whether there are more.

        Exact: no asset within the distance is left out, and none is returned beyond. The hash of the mirrored picture
        is asked for, too. AssetHashMissingError; RequestError for a distance that is not 0 to MAX_DISTANCE.
        """
        if not 0 <= distance <= MAX_DISTANCE:
            raise RequestError(f"found the distance {distance}, expected 0 to {MAX_DISTANCE}")
        value = from_hex(str(asset.facts.get("phash", "")))
        if value is None:
            raise AssetHashMissingError(f"the asset {asset.sha256} is {asset.state} and has no perceptual hash")
        query = similarity_query(self._database.dialect, principal)
        fixed = {"asked": asset.sha256, "tenant": principal.tenant, "distance": distance, "limit": limit + 1}
        found: dict[str, Neighbour] = {}
        async with self._database.read() as tx:
            for is_mirrored, wanted in ((False, value), (True, mirrored(value))):
                for each in await _near(tx, query, wanted, fixed, is_mirrored):
                    known = found.get(each.asset.sha256)
                    if known is None or each.distance < known.distance:
                        found[each.asset.sha256] = each
        # The nearest of both questions are among the nearest of each.
        ordered = sorted(found.values(), key=lambda each: (each.distance, each.is_mirrored, each.asset.sha256))
        return ordered[:limit], len(ordered) > limit


def similarity_query(dialect: str, principal: Principal) -> Select[Any]:
    """Return the statement whose parameters are ``similarity_parameters`` and asked, tenant, distance and limit."""
    # Bands alone decide within the union: a condition on another column could take its index instead.
    near = union(
        *(
            select(ASSETS.c.sha256, _distance(dialect).label("distance")).where(
                literal_column(band, BigInteger).in_(bindparam(f"band_{number}", expanding=True))
            )
            for number, band in enumerate(BANDS)
        )
    ).subquery("near")
    query = (
        select(*ASSETS.c, near.c.distance)
        .join(near, near.c.sha256 == ASSETS.c.sha256)
        .where(
            near.c.distance <= bindparam("distance"),
            ASSETS.c.sha256 != bindparam("asked"),
            # An expression, so that SQLite does not begin with all ready assets, by the index of states.
            func.coalesce(ASSETS.c.state, "") == AssetState.READY,
        )
        .order_by(near.c.distance, ASSETS.c.sha256)
        .limit(bindparam("limit", type_=Integer))
    )
    if principal.is_admin:
        return query
    is_own = exists().where(HOLDINGS.c.sha256 == ASSETS.c.sha256, HOLDINGS.c.tenant == bindparam("tenant"))
    return query.where(is_own)


def similarity_parameters(value: int, distance: int) -> dict[str, Any]:
    """Return the parameters that look up the neighbours of a hash."""
    bands = band_candidates(value, distance)
    return {"hash": value} | {f"band_{number}": band for number, band in enumerate(bands)}


def _distance(dialect: str) -> Any:
    if dialect == "sqlite":
        return func.bit_distance(ASSETS.c.phash, _HASH, type_=Integer)
    return func.bit_count(cast(ASSETS.c.phash.bitwise_xor(_HASH), BIT(64)), type_=BigInteger)


async def _near(
    tx: AsyncConnection, query: Select[Any], value: int, fixed: dict[str, Any], is_mirrored: bool
) -> list[Neighbour]:
    rows = await tx.execute(query, fixed | similarity_parameters(value, fixed["distance"]))
    return [Neighbour(row.distance, is_mirrored, AssetRow.of_row(row)) for row in rows]
