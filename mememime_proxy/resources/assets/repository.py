"""Assets as rows and as JSON; who may see them, and how they end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Row, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import AssetNotFoundError, ConflictError, RequestError
from mememime_proxy.resources.assets.removal import REMOVING
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.http.problem_details import Problem
from mememime_proxy.resources.times import rfc3339, rfc3339_or_none

RECEIVING: Final = "receiving"
VERIFYING: Final = "verifying"
READY: Final = "ready"
QUARANTINED: Final = "quarantined"
DELETED: Final = "deleted"
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""
MAX_PAGE: Final = 1000


class Asset(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An asset: the bytes that have this digest. Stored they may be packed otherwise, with the same pixels."""

    sha256: Digest
    state: str
    size: int
    reason: str = ""
    media_type: str = ""
    stored_sha256: str = ""
    stored_size: int = 0
    facts: AssetFacts | None = None
    created: str
    changed: str
    deleted: str | None = None
    alias: str | None = None
    """The alias that was set by the upload, in its answer."""
    alias_version: int | None = None


class AssetOrProblem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one part of a form: an asset, or why there is none."""

    asset: Asset | None = None
    error: Problem | None = None


class AssetPage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Assets by their digests, and where the next ones are."""

    assets: list[Asset]
    cursor: str | None = None


def asset(row: Row[Any]) -> Asset:
    """A row of ``ASSETS``."""
    return Asset(
        sha256=row.sha256,
        state=row.state,
        reason=row.reason,
        size=row.size,
        media_type=row.media_type,
        stored_sha256=row.stored_sha256,
        stored_size=row.stored_size,
        facts=msgspec.convert(row.facts, AssetFacts) if row.facts else None,
        created=rfc3339(row.created),
        changed=rfc3339(row.changed),
        deleted=rfc3339_or_none(row.deleted),
    )


def etag(found: Asset) -> str:
    """Changes whenever the asset's facts do."""
    digest = hashlib.sha256(f"{found.sha256} {found.state} {found.changed}".encode()).hexdigest()
    return f'"{digest[:32]}"'


class Assets:
    """A caller sees what its tenant has brought; an administrator sees all. All may raise DatabaseError."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, sha256: str, caller: Caller | None) -> Asset:
        """One asset. AssetNotFoundError. ``caller`` None: one who may read everything that is ready."""
        async with self._database.read() as tx:
            row = await self._row(tx, sha256, caller)
        if row is None or (caller is None and row.state != READY):
            raise AssetNotFoundError(f"there is no asset {sha256}")
        return asset(row)

    async def exist(self, digests: Sequence[str], caller: Caller) -> set[str]:
        """Which of them the caller's tenant has, ready to be served."""
        wanted = (
            select(ASSETS.c.sha256)
            .join(HOLDINGS)
            .where(HOLDINGS.c.tenant == caller.tenant, ASSETS.c.sha256.in_(digests), ASSETS.c.state == READY)
        )
        async with self._database.read() as tx:
            return set((await tx.execute(wanted)).scalars())

    async def page(self, caller: Caller, *, after: str, limit: int, state: str) -> AssetPage:
        """Up to ``limit`` assets whose digests come after ``after``: stable, whatever comes and goes meanwhile."""
        wanted = select(ASSETS).where(ASSETS.c.sha256 > after).order_by(ASSETS.c.sha256).limit(limit + 1)
        if not caller.is_admin:
            wanted = wanted.join(HOLDINGS).where(HOLDINGS.c.tenant == caller.tenant)
        if state:
            wanted = wanted.where(ASSETS.c.state == state)
        async with self._database.read() as tx:
            rows = (await tx.execute(wanted)).all()
        found = [asset(row) for row in rows[:limit]]
        return AssetPage(assets=found, cursor=found[-1].sha256 if len(rows) > limit else None)

    async def delete(self, sha256: str, caller: Caller, *, force: bool = False) -> None:
        """The caller's tenant has it no more; with its last holder it is ``deleted``, and its bytes follow later.

        AssetNotFoundError; ConflictError while an alias points at it, unless an administrator forces it, or while
        somebody uploads it.
        """
        now = self._clock()
        async with self._database.write() as tx:
            row = await self._row(tx, sha256, caller, lock=True)
            if row is None or row.state in {DELETED, REMOVING}:
                raise AssetNotFoundError(f"there is no asset {sha256}")
            if row.state not in {READY, QUARANTINED}:
                raise ConflictError("somebody is uploading it")
            used = select(ALIASES.c.name).where(ALIASES.c.sha256 == sha256, ALIASES.c.state == "active")
            if not caller.is_admin:
                used = used.where(ALIASES.c.tenant == caller.tenant)
            name = (await tx.execute(used.limit(1))).scalar()
            if name is not None and not force:
                raise ConflictError(f"the alias {name} points at it")
            if force and not caller.is_admin:
                raise RequestError("only an administrator can force it")
            if not caller.is_admin:
                others = exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant != caller.tenant)
                if (await tx.execute(select(others))).scalar():
                    mine = (HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == caller.tenant)
                    await tx.execute(delete(HOLDINGS).where(*mine))
                    return
            await tx.execute(
                update(ASSETS).where(ASSETS.c.sha256 == sha256).values(state=DELETED, deleted=now, changed=now)
            )

    async def restore(self, sha256: str, caller: Caller) -> Asset:
        """What was deleted is as it was before, as long as its bytes are there. AssetNotFoundError, ConflictError."""
        now = self._clock()
        async with self._database.write() as tx:
            row = await self._row(tx, sha256, caller, lock=True)
            if row is None:
                raise AssetNotFoundError(f"there is no asset {sha256}")
            done = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state == DELETED)
                .values(state=QUARANTINED if row.reason else READY, deleted=None, changed=now)
            )
            if done.rowcount != 1:
                raise ConflictError(f"the asset is {row.state}")
            again = (await tx.execute(select(ASSETS).where(ASSETS.c.sha256 == sha256))).one()
        return asset(again)

    @staticmethod
    async def _row(tx: AsyncConnection, sha256: str, caller: Caller | None, *, lock: bool = False) -> Row[Any] | None:
        wanted = select(ASSETS).where(ASSETS.c.sha256 == sha256)
        if caller is not None and not caller.is_admin:
            held = exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == caller.tenant)
            wanted = wanted.where(held)
        return (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
