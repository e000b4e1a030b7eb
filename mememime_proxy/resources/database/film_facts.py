"""Rows of what workers found out about films and sound: streams, key frames, loudness.

It is plain data of those workers: this service keeps it, and proxies pass it on to their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import FILM_FACTS


async def add_film_facts(tx: AsyncConnection, database: Database, found: Mapping[str, bytes], now: int) -> None:
    """Write down what an inspection found out about assets, by their digests; what is known of one stays."""
    rows = [
        {"sha256": sha256, "facts": facts, "has_loudness": False, "created": now}
        for sha256, facts in sorted(found.items())
        if facts
    ]
    if rows:
        await tx.execute(database.insert(FILM_FACTS).on_conflict_do_nothing(), rows)


async def replace_film_facts(tx: AsyncConnection, database: Database, sha256: str, facts: bytes, now: int) -> None:
    """Write down the facts of an asset with its loudness."""
    await add_film_facts(tx, database, {sha256: facts}, now)
    await tx.execute(update(FILM_FACTS).where(FILM_FACTS.c.sha256 == sha256).values(facts=facts, has_loudness=True))


async def find_film_facts(database: Database, sha256: str) -> bytes:
    """Return what is known of an asset; nothing where nothing is. DatabaseError."""
    async with database.read() as tx:
        found = (await tx.execute(select(FILM_FACTS.c.facts).where(FILM_FACTS.c.sha256 == sha256))).scalar()
    return bytes(found or b"")


async def has_loudness(tx: AsyncConnection, sha256: str) -> bool:
    """Whether the loudness of an asset was measured."""
    known = select(FILM_FACTS.c.sha256).where(FILM_FACTS.c.sha256 == sha256, FILM_FACTS.c.has_loudness)
    return (await tx.execute(known)).first() is not None
