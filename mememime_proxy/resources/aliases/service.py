"""Human names of assets: claimed by one, moved by compare-and-set, remembered in versions, and long in dying."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import (
    AliasNotFoundError,
    AliasTakenError,
    AssetNotFoundError,
    ConflictError,
    VersionError,
)
from mememime_proxy.resources.aliases.names import normalised, skeleton
from mememime_proxy.resources.assets.repository import READY
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIAS_TAGS, ALIAS_VERSIONS, ALIASES, ASSETS, HOLDINGS, OUTBOX

ACTIVE: Final = "active"
DELETED: Final = "deleted"
AGAIN: Final = 600
"""Milliseconds after which the proxies are told a second time, for answers that were on their way the first time."""
_TRIES: Final = 3
_NEW_VERSION: Final = insert(ALIAS_VERSIONS)
_NEW_TAG: Final = insert(ALIAS_TAGS)
_NEW_MESSAGE: Final = insert(OUTBOX)
_BY_SKELETON: Final = select(ALIASES).where(ALIASES.c.skeleton == bindparam("seen")).with_for_update()
_LAST: Final = chr(sys.maxunicode)
"""No character of a name comes behind it, nor is it one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an alias stands for. ``focal``: what to keep in view, from 0 to 1 each way."""

    sha256: str
    focal: tuple[float, float] | None = None
    preset: str = ""
    tags: tuple[str, ...] = ()


class Change(NamedTuple):
    """What became of an alias."""

    version: int
    created: bool
    """Whether it did not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What the alias has to be for a change to happen. ``version`` None: any, or none."""

    version: int | None = None
    exists: bool = False
    """It has to be there (If-Match: *)."""
    absent: bool = False
    """It may not be there (If-None-Match: *)."""


ANY: Final = Condition()


class Aliases:
    """All methods may raise DatabaseError. A name is normalised first: AliasNameError."""

    def __init__(
        self, database: Database, clock: Callable[[], int], *, tombstone: int, told: Callable[[], None] | None
    ) -> None:
        """``tombstone``: milliseconds for which a deleted name is its owner's. ``told``: called when there is a purge
        in the outbox, maybe before its transaction has ended; None = nobody is to be told of moves.
        """
        self._database = database
        self._clock = clock
        self._tombstone = tombstone
        self._told = told
        self._new = database.insert(ALIASES).on_conflict_do_nothing()

    async def set(
        self, caller: Caller, name: str, content: Content, condition: Condition = ANY
    ) -> tuple[Row[Any], bool]:
        """``set_in`` in a transaction of its own; the alias as ``get`` has it, and whether it is new."""
        async with self._database.write() as tx:
            change = await self.set_in(tx, caller, name, content, condition)
            return await self._get(tx, normalised(name)), change.created

    async def set_in(
        self, tx: AsyncConnection, caller: Caller, name: str, content: Content, condition: Condition = ANY
    ) -> Change:
        """The alias stands for ``content`` once ``tx`` is done.

        Of several that do so at once, all come one after another, and a condition that the first one broke stops the
        others. RoleError; AssetNotFoundError unless the asset is ready and the caller's tenant's; AliasTakenError for a
        name of somebody else's, or that looks like another; VersionError where ``condition`` does not hold.
        """
        name = normalised(name)
        caller.may_name(name)
        await self._check_asset(tx, caller, content.sha256)
        return await self._change(tx, caller, name, content, condition, "set")

    async def roll_back(
        self, caller: Caller, name: str, version: int, condition: Condition = ANY
    ) -> tuple[Row[Any], bool]:
        """The alias stands for what it stood for in ``version``, as a version of its own. AliasNotFoundError."""
        name = normalised(name)
        caller.may_name(name)
        async with self._database.write() as tx:
            current = await self._owned(tx, caller, name)
            if current is None:
                raise AliasNotFoundError(f"there is no alias {name}")
            old = (
                await tx.execute(
                    select(ALIAS_VERSIONS).where(ALIAS_VERSIONS.c.name == name, ALIAS_VERSIONS.c.version == version)
                )
            ).one_or_none()
            if old is None or old.sha256 is None:
                raise AliasNotFoundError(f"the alias {name} has no version {version} to go back to")
            await self._check_asset(tx, caller, old.sha256)
            content = Content(sha256=old.sha256, focal=focal(old), preset=old.preset, tags=tuple(old.tags))
            change = await self._change(tx, caller, name, content, condition, "rollback")
            return await self._get(tx, name), change.created

    async def delete(self, caller: Caller, name: str, condition: Condition = ANY) -> None:
        """Nothing has this name any more; for a while only its owner can use it. AliasNotFoundError, VersionError."""
        name = normalised(name)
        caller.may_name(name)
        now = self._clock()
        async with self._database.write() as tx:
            current = await self._owned(tx, caller, name)
            if current is None or current.state != ACTIVE:
                raise AliasNotFoundError(f"there is no alias {name}")
            _check(current, condition)
            await tx.execute(
                update(ALIASES)
                .where(ALIASES.c.name == name)
                .values(
                    state=DELETED,
                    sha256=None,
                    version=current.version + 1,
                    changed=now,
                    reusable=now + self._tombstone,
                )
            )
            await self._record(tx, caller, name, current.version + 1, None, "delete", now)

    async def get(self, name: str) -> Row[Any]:
        """A row of ALIASES with those of its asset (prefixed ``asset_``). AliasNotFoundError."""
        name = normalised(name)
        async with self._database.read() as tx:
            return await self._get(tx, name)

    async def versions(self, caller: Caller, name: str, limit: int) -> Sequence[Row[Any]]:
        """What it stood for, the newest first. AliasNotFoundError."""
        name = normalised(name)
        wanted = (
            select(ALIAS_VERSIONS)
            .where(ALIAS_VERSIONS.c.name == name)
            .order_by(ALIAS_VERSIONS.c.version.desc())
            .limit(limit)
        )
        async with self._database.read() as tx:
            if await self._owned(tx, caller, name, lock=False) is None:
                raise AliasNotFoundError(f"there is no alias {name}")
            return (await tx.execute(wanted)).all()

    async def page(
        self, caller: Caller | None, *, prefix: str, tag: str, text: str, after: str, limit: int
    ) -> Sequence[Row[Any]]:
        """Up to ``limit`` aliases by name, behind ``after``: those that were there all the time come exactly once.

        ``caller``: an administrator or None sees all, others see their tenant's. ``text``: somewhere in the name.
        """
        wanted = _joined().where(ALIASES.c.name > after, ALIASES.c.state == ACTIVE)
        if caller is not None and not caller.is_admin:
            wanted = wanted.where(ALIASES.c.tenant == caller.tenant)
        if prefix:
            first = unicodedata.normalize("NFC", prefix)
            wanted = wanted.where(ALIASES.c.name >= first, ALIASES.c.name < first + _LAST)
        if text:
            wanted = wanted.where(ALIASES.c.skeleton.contains(skeleton(text), autoescape=True))
        if tag:
            wanted = wanted.where(exists().where(ALIAS_TAGS.c.name == ALIASES.c.name, ALIAS_TAGS.c.tag == tag))
        async with self._database.read() as tx:
            return (await tx.execute(wanted.order_by(ALIASES.c.name).limit(limit))).all()

    async def _change(
        self, tx: AsyncConnection, caller: Caller, name: str, content: Content, condition: Condition, action: str
    ) -> Change:
        now = self._clock()
        for _ in range(_TRIES):
            held = await self._held(tx, name)
            if held is None:
                if condition.version is not None or condition.exists:
                    raise VersionError(f"there is no alias {name}")
                if await self._claim(tx, caller, name, content, now):
                    await self._record(tx, caller, name, 1, content, action, now)
                    return Change(1, created=True)
                continue  # somebody was faster, and has ended by now
            mine = held.tenant == caller.tenant or caller.is_admin
            free = held.state == DELETED and (held.reusable or 0) <= now
            if (held.name != name or not mine) and not free:
                raise AliasTakenError(
                    f"the name {name} is taken"
                    if held.name == name or not mine
                    else f"the name {name} looks like {held.name}, which is taken"
                )
            if held.name != name:
                await self._forget(tx, held.name)
                continue
            _check(held, condition)
            if not mine:
                # What it stood for before is no business of the new owner's.
                await tx.execute(delete(ALIAS_VERSIONS).where(ALIAS_VERSIONS.c.name == name))
            await tx.execute(
                update(ALIASES)
                .where(ALIASES.c.name == name)
                .values(
                    **_values(content),
                    tenant=held.tenant if mine else caller.tenant,
                    created=held.created if mine else now,
                    state=ACTIVE,
                    version=held.version + 1,
                    changed=now,
                    reusable=None,
                )
            )
            await self._record(tx, caller, name, held.version + 1, content, action, now)
            return Change(held.version + 1, created=held.state != ACTIVE)
        raise AliasTakenError(f"too many want the name {name} at once")

    async def _claim(self, tx: AsyncConnection, caller: Caller, name: str, content: Content, now: int) -> bool:
        values = {
            "name": name,
            "skeleton": skeleton(name),
            "tenant": caller.tenant,
            "state": ACTIVE,
            "version": 1,
            "created": now,
            "changed": now,
            **_values(content),
        }
        return (await tx.execute(self._new, values)).rowcount == 1

    async def _record(
        self,
        tx: AsyncConnection,
        caller: Caller,
        name: str,
        version: int,
        content: Content | None,
        action: str,
        now: int,
    ) -> None:
        """What belongs to every change: its version, the tags, and that the proxies are told."""
        kept = content or Content(sha256="")
        values = _values(kept) | {"sha256": kept.sha256 or None}
        values |= {"name": name, "version": version, "action": action, "credential": caller.credential, "changed": now}
        await tx.execute(_NEW_VERSION, values)
        if version > 1:
            await tx.execute(delete(ALIAS_TAGS).where(ALIAS_TAGS.c.name == name))
        if tags := dict.fromkeys(kept.tags):
            await tx.execute(_NEW_TAG, [{"name": name, "tag": tag} for tag in tags])
        if self._told is not None:
            message = {"source": f"alias://{name}", "attempts": 0, "created": now}
            await tx.execute(_NEW_MESSAGE, [message | {"due": due} for due in (now, now + AGAIN)])
            self._told()

    @staticmethod
    async def _held(tx: AsyncConnection, name: str) -> Row[Any] | None:
        """Whoever has the name, or one that looks like it."""
        return (await tx.execute(_BY_SKELETON, {"seen": skeleton(name)})).one_or_none()

    @staticmethod
    async def _forget(tx: AsyncConnection, name: str) -> None:
        """A tombstone whose time is over makes room for a name that looks like it."""
        for table in (ALIAS_TAGS, ALIAS_VERSIONS, ALIASES):
            await tx.execute(delete(table).where(table.c.name == name))

    @staticmethod
    async def _owned(tx: AsyncConnection, caller: Caller, name: str, *, lock: bool = True) -> Row[Any] | None:
        """The alias, if it is the caller's tenant's; of others' aliases nobody is told here."""
        wanted = select(ALIASES).where(ALIASES.c.name == name)
        if not caller.is_admin:
            wanted = wanted.where(ALIASES.c.tenant == caller.tenant)
        return (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()

    @staticmethod
    async def _check_asset(tx: AsyncConnection, caller: Caller, sha256: str) -> None:
        wanted = select(ASSETS.c.state).where(ASSETS.c.sha256 == sha256)
        if not caller.is_admin:
            held = exists().where(HOLDINGS.c.sha256 == sha256, HOLDINGS.c.tenant == caller.tenant)
            wanted = wanted.where(held)
        # Locked, so that nobody takes it away before the alias points at it.
        state = (await tx.execute(wanted.with_for_update())).scalar()
        if state is None:
            raise AssetNotFoundError(f"there is no asset {sha256}")
        if state != READY:
            raise ConflictError(f"the asset {sha256} is {state}")

    @staticmethod
    async def _get(tx: AsyncConnection, name: str) -> Row[Any]:
        found = (await tx.execute(_joined().where(ALIASES.c.name == name, ALIASES.c.state == ACTIVE))).one_or_none()
        if found is None:
            raise AliasNotFoundError(f"there is no alias {name}")
        return found


def focal(row: Row[Any]) -> tuple[float, float] | None:
    """The focal point of a row."""
    return None if row.focal_x is None or row.focal_y is None else (row.focal_x, row.focal_y)


def _joined() -> Any:
    asset = [column.label(f"asset_{column.name}") for column in ASSETS.c]
    return select(ALIASES, *asset).join(ASSETS, ASSETS.c.sha256 == ALIASES.c.sha256)


def _values(content: Content) -> dict[str, Any]:
    x, y = content.focal or (None, None)
    return {
        "sha256": content.sha256,
        "focal_x": x,
        "focal_y": y,
        "preset": content.preset,
        "tags": list(dict.fromkeys(content.tags)),
    }


def _check(held: Row[Any], condition: Condition) -> None:
    there = held.state == ACTIVE
    if condition.absent and there:
        raise VersionError(f"the alias {held.name} is there, in version {held.version}")
    if (condition.exists or condition.version is not None) and not there:
        raise VersionError(f"there is no alias {held.name}")
    if condition.version is not None and held.version != condition.version:
        raise VersionError(f"the alias {held.name} is in version {held.version}")
