"""Replication: whether a database is a read replica, and how far it lags behind its primary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from mememime_proxy.resources.database.engine import Database

# A replica that has replayed all that it received is up to date while it is connected: on a quiet primary the last
# transaction gets older all the same. Without a connection nobody knows, and the age of that transaction is the most
# that can be true. Users without pg_monitor see the row of the receiver, too, with nothing but its process in it.
_LAG: Final = text("""
SELECT CASE
  WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
  ELSE EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp())
END
""")


@dataclass(frozen=True, slots=True)
class Replication:
    """What a database says of itself."""

    is_replica: bool
    lag: float | None = 0.0
    """Seconds; 0 on a primary, None where the replica does not know."""


async def inspect_replication(database: Database) -> Replication:
    """Return the state of a database. DatabaseError, also where a server does not have PostgreSQL's functions."""
    if database.dialect == "sqlite":
        return Replication(False)
    async with database.read() as tx:
        if not (await tx.execute(text("SELECT pg_is_in_recovery()"))).scalar_one():
            return Replication(False)
        lag = (await tx.execute(_LAG)).scalar_one()
        return Replication(True, None if lag is None else max(0.0, float(lag)))
