"""Purges of many sources as a job: each chunk puts some of them into the outbox, which delivers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import RoleError
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import Chunk, ChunkOutcome, Items, NewChunk
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ALIASES, HOLDINGS

KIND: Final = "purge"
MAX_SOURCES: Final = 20_000
_CHUNK: Final = 500
"""Sources of a chunk: a proxy takes some fifty purges a second from one process of the service."""
_LOOK_UP: Final = 500
"""Names in one query."""
_ALIAS, _ASSET = "alias://", "asset://"


class PurgeList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Sources whose variants all proxies are to drop: `alias://name`, `asset://sha256`, or any other source URL."""

    sources: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=1200)]], Meta(min_length=1, max_length=MAX_SOURCES)
    ]


def purge_chunks(sources: Sequence[str]) -> list[NewChunk]:
    """Return the chunks of a purge; a source that stands twice is purged once."""
    distinct = list(dict.fromkeys(sources))
    return [NewChunk(payload=part, items=len(part)) for part in _slices(distinct, _CHUNK)]


async def check_purge(tx: AsyncConnection, principal: Principal, sources: Sequence[str]) -> None:
    """Raise RoleError unless the principal may purge the sources.

    An administrator may purge any. Others may purge aliases that are theirs to write, and assets of their tenant.
    """
    if principal.is_admin:
        return
    aliases = {source.removeprefix(_ALIAS) for source in sources if source.startswith(_ALIAS)}
    assets = {source.removeprefix(_ASSET) for source in sources if source.startswith(_ASSET)}
    if len(set(sources)) != len(aliases) + len(assets):
        raise RoleError("this needs the role admin: found a source that is neither alias:// nor asset://")
    for name in aliases:
        principal.check_alias(name)
    for column, tenant, names in (
        (ALIASES.c.name, ALIASES.c.tenant, aliases),
        (HOLDINGS.c.sha256, HOLDINGS.c.tenant, assets),
    ):
        own: set[str] = set()
        for some in _slices(sorted(names), _LOOK_UP):
            own |= set((await tx.execute(select(column).where(column.in_(some), tenant == principal.tenant))).scalars())
        if missing := names - own:
            raise RoleError(f"found {min(missing)}, which is not of the tenant")


def purge_kind(outbox: Outbox, clock: Callable[[], int]) -> JobKind:
    """Return the kind of job that purges."""

    async def run(chunk: Chunk) -> ChunkOutcome:
        sources: list[str] = chunk.payload

        async def finish(tx: AsyncConnection) -> None:
            await outbox.add_sources(tx, sources, clock())

        return ChunkOutcome(counts=Items(done=len(sources)), finish=finish)

    return JobKind(name=KIND, run=run)


def _slices(values: Sequence[str], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
