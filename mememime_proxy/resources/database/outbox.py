"""The outbox of purges: rows that are written in the transaction of the change they follow from.

So a crash after the change loses no purge. Their delivery is ``aliases.purge_outbox``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.resources.database.schema import ALIASES, OUTBOX
from mememime_proxy.resources.database.states import AliasState

SECOND_PURGE: Final = 600
"""Milliseconds after which the proxies get a second purge, for responses that were under way at the first one."""
# Built once: an upload with an alias has these statements.
_INSERT: Final = insert(OUTBOX)
_COLUMNS: Final = ("source", "attempts", "created", "due")
_INSERT_ALIASES: Final = _INSERT.from_select(
    _COLUMNS,
    select(
        (literal("alias://") + ALIASES.c.name).label("source"), literal(0), bindparam("now"), bindparam("next")
    ).where(ALIASES.c.sha256 == bindparam("digest"), ALIASES.c.state == AliasState.ACTIVE),
)


class Outbox:
    """Adds purges to the outbox."""

    def __init__(self, on_purge: Callable[[], None] | None = None) -> None:
        """``on_purge``: called when a row was added, perhaps before its transaction ends; None = no proxy is purged."""
        self._on_purge = on_purge

    async def add_alias(self, tx: AsyncConnection, name: str, now: int) -> None:
        """Purge an alias once ``tx`` is committed."""
        await self._add(tx, [f"alias://{name}"], now)

    async def add_aliases(self, tx: AsyncConnection, names: Sequence[str], now: int) -> None:
        """Purge several aliases once ``tx`` is committed."""
        await self._add(tx, [f"alias://{name}" for name in names], now)

    async def add_asset(self, tx: AsyncConnection, sha256: str, now: int) -> None:
        """Purge an asset that became readable or unreadable, and all its aliases, once ``tx`` is committed."""
        if self._on_purge is None:
            return
        for due in _times(now):
            await tx.execute(_INSERT_ALIASES, {"now": now, "next": due, "digest": sha256})
        await self._add(tx, [f"asset://{sha256}"], now)

    async def _add(self, tx: AsyncConnection, sources: Sequence[str], now: int) -> None:
        if self._on_purge is None:
            return
        common: dict[str, Any] = {"attempts": 0, "created": now}
        await tx.execute(
            _INSERT, [common | {"source": source, "due": due} for source in sources for due in _times(now)]
        )
        self._on_purge()


def _times(now: int) -> tuple[int, int]:
    return now, now + SECOND_PURGE
