"""Creation of many aliases in one transaction, each of which is new or names its asset already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import AliasTakenError, VersionError
from mememime_proxy.resources.aliases.model import AliasCondition, AliasContent
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ALIAS_VERSIONS, ALIASES
from mememime_proxy.resources.database.states import AliasAction, AliasState
from mememime_proxy.service.alias_names import skeleton

_INSERT_VERSION = insert(ALIAS_VERSIONS)
_BY_SKELETONS = select(ALIASES).where(ALIASES.c.skeleton.in_(bindparam("seen", expanding=True)))
_NEW = AliasCondition(absent=True)


class ConcurrentClaimError(Exception):
    """Another transaction created one of the names meanwhile; this one has to begin again."""


@dataclass(slots=True)
class PlannedAliases:
    """What a creation will do."""

    versions: dict[str, int] = field(default_factory=dict)
    """Versions of names that name their asset already."""
    errors: dict[str, AliasTakenError | VersionError] = field(default_factory=dict)
    """Why a name cannot be created."""
    new: dict[str, str] = field(default_factory=dict)
    """Names without a row, and their skeletons."""
    reused: list[str] = field(default_factory=list)
    """Names whose row has to be looked at one by one: tombstones."""


class AliasCreation:
    """``plan`` and then ``create``, both in the caller's transaction. Names are normalised."""

    def __init__(self, database: Database, aliases: Aliases, outbox: Outbox) -> None:
        self._aliases, self._outbox = aliases, outbox
        self._insert = database.insert(ALIASES).on_conflict_do_nothing().returning(ALIASES.c.name)

    async def plan(self, tx: AsyncConnection, principal: Principal, targets: Mapping[str, str]) -> PlannedAliases:
        """Determine what becomes of each name; ``targets``: the digests of the assets that they shall name."""
        plan = PlannedAliases()
        if not targets:
            return plan
        skeletons = {name: skeleton(name) for name in targets}
        seen = sorted(set(skeletons.values()))
        rows = {row.skeleton: row for row in await tx.execute(_BY_SKELETONS, {"seen": seen})}
        for name, sha256 in targets.items():
            row = rows.get(skeletons[name])
            if row is None and skeletons[name] in plan.new.values():
                plan.errors[name] = AliasTakenError(f"the name {name} looks like another one of the same batch")
            elif row is None:
                plan.new[name] = skeletons[name]
            elif row.state != AliasState.ACTIVE:
                plan.reused.append(name)
            elif row.name == name and row.tenant == principal.tenant and row.sha256 == sha256:
                plan.versions[name] = row.version
            elif row.name == name and (row.tenant == principal.tenant or principal.is_admin):
                plan.errors[name] = VersionError(f"the alias {name} exists, in version {row.version}")
            else:
                plan.errors[name] = AliasTakenError(f"the name {name} is taken, or looks like one that is")
        return plan

    async def create(
        self, tx: AsyncConnection, principal: Principal, targets: Mapping[str, str], plan: PlannedAliases, now: int
    ) -> dict[str, int]:
        """Create the names of ``targets``, which ``plan`` has no errors for; return their versions.

        Raises ConcurrentClaimError, and for tombstones what ``Aliases.point`` raises; the transaction must not be
        committed then.
        """
        new = sorted((plan.new[name], name) for name in targets if name in plan.new)
        if new:
            # In one order in all transactions, since each waits for others that insert the same names.
            rows = [self._row(principal, name, seen, targets[name], now) for seen, name in new]
            created = set((await tx.execute(self._insert, rows)).scalars())
            if len(created) != len(rows):
                raise ConcurrentClaimError
            await tx.execute(_INSERT_VERSION, [_version(row, principal, now) for row in rows])
            await self._outbox.add_aliases(tx, [name for _, name in new], now)
        versions = {name: 1 for _, name in new}
        for name in plan.reused:
            if name in targets:
                content = AliasContent(targets[name])
                change = await self._aliases.point(tx, principal, name, content, _NEW, now)
                versions[name] = change.version
        return versions | {name: plan.versions[name] for name in targets if name in plan.versions}

    @staticmethod
    def _row(principal: Principal, name: str, seen: str, sha256: str, now: int) -> dict[str, Any]:
        return {
            "name": name,
            "skeleton": seen,
            "tenant": principal.tenant,
            "state": AliasState.ACTIVE,
            "version": 1,
            "created": now,
            "changed": now,
        } | AliasContent(sha256).columns()


def _version(row: Mapping[str, Any], principal: Principal, now: int) -> dict[str, Any]:
    names = ("name", "version", "sha256", "focal_x", "focal_y", "preset", "tags")
    return {name: row[name] for name in names} | {
        "action": AliasAction.SET,
        "credential": principal.credential,
        "changed": now,
    }
