"""The rows of an asset on its way to readiness: claim, quarantine, publish.

The order makes every crash harmless: the row says ``verifying`` before the object is stored, and ``ready`` only after.
A claim also keeps maintenance from taking the object for an orphan.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.resources.assets.lifted import lifted_columns
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.auth.quotas import check_quota
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.film_facts import add_film_facts
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AssetState

# Statements of every upload are built once: building them is half of their cost.
_BY_DIGEST: Final = select(ASSETS).where(ASSETS.c.sha256 == bindparam("digest"))
_LOCK: Final = _BY_DIGEST.with_for_update()
_HOLDING: Final = select(HOLDINGS.c.sha256).where(
    HOLDINGS.c.sha256 == bindparam("digest"), HOLDINGS.c.tenant == bindparam("who")
)
CLAIMABLE: Final = (AssetState.RECEIVING, AssetState.VERIFYING, AssetState.QUARANTINED, AssetState.DELETED)
"""States out of which an upload of the same bytes takes an asset."""


class StoredOriginal(NamedTuple):
    """The object of an original, and the facts of the original. ``facts`` None: the asset was ready before."""

    original_sha256: str
    sha256: str
    size: int
    facts: AssetFacts | None
    film: bytes = b""
    """What workers found out about a film or sound, for them."""


class Publication:
    """All methods may raise DatabaseError."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._insert_asset = database.insert(ASSETS).on_conflict_do_nothing()
        self._insert_holding = database.insert(HOLDINGS).on_conflict_do_nothing()

    async def find(self, sha256: str) -> AssetRow | None:
        """Return the asset's row, without a check of permissions."""
        async with self._database.read() as tx:
            row = (await tx.execute(_BY_DIGEST, {"digest": sha256})).one_or_none()
        return None if row is None else AssetRow.of_row(row)

    async def claim(self, sha256: str, size: int, now: int) -> bool:
        """Bring the row to ``verifying``, or leave it ``ready``; False while the asset is removed."""
        row = new_row(sha256, size, now) | {"state": AssetState.VERIFYING, "stored_size": size}
        async with self._database.write() as tx:
            inserted = await tx.execute(self._insert_asset, row)
            if inserted.rowcount == 1:
                return True
            claimed = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state.in_(CLAIMABLE))
                .values(state=AssetState.VERIFYING, reason="", reason_detail="", size=size, deleted=None, changed=now)
            )
            if claimed.rowcount == 1:
                return True
            # An asset that another process has made ready stays ready, even if this upload fails.
            ready = select(ASSETS.c.sha256).where(ASSETS.c.sha256 == sha256, ASSETS.c.state == AssetState.READY)
            return (await tx.execute(ready)).first() is not None

    async def quarantine(self, sha256: str, size: int, reason: str, detail: str, now: int) -> None:
        """Record that these bytes cannot be decoded, and why; an asset that exists stays as it is."""
        row = quarantined_row(sha256, size, reason, detail, now)
        async with self._database.write() as tx:
            await tx.execute(self._insert_asset, row)

    async def publish(
        self,
        tx: AsyncConnection,
        tenant: str,
        stored: StoredOriginal,
        now: int,
        *,
        reserved: int = 0,
        filename: str = "",
    ) -> AssetRow | None:
        """Make the asset ready, and the tenant's, once ``tx`` is committed.

        ``filename``: that of the upload; the first one of a tenant stays.

        None where its row is gone or in another state meanwhile: store it again. QuotaError where the tenant has no
        room for it besides the ``reserved`` bytes that an upload has in its account.
        """
        key = {"digest": stored.original_sha256}
        row = (await tx.execute(_LOCK, key)).one_or_none()
        if row is None or row.state not in {AssetState.VERIFYING, AssetState.READY}:
            return None
        if (await tx.execute(_HOLDING, key | {"who": tenant})).first() is None:
            await check_quota(tx, tenant, max(0, row.size - reserved))
            holding = new_holding(tenant, stored.original_sha256, row.size, filename, now)
            await tx.execute(self._insert_holding, holding)
        if stored.facts is not None:
            if row.state != AssetState.READY and row.facts:
                # It was ready in the past: proxies may have cached that it is not there.
                await self._outbox.add_asset(tx, row.sha256, now)
            row = (await tx.execute(_ready(stored, stored.facts, now))).one()
            await add_film_facts(tx, self._database, {row.sha256: stored.film}, now)
        elif row.state != AssetState.READY:
            return None  # it was ready a moment ago: its facts have to be found again
        return AssetRow.of_row(row)


def quarantined_row(sha256: str, size: int, reason: str, detail: str, now: int) -> dict[str, Any]:
    """Return the row of an asset without bytes, which cannot be decoded."""
    return new_row(sha256, size, now) | {
        "state": AssetState.QUARANTINED,
        "reason": reason,
        "reason_detail": detail,
        "stored_sha256": "",
        "stored_size": 0,
    }


def new_row(sha256: str, size: int, now: int) -> dict[str, Any]:
    """Return the columns that every new row has."""
    return {
        "sha256": sha256,
        "reason": "",
        "reason_detail": "",
        "size": size,
        "stored_sha256": sha256,
        "facts": {},
        "created": now,
        "changed": now,
    }


def new_holding(tenant: str, sha256: str, size: int, filename: str, now: int) -> dict[str, Any]:
    """Return the row by which an asset is a tenant's."""
    return {"tenant": tenant, "sha256": sha256, "size": size, "filename": filename, "created": now}


def _ready(stored: StoredOriginal, facts: AssetFacts, now: int) -> Any:
    return (
        update(ASSETS)
        .where(ASSETS.c.sha256 == stored.original_sha256)
        .values(
            state=AssetState.READY,
            stored_sha256=stored.sha256,
            stored_size=stored.size,
            facts=msgspec.to_builtins(facts),
            **lifted_columns(msgspec.to_builtins(facts)),
            changed=now,
            checked=now,
        )
        .returning(*ASSETS.c)
    )
