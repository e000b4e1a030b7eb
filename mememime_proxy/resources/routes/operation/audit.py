"""Who changed what: aliases, keys, and deletions of assets."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.database.schema import ALIAS_VERSIONS, API_KEYS, ASSETS
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.times import rfc3339

_AT_ONE_TIME: Final = 5000
"""Most changes of one millisecond that a page has; a batch of aliases has 500."""


class AuditEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One change. ``action``: what was changed and how, such as `alias.set`, `key.revoke` or `asset.delete`."""

    time: str
    action: str
    subject: str
    """An alias, the digest of an asset, or the id of a key."""
    by: str = ""
    """The credential; '' = not known."""
    version: int = 0
    """Of an alias."""
    milliseconds: int = 0


class AuditPage(msgspec.Struct, kw_only=True):
    """Changes, the newest first. ``cursor``: of the next page; null at the end."""

    entries: list[AuditEntry]
    cursor: str | None


class AuditQuery(msgspec.Struct, kw_only=True):
    """Where to begin, and how many."""

    cursor: Annotated[str, Meta(pattern="^[0-9]{0,15}$")] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


async def list_audit(call: Call) -> web.StreamResponse:
    """List changes."""
    query = call.query(AuditQuery)
    async with call.services.database.read() as tx:
        before = int(query.cursor) if query.cursor else None
        found = await _changes(tx, lambda time: time < before if before is not None else time.is_not(None), query.limit)
        is_last = len(found) < query.limit
        if not is_last:
            # All of the last millisecond: the next page begins before it.
            last = found[query.limit - 1].milliseconds
            found = [each for each in found if each.milliseconds > last]
            found += await _changes(tx, lambda time: time == last, _AT_ONE_TIME)
    for each in found:
        each.time = rfc3339(each.milliseconds)
    return json_response(AuditPage(entries=found, cursor=None if is_last else str(last)))


async def _changes(tx: AsyncConnection, when: Any, limit: int) -> list[AuditEntry]:
    """Return up to ``limit`` of the newest changes of each kind at the times that ``when`` selects, by time."""

    async def rows(query: Any, time: ColumnElement[Any]) -> Any:
        return await tx.execute(query.where(when(time)).order_by(time.desc()).limit(limit))

    versions, keys, assets = ALIAS_VERSIONS.c, API_KEYS.c, ASSETS.c
    found = [
        AuditEntry(time="", action=f"alias.{row.action}", subject=row.name, by=row.credential, version=row.version,
                   milliseconds=row.changed)
        for row in await rows(
            select(versions.name, versions.version, versions.action, versions.credential, versions.changed),
            versions.changed,
        )
    ]  # fmt: skip
    found += [
        AuditEntry(time="", action="key.create", subject=row.id, milliseconds=row.created)
        for row in await rows(select(keys.id, keys.created), keys.created)
    ]
    found += [
        AuditEntry(time="", action="key.revoke", subject=row.id, milliseconds=row.revoked)
        for row in await rows(select(keys.id, keys.revoked), keys.revoked)
    ]
    deleted = select(assets.sha256, assets.changed).where(assets.state == AssetState.DELETED)
    found += [
        AuditEntry(time="", action="asset.delete", subject=row.sha256, milliseconds=row.changed)
        for row in await rows(deleted, assets.changed)
    ]
    return sorted(found, key=lambda each: (-each.milliseconds, each.action, each.subject, -each.version))


ROUTES = (
    Route(
        method="GET",
        path="/audit",
        handler=list_audit,
        name="list_audit",
        summary="List who changed which alias, key or asset, the newest first",
        role=Role.ADMIN,
        query=AuditQuery,
        responses={200: AuditPage},
    ),
)
