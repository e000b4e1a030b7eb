"""Removal of an asset's object, such that an upload of the same bytes at that moment loses nothing.

The row in the state ``removing`` is the claim. It is made by compare-and-set, for an object without a row by an INSERT
that another row stops. Then the object is deleted, and the row last. An upload of the same digest makes its row
(``verifying``) before the object and turns it to ``ready`` only out of that state, so a claim is either impossible or
seen: no asset is ready whose object is about to be deleted. A claim of a crashed process is taken over after ``STALE``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, delete, exists, select, update

from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, DERIVATIVES, FILM_FACTS, HOLDINGS
from mememime_proxy.resources.database.states import AliasState, AssetState
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import Storage

STALE: Final = 600_000
"""Milliseconds after which a removal or an upload is taken to be abandoned; far more than a request lasts."""


class Removal:
    """Removes assets; several processes may do so at once.

    DatabaseError, StorageError: nothing was changed, or the claim remains for the next round.
    """

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def remove(self, sha256: str, state: str, changed: int, now: int) -> bool:
        """Remove the asset whose row is in ``state`` since ``changed``; False where it is in another one by now.

        An asset that an alias points at keeps its row, as ``quarantined``.
        """
        async with self._database.write() as tx:
            claimed = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state == state, ASSETS.c.changed == changed)
                .values(state=AssetState.REMOVING, changed=now)
            )
        if claimed.rowcount != 1:
            return False
        await self._delete(sha256, now)
        return True

    async def remove_stuck(self, sha256: str, state: str, changed: int, now: int) -> bool:
        """Remove an asset whose upload was abandoned; False where its row is in another state by now.

        An asset that a tenant holds was ready before: it is quarantined, and the scrubber verifies it next.
        """
        has_holding = exists().where(HOLDINGS.c.sha256 == sha256)
        unchanged = and_(ASSETS.c.sha256 == sha256, ASSETS.c.state == state, ASSETS.c.changed == changed)
        async with self._database.write() as tx:
            quarantined = await tx.execute(
                update(ASSETS)
                .where(unchanged, ASSETS.c.state != AssetState.REMOVING, has_holding)
                .values(
                    state=AssetState.QUARANTINED,
                    reason=AssetDefect.MISSING,
                    reason_detail=AssetDefect.MISSING.detail,
                    checked=None,
                    changed=now,
                )
            )
        return quarantined.rowcount == 1 or await self.remove(sha256, state, changed, now)

    async def remove_orphan(self, sha256: str, now: int) -> bool:
        """Remove an object without a row; False where it has one by now."""
        async with self._database.write() as tx:
            claimed = await tx.execute(
                self._database.insert(ASSETS)
                .values(
                    sha256=sha256,
                    state=AssetState.REMOVING,
                    size=0,
                    stored_sha256="",
                    stored_size=0,
                    facts={},
                    created=now,
                    changed=now,
                )
                .on_conflict_do_nothing()
            )
        if claimed.rowcount != 1:
            return False
        await self._delete(sha256, now)
        return True

    async def _delete(self, sha256: str, claimed: int) -> None:
        await self._storage.delete(asset_key(sha256))
        async with self._database.write() as tx:
            own = and_(ASSETS.c.sha256 == sha256, ASSETS.c.state == AssetState.REMOVING, ASSETS.c.changed == claimed)
            # Locked, so that no alias is set to it meanwhile; a claim of another process is not changed.
            if (await tx.execute(select(ASSETS.c.state).where(own).with_for_update())).first() is None:
                return
            has_alias = exists().where(ALIASES.c.sha256 == sha256, ALIASES.c.state == AliasState.ACTIVE)
            if (await tx.execute(select(has_alias))).scalar():
                await tx.execute(
                    update(ASSETS)
                    .where(own)
                    .values(
                        state=AssetState.QUARANTINED,
                        reason=AssetDefect.REMOVED,
                        reason_detail=AssetDefect.REMOVED.detail,
                    )
                )
                return
            await tx.execute(delete(HOLDINGS).where(HOLDINGS.c.sha256 == sha256))
            await tx.execute(delete(FILM_FACTS).where(FILM_FACTS.c.sha256 == sha256))
            await tx.execute(delete(DERIVATIVES).where(DERIVATIVES.c.sha256 == sha256))
            await tx.execute(update(ALIASES).where(ALIASES.c.sha256 == sha256).values(sha256=None))
            await tx.execute(delete(ASSETS).where(own))
