"""Checks of the resource service and its database. Imported only where they are made: they need the extra."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.resources.app import SETTINGS_CHECKS, Resources
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.inspection import inspect_database, place
from mememime_proxy.resources.database.replication import Replication, inspect_replication
from mememime_proxy.settings.settings import Settings

_MUCH_LAG: Final = 30.0
"""Seconds: as in the alert."""
__all__ = ["SETTINGS_CHECKS", "check_database", "check_resources"]


async def check_resources(settings: Settings) -> AsyncIterator[Finding]:
    """Open all that the resource service opens at its start but the database and its sockets, and close it again."""
    async with Resources(settings).parts.opened():
        pass
    yield ok("resources.start", "start of the resource service", "all that it opens but its sockets was opened")


def _finding_of_replication(subject: str, replication: Replication) -> Finding:
    if not replication.is_replica:
        return note("database.replica", subject, "is no read replica: changes are refused all the same")
    if replication.lag is None:
        return note("database.replica", subject, "has replayed nothing since its start, or hides its lag")
    detail = f"lags {replication.lag:.1f} s behind its primary"
    return (note if replication.lag > _MUCH_LAG else ok)("database.replica", subject, detail)


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Check the database: reachable, writable, its tables and the steps that a start would run."""
    database = Database(settings.database_url, read_only=settings.read_only)
    subject = place(database)
    await database.start()
    try:
        replication = await inspect_replication(database)
        if replication.is_replica and not settings.read_only:
            detail = "is a read replica; expected the primary, or MEMEMIME_READ_ONLY=true"
            yield wrong("database.usable", subject, detail)
            return
        facts = await inspect_database(database)
    except (DatabaseError, StorageFullError) as error:
        yield wrong("database.usable", subject, error.detail)
        return
    finally:
        await database.close()
    if facts is None:
        yield note("database.usable", subject, "there is no such file: the first start creates it")
        return
    if settings.read_only:
        yield ok("database.usable", subject, f"{facts.server} answers, and is only read")
        yield _finding_of_replication(subject, replication)
    else:
        yield ok("database.usable", subject, f"{facts.server} answers, and a table can be created and written")
    if facts.pending and settings.read_only:
        detail = f"lacks {', '.join(facts.pending)}: upgrade the writer first, which migrates it"
        yield wrong("database.step", subject, detail)
    elif facts.pending:
        step = f"is at step {facts.step}" if facts.step else "is empty"
        detail = f"{step}: the next start runs {', '.join(facts.pending)}; make a backup before (docs/operations.md)"
        yield note("database.step", subject, detail)
    else:
        yield ok("database.step", subject, f"is at step {facts.step}, the newest")
