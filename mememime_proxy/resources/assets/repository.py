"""Assets in the database: look up, list, delete and restore, each within what the principal may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import AliasNotFoundError, AssetNotFoundError, ConflictError, RequestError
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AliasState, AssetState
from mememime_proxy.service.alias_names import normalise

MAX_PAGE: Final = 1000


class Assets:
    """A principal sees the assets of its tenant; an administrator sees all. All methods may raise DatabaseError."""

    def __init__(self, database: Database, clock: Callable[[], int], outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox

    async def get(self, sha256: str, principal: Principal | None) -> AssetRow:
        """Return one asset. AssetNotFoundError. ``principal`` None: an anonymous reader, who sees ready assets."""
        async with self._database.read() as tx:
            asset = await self._select(tx, sha256, principal)
        if asset is None or (principal is None and asset.state != AssetState.READY):
            raise AssetNotFoundError(f"there is no asset {sha256}")
        return asset

    async def resolve(self, source: str) -> str:
        """Return the digest of ``asset://DIGEST`` or ``alias://NAME``, without a check of permissions.

        AssetNotFoundError, AliasNotFoundError; RequestError for another source.
        """
        scheme, _, name = source.partition("://")
        if scheme == "asset":
            return name
        if scheme != "alias":
            raise RequestError(f"found {source[:80]!r}, expected asset://DIGEST or alias://NAME")
        name = normalise(name)
        query = select(ALIASES.c.sha256).where(ALIASES.c.name == name, ALIASES.c.state == AliasState.ACTIVE)
        async with self._database.read() as tx:
            digest = (await tx.execute(query)).scalar()
        if digest is None:
            raise AliasNotFoundError(f"there is no alias {name}")
        return str(digest)

    async def exist(self, digests: Sequence[str], principal: Principal) -> set[str]:
        """Return which of the digests the principal's tenant has ready."""
        ready = (
            select(ASSETS.c.sha256)
            .join(HOLDINGS)
            .where(
                HOLDINGS.c.tenant == principal.tenant, ASSETS.c.sha256.in_(digests), ASSETS.c.state == AssetState.READY
            )
        )
        async with self._database.read() as tx:
            return set((await tx.execute(ready)).scalars())

    async def visible(self, digests: Sequence[str], principal: Principal) -> set[str]:
        """Return which of the digests are assets of the principal's tenant, in any state."""
        query = select(HOLDINGS.c.sha256).where(HOLDINGS.c.tenant == principal.tenant, HOLDINGS.c.sha256.in_(digests))
        async with self._database.read() as tx:
            return set((await tx.execute(query)).scalars())

    async def filename(self, sha256: str, principal: Principal | None) -> str:
        """Return the name of the file that an asset came from, to its tenant or an administrator; '' = unknown."""
        if principal is None:
            return ""
        query = select(HOLDINGS.c.filename).where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.filename != "")
        if not principal.is_admin:
            query = query.where(HOLDINGS.c.tenant == principal.tenant)
        async with self._database.read() as tx:
            return str((await tx.execute(query.order_by(HOLDINGS.c.created).limit(1))).scalar() or "")

    async def delete(self, sha256: str, principal: Principal, *, force: bool = False) -> None:
        """Take the asset from the principal's tenant; once no tenant has it, it is ``deleted``, its bytes later.

        AssetNotFoundError; ConflictError while an alias points at it, unless an administrator forces it, or while it is
        uploaded.
        """
        now = self._clock()
        async with self._database.write() as tx:
            asset = await self._select(tx, sha256, principal, lock=True)
            if asset is None or asset.state in {AssetState.DELETED, AssetState.REMOVING}:
                raise AssetNotFoundError(f"there is no asset {sha256}")
            if asset.state not in {AssetState.READY, AssetState.QUARANTINED}:
                raise ConflictError("the asset is being uploaded")
            names = select(ALIASES.c.name).where(ALIASES.c.sha256 == sha256, ALIASES.c.state == AliasState.ACTIVE)
            if not principal.is_admin:
                names = names.where(ALIASES.c.tenant == principal.tenant)
            name = (await tx.execute(names.limit(1))).scalar()
            if name is not None and not force:
                raise ConflictError(f"the alias {name} points at it")
            if force and not principal.is_admin:
                raise RequestError("only an administrator can force it")
            if not principal.is_admin:
                other_holdings = exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant != principal.tenant)
                if (await tx.execute(select(other_holdings))).scalar():
                    own = (HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == principal.tenant)
                    await tx.execute(delete(HOLDINGS).where(*own))
                    return
            await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256)
                .values(state=AssetState.DELETED, deleted=now, changed=now)
            )
            await self._outbox.add_asset(tx, sha256, now)

    async def restore(self, sha256: str, principal: Principal) -> AssetRow:
        """Take back a deletion, as long as the bytes exist. AssetNotFoundError, ConflictError."""
        now = self._clock()
        async with self._database.write() as tx:
            asset = await self._select(tx, sha256, principal, lock=True)
            if asset is None:
                raise AssetNotFoundError(f"there is no asset {sha256}")
            state = AssetState.QUARANTINED if asset.reason else AssetState.READY
            restored = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state == AssetState.DELETED)
                .values(state=state, deleted=None, changed=now)
            )
            if restored.rowcount != 1:
                raise ConflictError(f"the asset is {asset.state}")
            await self._outbox.add_asset(tx, sha256, now)
        return asset._replace(state=state, deleted=None, changed=now)

    @staticmethod
    async def _select(
        tx: AsyncConnection, sha256: str, principal: Principal | None, *, lock: bool = False
    ) -> AssetRow | None:
        query = select(ASSETS).where(ASSETS.c.sha256 == sha256)
        if principal is not None and not principal.is_admin:
            query = query.where(exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == principal.tenant))
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else AssetRow.of_row(row)
