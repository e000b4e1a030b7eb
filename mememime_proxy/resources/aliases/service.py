"""Aliases of assets: claim a name, point it by compare-and-set, record versions, delete it to a tombstone."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import AliasNotFoundError, AliasTakenError, AssetNotFoundError, ConflictError
from mememime_proxy.resources.aliases.model import (
    UNCONDITIONAL,
    AliasChange,
    AliasCondition,
    AliasContent,
    AliasRow,
    AliasVersionRow,
)
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ALIAS_TAGS, ALIAS_VERSIONS, ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AliasAction, AliasState, AssetState
from mememime_proxy.service.alias_names import normalise, skeleton

_ATTEMPTS: Final = 3
_INSERT_VERSION: Final = insert(ALIAS_VERSIONS)
_INSERT_TAG: Final = insert(ALIAS_TAGS)
_BY_SKELETON: Final = select(ALIASES).where(ALIASES.c.skeleton == bindparam("seen")).with_for_update()
_LAST: Final = chr(sys.maxunicode)
"""No name has this character; it sorts behind all others."""


class Aliases:
    """All methods may raise DatabaseError. A name is normalised first: AliasNameError."""

    def __init__(self, database: Database, clock: Callable[[], int], *, tombstone: int, outbox: Outbox) -> None:
        """Keep what all methods need.

        ``tombstone``: milliseconds for which a deleted name is reserved for its owner.
        """
        self._database = database
        self._clock = clock
        self._tombstone = tombstone
        self._outbox = outbox
        self._insert = database.insert(ALIASES).on_conflict_do_nothing()

    async def set(
        self, principal: Principal, name: str, content: AliasContent, condition: AliasCondition = UNCONDITIONAL
    ) -> tuple[AliasRow, bool]:
        """Point an alias at an asset; return the alias, and whether it is new.

        Concurrent changes come one after another, and a condition that the first one broke stops the others.
        RoleError; AssetNotFoundError unless the asset is ready and the principal's tenant's; and as ``point``.
        """
        name = normalise(name)
        principal.check_alias(name)
        async with self._database.write() as tx:
            await self._check_asset(tx, principal, content.sha256)
            change = await self.point(tx, principal, name, content, condition, self._clock())
            return await self._get(tx, name), change.created

    async def point(
        self,
        tx: AsyncConnection,
        principal: Principal,
        name: str,
        content: AliasContent,
        condition: AliasCondition,
        now: int,
        action: AliasAction = AliasAction.SET,
    ) -> AliasChange:
        """Point an alias at an asset once ``tx`` is committed.

        The caller has checked that ``name`` is normalised and open to the principal, and that the asset is ready.
        AliasTakenError for a name of another tenant, or that looks like another; VersionError where ``condition`` does
        not hold.
        """
        seen, columns = skeleton(name), content.columns()
        for _ in range(_ATTEMPTS):
            row = (await tx.execute(_BY_SKELETON, {"seen": seen})).one_or_none()
            if row is None:
                condition.check(name, None, 0)
                if await self._claim(tx, principal, name, seen, columns, now):
                    await self._record(tx, principal, name, 1, columns, action, now)
                    return AliasChange(1, created=True)
                continue  # another transaction was faster, and has ended by now
            own = row.tenant == principal.tenant or principal.is_admin
            free = row.state == AliasState.DELETED and (row.reusable or 0) <= now
            if (row.name != name or not own) and not free:
                raise AliasTakenError(
                    f"the name {name} is taken"
                    if row.name == name or not own
                    else f"the name {name} looks like {row.name}, which is taken"
                )
            if row.name != name:
                # A tombstone that has expired makes room for a name that looks like it.
                for table in (ALIAS_TAGS, ALIAS_VERSIONS, ALIASES):
                    await tx.execute(delete(table).where(table.c.name == row.name))
                continue
            condition.check(name, row.state, row.version)
            if not own:
                # The versions of the previous owner are not shown to the new one.
                await tx.execute(delete(ALIAS_VERSIONS).where(ALIAS_VERSIONS.c.name == name))
            await tx.execute(
                update(ALIASES)
                .where(ALIASES.c.name == name)
                .values(
                    **columns,
                    tenant=row.tenant if own else principal.tenant,
                    created=row.created if own else now,
                    state=AliasState.ACTIVE,
                    version=row.version + 1,
                    changed=now,
                    reusable=None,
                )
            )
            await self._record(tx, principal, name, row.version + 1, columns, action, now)
            return AliasChange(row.version + 1, created=row.state != AliasState.ACTIVE)
        raise AliasTakenError(f"too many requests for the name {name} at once")

    async def roll_back(
        self, principal: Principal, name: str, version: int, condition: AliasCondition = UNCONDITIONAL
    ) -> tuple[AliasRow, bool]:
        """Give an alias the content of ``version`` again, as a new version. AliasNotFoundError; as ``set``."""
        name = normalise(name)
        principal.check_alias(name)
        async with self._database.write() as tx:
            if await self._owned(tx, principal, name) is None:
                raise AliasNotFoundError(f"there is no alias {name}")
            query = select(ALIAS_VERSIONS).where(ALIAS_VERSIONS.c.name == name, ALIAS_VERSIONS.c.version == version)
            row = (await tx.execute(query)).one_or_none()
            if row is None or row.sha256 is None:
                raise AliasNotFoundError(f"the alias {name} has no version {version} to go back to")
            await self._check_asset(tx, principal, row.sha256)
            content = AliasContent.of_row(row)
            change = await self.point(tx, principal, name, content, condition, self._clock(), AliasAction.ROLLBACK)
            return await self._get(tx, name), change.created

    async def delete(self, principal: Principal, name: str, condition: AliasCondition = UNCONDITIONAL) -> None:
        """Turn an alias into a tombstone, whose name only its owner can use for a while.

        AliasNotFoundError, VersionError.
        """
        name = normalise(name)
        principal.check_alias(name)
        async with self._database.write() as tx:
            await self.remove(tx, principal, name, condition, self._clock())

    async def remove(
        self, tx: AsyncConnection, principal: Principal, name: str, condition: AliasCondition, now: int
    ) -> None:
        """Do the same once ``tx`` is committed; ``name`` is normalised and open to the principal."""
        _, version = await self.lock(tx, principal, name)
        condition.check(name, AliasState.ACTIVE, version)
        await tx.execute(
            update(ALIASES)
            .where(ALIASES.c.name == name)
            .values(
                state=AliasState.DELETED,
                sha256=None,
                version=version + 1,
                changed=now,
                reusable=now + self._tombstone,
            )
        )
        await self._record(tx, principal, name, version + 1, AliasContent().columns(), AliasAction.DELETE, now)

    async def lock(self, tx: AsyncConnection, principal: Principal, name: str) -> tuple[AliasContent, int]:
        """Return content and version of an active alias, which nobody else changes in ``tx``. AliasNotFoundError."""
        row = await self._owned(tx, principal, name)
        if row is None or row.state != AliasState.ACTIVE:
            raise AliasNotFoundError(f"there is no alias {name}")
        return AliasContent.of_row(row), row.version

    async def get(self, name: str) -> AliasRow:
        """Return an alias with its asset. AliasNotFoundError."""
        name = normalise(name)
        async with self._database.read() as tx:
            return await self._get(tx, name)

    async def versions(self, principal: Principal, name: str, limit: int) -> list[AliasVersionRow]:
        """Return up to ``limit`` versions, the newest first. AliasNotFoundError."""
        name = normalise(name)
        query = (
            select(ALIAS_VERSIONS)
            .where(ALIAS_VERSIONS.c.name == name)
            .order_by(ALIAS_VERSIONS.c.version.desc())
            .limit(limit)
        )
        async with self._database.read() as tx:
            if await self._owned(tx, principal, name, lock=False) is None:
                raise AliasNotFoundError(f"there is no alias {name}")
            return [
                AliasVersionRow(
                    row.version, AliasAction(row.action), AliasContent.of_row(row), row.credential, row.changed
                )
                for row in await tx.execute(query)
            ]

    async def page(
        self, principal: Principal | None, *, prefix: str, tag: str, text: str, after: str, limit: int
    ) -> list[AliasRow]:
        """Return up to ``limit`` aliases by name, behind ``after``; one that exists all the time comes exactly once.

        ``principal``: an administrator or None sees all, others see their tenant's. ``text``: anywhere in the name.
        """
        query = _joined().where(ALIASES.c.name > after, ALIASES.c.state == AliasState.ACTIVE)
        if principal is not None and not principal.is_admin:
            query = query.where(ALIASES.c.tenant == principal.tenant)
        if prefix:
            first = unicodedata.normalize("NFC", prefix)
            query = query.where(ALIASES.c.name >= first, ALIASES.c.name < first + _LAST)
        if text:
            query = query.where(ALIASES.c.skeleton.contains(skeleton(text), autoescape=True))
        if tag:
            query = query.where(exists().where(ALIAS_TAGS.c.name == ALIASES.c.name, ALIAS_TAGS.c.tag == tag))
        async with self._database.read() as tx:
            return [_alias(row) for row in await tx.execute(query.order_by(ALIASES.c.name).limit(limit))]

    async def of_asset(self, principal: Principal, sha256: str, limit: int) -> list[AliasRow]:
        """Return up to ``limit`` aliases of an asset by name, as ``page`` does."""
        query = _joined().where(ALIASES.c.sha256 == sha256, ALIASES.c.state == AliasState.ACTIVE)
        if not principal.is_admin:
            query = query.where(ALIASES.c.tenant == principal.tenant)
        async with self._database.read() as tx:
            return [_alias(row) for row in await tx.execute(query.order_by(ALIASES.c.name).limit(limit))]

    async def _claim(
        self, tx: AsyncConnection, principal: Principal, name: str, seen: str, columns: dict[str, Any], now: int
    ) -> bool:
        values = {
            "name": name,
            "skeleton": seen,
            "tenant": principal.tenant,
            "state": AliasState.ACTIVE,
            "version": 1,
            "created": now,
            "changed": now,
        }
        return (await tx.execute(self._insert, values | columns)).rowcount == 1

    async def _record(
        self,
        tx: AsyncConnection,
        principal: Principal,
        name: str,
        version: int,
        columns: dict[str, Any],
        action: AliasAction,
        now: int,
    ) -> None:
        """Write what belongs to every change: its version, the tags, and the purges of the proxies."""
        row = {"name": name, "version": version, "action": action, "credential": principal.credential, "changed": now}
        await tx.execute(_INSERT_VERSION, row | columns)
        if version > 1:
            await tx.execute(delete(ALIAS_TAGS).where(ALIAS_TAGS.c.name == name))
        if columns["tags"]:
            await tx.execute(_INSERT_TAG, [{"name": name, "tag": tag} for tag in columns["tags"]])
        await self._outbox.add_alias(tx, name, now)

    @staticmethod
    async def _owned(tx: AsyncConnection, principal: Principal, name: str, *, lock: bool = True) -> Row[Any] | None:
        """Select the alias if it is the principal's tenant's: of others' aliases nothing is disclosed."""
        query = select(ALIASES).where(ALIASES.c.name == name)
        if not principal.is_admin:
            query = query.where(ALIASES.c.tenant == principal.tenant)
        return (await tx.execute(query.with_for_update() if lock else query)).one_or_none()

    @staticmethod
    async def _check_asset(tx: AsyncConnection, principal: Principal, sha256: str) -> None:
        query = select(ASSETS.c.state).where(ASSETS.c.sha256 == sha256)
        if not principal.is_admin:
            query = query.where(exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == principal.tenant))
        # Locked, so that it is not removed before the alias points at it.
        state = (await tx.execute(query.with_for_update())).scalar()
        if state is None:
            raise AssetNotFoundError(f"there is no asset {sha256}")
        if state != AssetState.READY:
            raise ConflictError(f"the asset {sha256} is {state}")

    @staticmethod
    async def _get(tx: AsyncConnection, name: str) -> AliasRow:
        query = _joined().where(ALIASES.c.name == name, ALIASES.c.state == AliasState.ACTIVE)
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            raise AliasNotFoundError(f"there is no alias {name}")
        return _alias(row)


def _joined() -> Any:
    asset = [column.label(f"asset_{column.name}") for column in ASSETS.c]
    return select(ALIASES, *asset).join(ASSETS, ASSETS.c.sha256 == ALIASES.c.sha256)


def _alias(row: Row[Any]) -> AliasRow:
    return AliasRow(
        name=row.name,
        tenant=row.tenant,
        version=row.version,
        content=AliasContent.of_row(row),
        created=row.created,
        changed=row.changed,
        asset=AssetRow.of_row(row, "asset_"),
    )
