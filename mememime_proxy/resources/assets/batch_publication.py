"""The rows of many assets on their way to readiness, with a few statements for all: as ``publication`` does for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import QuotaError
from mememime_proxy.resources.assets.lifted import LIFTED, lifted_columns
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.publication import (
    CLAIMABLE,
    StoredOriginal,
    new_holding,
    new_row,
    quarantined_row,
)
from mememime_proxy.resources.auth.quotas import Room
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.film_facts import add_film_facts
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AssetState

_BY_DIGESTS: Final = select(ASSETS).where(ASSETS.c.sha256.in_(bindparam("digests", expanding=True)))
_LOCK: Final = _BY_DIGESTS.order_by(ASSETS.c.sha256).with_for_update()
_HELD: Final = select(HOLDINGS.c.sha256).where(
    HOLDINGS.c.tenant == bindparam("who"), HOLDINGS.c.sha256.in_(bindparam("digests", expanding=True))
)
_READY: Final = (
    update(ASSETS)
    .where(ASSETS.c.sha256 == bindparam("digest"))
    .values({
        column: bindparam(f"new_{column}")
        for column in ("state", "stored_sha256", "stored_size", "facts", *LIFTED, "changed", "checked")
    })
)  # fmt: skip
_RECLAIM: Final = (
    update(ASSETS)
    # Each state by itself: a statement for many rows cannot have IN.
    .where(ASSETS.c.sha256 == bindparam("digest"), or_(*(ASSETS.c.state == state for state in CLAIMABLE)))
    .values(
        state=AssetState.VERIFYING,
        reason="",
        reason_detail="",
        deleted=None,
        size=bindparam("new_size"),
        changed=bindparam("new_changed"),
    )
)


class BatchPublication:
    """All methods may raise DatabaseError."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database, self._outbox = database, outbox
        self._insert_asset = database.insert(ASSETS).on_conflict_do_nothing()
        self._insert_holding = database.insert(HOLDINGS).on_conflict_do_nothing()

    async def find(self, digests: Sequence[str]) -> dict[str, AssetRow]:
        """Return the rows of those digests that have one, without a check of permissions."""
        async with self._database.read() as tx:
            rows = await tx.execute(_BY_DIGESTS, {"digests": list(digests)})
            return {row.sha256: AssetRow.of_row(row) for row in rows}

    async def claim(self, sizes: Mapping[str, int], now: int) -> set[str]:
        """Bring the rows to ``verifying``, or leave them ``ready``; return those that are not being removed."""
        if not sizes:
            return set()
        digests = sorted(sizes)
        rows = [
            new_row(sha256, sizes[sha256], now) | {"state": AssetState.VERIFYING, "stored_size": sizes[sha256]}
            for sha256 in digests
        ]
        async with self._database.write() as tx:
            before = {row.sha256: row.state for row in await tx.execute(_LOCK, {"digests": digests})}
            await tx.execute(self._insert_asset, rows)
            again = [sha256 for sha256, state in before.items() if state in CLAIMABLE]
            if again:
                changes = [{"digest": each, "new_size": sizes[each], "new_changed": now} for each in again]
                await tx.execute(_RECLAIM, changes)
            after = await tx.execute(_BY_DIGESTS, {"digests": digests})
            return {row.sha256 for row in after if row.state in {AssetState.VERIFYING, AssetState.READY}}

    async def quarantine(self, reasons: Mapping[str, tuple[int, str, str]], now: int) -> None:
        """Record that bytes cannot be decoded: size, error code and detail; assets that exist stay as they are."""
        if not reasons:
            return
        rows = [quarantined_row(sha256, *reason, now) for sha256, reason in sorted(reasons.items())]
        async with self._database.write() as tx:
            await tx.execute(self._insert_asset, rows)

    async def lock(self, tx: AsyncConnection, stored: Mapping[str, StoredOriginal]) -> dict[str, Row[Any]]:
        """Lock and return the rows that can be published; those that are missing have to be stored again."""
        rows = {row.sha256: row for row in await tx.execute(_LOCK, {"digests": sorted(stored)})}
        return {
            sha256: row
            for sha256, row in rows.items()
            if row.state == AssetState.READY or (row.state == AssetState.VERIFYING and stored[sha256].facts is not None)
        }

    async def missing_holdings(self, tx: AsyncConnection, tenant: str, digests: Sequence[str]) -> set[str]:
        """Return the digests that the tenant does not hold yet."""
        held = set((await tx.execute(_HELD, {"who": tenant, "digests": list(digests)})).scalars())
        return set(digests) - held

    @staticmethod
    def check_room(rows: Mapping[str, Row[Any]], missing: set[str], room: Room) -> dict[str, QuotaError]:
        """Take room for the assets that the tenant does not hold, in their order; return the errors of the others."""
        errors = {}
        for sha256, row in rows.items():
            if sha256 in missing:
                try:
                    room.take(row.size)
                except QuotaError as error:
                    errors[sha256] = error
        return errors

    async def publish(
        self,
        tx: AsyncConnection,
        tenant: str,
        stored: Mapping[str, StoredOriginal],
        rows: Mapping[str, Row[Any]],
        missing: set[str],
        now: int,
        filenames: Mapping[str, str],
    ) -> dict[str, AssetRow]:
        """Make the assets of locked ``rows`` ready, and the tenant's, once ``tx`` is committed."""
        holdings = [
            new_holding(tenant, sha256, rows[sha256].size, filenames.get(sha256, ""), now)
            for sha256 in sorted(rows)
            if sha256 in missing
        ]
        if holdings:
            await tx.execute(self._insert_holding, holdings)
        changes: dict[str, dict[str, Any]] = {}
        for sha256 in sorted(rows):
            original = stored[sha256]
            if original.facts is None:
                continue
            if rows[sha256].state != AssetState.READY and rows[sha256].facts:
                # It was ready in the past: proxies may have cached that it is not there.
                await self._outbox.add_asset(tx, sha256, now)
            changes[sha256] = {
                "state": AssetState.READY,
                "media_type": original.facts.media_type,
                "stored_sha256": original.sha256,
                "stored_size": original.size,
                "facts": msgspec.to_builtins(original.facts),
                "changed": now,
                "checked": now,
            }
        if changes:
            await tx.execute(
                _READY,
                [
                    {"digest": sha256}
                    | {f"new_{name}": value for name, value in (lifted_columns(change["facts"]) | change).items()}
                    for sha256, change in changes.items()
                ],
            )
            await add_film_facts(tx, self._database, {sha256: stored[sha256].film for sha256 in changes}, now)
        return {sha256: AssetRow.of_row(row)._replace(**changes.get(sha256, {})) for sha256, row in rows.items()}
