"""Facts of stored assets, found again: by a newer version, or because another process wrote none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select, update

from mememime_proxy.errors import AssetNotFoundError, ConflictError
from mememime_proxy.resources.assets.lifted import LIFTED, lifted_columns
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.resources.database.states import AssetState


class StoredFacts(NamedTuple):
    """A ready asset, and the columns that are made of its facts."""

    asset: AssetRow
    lifted: Mapping[str, Any]

    def lacks(self, names: tuple[str, ...]) -> bool:
        """Whether one of these facts was never found, or a column is not that of the facts."""
        facts = self.asset.facts
        return any(name not in facts for name in names) or self.lifted != lifted_columns(facts)


class FactsRenewal:
    """Replaces facts. Both methods may raise DatabaseError."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def find(self, sha256: str) -> StoredFacts:
        """Return a ready asset. AssetNotFoundError."""
        async with self._database.read() as tx:
            row = (await tx.execute(select(ASSETS).where(ASSETS.c.sha256 == sha256))).one_or_none()
        if row is None or row.state != AssetState.READY:
            raise AssetNotFoundError(f"there is no asset {sha256}" if row is None else f"the asset is {row.state}")
        return StoredFacts(AssetRow.of_row(row), {name: row._mapping[name] for name in LIFTED})

    async def renew(self, stored: StoredFacts, facts: Mapping[str, Any]) -> bool:
        """Replace the facts of an asset, unless they are the same, and return whether they were replaced.

        ``facts``: all of them, as JSON. ConflictError where the asset has changed since ``find``: nothing is replaced.
        """
        asset = stored.asset
        lifted = lifted_columns(facts)
        if facts == asset.facts and lifted == stored.lifted:
            return False
        unchanged = (
            ASSETS.c.sha256 == asset.sha256,
            ASSETS.c.state == AssetState.READY,
            ASSETS.c.changed == asset.changed,
            ASSETS.c.stored_sha256 == asset.stored_sha256,
        )
        values = lifted | {
            "facts": dict(facts),
            # Different from before, whatever the clock says: it is part of the entity tag.
            "changed": max(self._clock(), asset.changed + 1),
        }
        async with self._database.write() as tx:
            replaced = await tx.execute(update(ASSETS).where(*unchanged).values(values))
        if replaced.rowcount != 1:
            raise ConflictError(f"the asset {asset.sha256} has changed meanwhile")
        return True
