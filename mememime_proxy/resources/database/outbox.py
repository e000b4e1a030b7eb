"""Purges that are written in the transaction of the change they follow from, so that a crash after it loses none.

Each is a row of the log, which proxies read (``aliases.purge_feed``). Where there are proxies that purges are sent to,
it is in the outbox as well (``aliases.purge_outbox``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.resources.database.schema import ALIASES, OUTBOX, PURGES
from mememime_proxy.resources.database.states import AliasState

SECOND_PURGE: Final = 600
"""Milliseconds after which the proxies get a second purge, for responses that were under way at the first one."""
CHANNEL: Final = "mememime_purges"
"""On which PostgreSQL tells of new rows of the log, once they are committed."""
# Built once: an upload with an alias has these statements.
_INSERT: Final = insert(OUTBOX)
_COLUMNS: Final = ("source", "attempts", "created", "due")
_SOURCE: Final = (literal("alias://") + ALIASES.c.name).label("source")
_OF_ASSET: Final = (ALIASES.c.sha256 == bindparam("digest"), ALIASES.c.state == AliasState.ACTIVE)
_INSERT_ALIASES: Final = _INSERT.from_select(
    _COLUMNS, select(_SOURCE, literal(0), bindparam("now"), bindparam("next")).where(*_OF_ASSET)
)
_LOG: Final = insert(PURGES)
_LOG_ALIASES: Final = _LOG.from_select(("source", "created"), select(_SOURCE, bindparam("now")).where(*_OF_ASSET))
_NOTIFY: Final = select(func.pg_notify(CHANNEL, ""))


class Outbox:
    """Adds purges to the log, and to the outbox where there is one."""

    def __init__(
        self, on_purge: Callable[[], None] | None = None, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """``on_purge``: called when a row was added, perhaps before its transaction ends; None = there is no outbox.

        ``on_change``: the same for the log.
        """
        self._on_purge = on_purge
        self._on_change = on_change

    async def add_alias(self, tx: AsyncConnection, name: str, now: int) -> None:
        """Purge an alias once ``tx`` is committed."""
        await self._add(tx, [f"alias://{name}"], now)

    async def add_aliases(self, tx: AsyncConnection, names: Sequence[str], now: int) -> None:
        """Purge several aliases once ``tx`` is committed."""
        await self._add(tx, [f"alias://{name}" for name in names], now)

    async def add_asset(self, tx: AsyncConnection, sha256: str, now: int) -> None:
        """Purge an asset that became readable or unreadable, and all its aliases, once ``tx`` is committed."""
        await tx.execute(_LOG_ALIASES, {"now": now, "digest": sha256})
        if self._on_purge is not None:
            for due in _times(now):
                await tx.execute(_INSERT_ALIASES, {"now": now, "next": due, "digest": sha256})
        await self._add(tx, [f"asset://{sha256}"], now)

    async def add_sources(self, tx: AsyncConnection, sources: Sequence[str], now: int) -> None:
        """Purge sources of any kind once ``tx`` is committed."""
        await self._add(tx, sources, now)

    async def _add(self, tx: AsyncConnection, sources: Sequence[str], now: int) -> None:
        await tx.execute(_LOG, [{"source": source, "created": now} for source in sources])
        if tx.dialect.name == "postgresql":
            await tx.execute(_NOTIFY)
        self._on_change()
        if self._on_purge is None:
            return
        common: dict[str, Any] = {"attempts": 0, "created": now}
        await tx.execute(
            _INSERT, [common | {"source": source, "due": due} for source in sources for due in _times(now)]
        )
        self._on_purge()


def _times(now: int) -> tuple[int, int]:
    return now, now + SECOND_PURGE
