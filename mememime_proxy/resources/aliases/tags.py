"""Tags of aliases, with how many aliases have each."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select

from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIAS_TAGS, ALIASES
from mememime_proxy.resources.database.states import AliasState


class CountedTag(NamedTuple):
    """A tag, and how many active aliases have it."""

    tag: str
    aliases: int


class Tags:
    """A principal sees those of its tenant; an administrator sees all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, principal: Principal, prefix: str, limit: int) -> list[CountedTag]:
        """Return up to ``limit`` tags that start with ``prefix``, the most frequent first. DatabaseError."""
        count = func.count().label("aliases")
        query = (
            select(ALIAS_TAGS.c.tag, count)
            .join(ALIASES, ALIASES.c.name == ALIAS_TAGS.c.name)
            .where(ALIASES.c.state == AliasState.ACTIVE)
            .group_by(ALIAS_TAGS.c.tag)
            .order_by(count.desc(), ALIAS_TAGS.c.tag)
            .limit(limit)
        )
        if prefix:
            query = query.where(ALIAS_TAGS.c.tag.startswith(prefix, autoescape=True))
        if not principal.is_admin:
            query = query.where(ALIASES.c.tenant == principal.tenant)
        async with self._database.read() as tx:
            return [CountedTag(row.tag, row.aliases) for row in await tx.execute(query)]
