"""Takes an asset's bytes away, so that nobody who brings the same bytes at that moment loses them.

The row in the state ``removing`` is the claim. It is made by compare-and-set, for an object without a row by an INSERT
that another row stops. Then the object goes, and the row last of all. Who ingests the same digest makes a row before
the object (``verifying``) and turns it to ``ready`` only out of that state, so a claim is either impossible or seen:
nothing is ever ready whose object is about to go. A claim whose process died is taken over after ``STALE``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.maintenance.differences import MISSING
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import Storage

REMOVING: Final = "removing"
REMOVED: Final = "the bytes were removed"
"""Reason of a quarantined asset that an alias still points at."""
STALE: Final = 600_000
"""Milliseconds after which a removal under way belongs to a process that is gone; far more than a request's life."""


class Removal:
    """Removes assets; any number of processes may do so at once."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def asset(self, sha256: str, state: str, changed: int, now: int) -> bool:
        """Removes the asset whose row is in ``state`` since ``changed``; False where the row is in another one by now.

        An asset that an alias points at keeps its row, as ``quarantined``. DatabaseError, StorageError: nothing was
        done, or the claim stays for the next round.
        """
        async with self._database.write() as tx:
            claimed = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state == state, ASSETS.c.changed == changed)
                .values(state=REMOVING, changed=now)
            )
        if claimed.rowcount != 1:
            return False
        await self._finish(sha256, now)
        return True

    async def left(self, sha256: str, state: str, changed: int, now: int) -> bool:
        """Removes an asset that nobody goes on with; False where the row is in another state by now.

        One that somebody has was ready before: it is to be hashed (``scrub``), and is ready again if it is right.
        """
        held = exists().where(HOLDINGS.c.sha256 == sha256)
        mine = and_(ASSETS.c.sha256 == sha256, ASSETS.c.state == state, ASSETS.c.changed == changed)
        async with self._database.write() as tx:
            kept = await tx.execute(
                update(ASSETS)
                .where(mine, ASSETS.c.state != REMOVING, held)
                .values(state="quarantined", reason=MISSING, checked=None, changed=now)
            )
        return kept.rowcount == 1 or await self.asset(sha256, state, changed, now)

    async def orphan(self, sha256: str, now: int) -> bool:
        """Removes an object without a row; False where it has one by now."""
        async with self._database.write() as tx:
            claimed = await tx.execute(
                self._database.insert(ASSETS)
                .values(
                    sha256=sha256,
                    state=REMOVING,
                    reason="",
                    size=0,
                    media_type="",
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
        await self._finish(sha256, now)
        return True

    async def _finish(self, sha256: str, claimed: int) -> None:
        await self._storage.delete(asset_key(sha256))
        async with self._database.write() as tx:
            mine = and_(ASSETS.c.sha256 == sha256, ASSETS.c.state == REMOVING, ASSETS.c.changed == claimed)
            # Locked, no alias comes to point at it any more; another claim is no business of ours.
            if (await tx.execute(select(ASSETS.c.state).where(mine).with_for_update())).first() is None:
                return
            if await self._kept(tx, sha256):
                await tx.execute(update(ASSETS).where(mine).values(state="quarantined", reason=REMOVED))
                return
            await tx.execute(delete(HOLDINGS).where(HOLDINGS.c.sha256 == sha256))
            await tx.execute(update(ALIASES).where(ALIASES.c.sha256 == sha256).values(sha256=None))
            await tx.execute(delete(ASSETS).where(mine))

    @staticmethod
    async def _kept(tx: AsyncConnection, sha256: str) -> bool:
        """Whether an alias points at the asset."""
        used = exists().where(ALIASES.c.sha256 == sha256, ALIASES.c.state == "active")
        return bool((await tx.execute(select(used))).scalar())
