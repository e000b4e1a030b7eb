"""Brings a database to today's tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.database.engine import Database

_LOCK: Final = 0x6D656D65
"""Number of PostgreSQL's advisory lock."""


async def migrate(database: Database, target: str = "head") -> str:
    """Migrate to ``target`` (a step, ``head`` or ``base``) and return the step reached, '' for an empty database.

    All steps are one transaction; of several processes that begin at once, one works and the others find it done.
    SettingsError for a database that a newer version has worked on.
    """
    async with database.write() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        return await connection.run_sync(_run, target)


async def bring_up(url: str) -> str:
    """Migrate the database at ``url`` by connections of its own: a step, and the wait for the lock, may take long."""
    database = Database(url, bounded=False)
    await database.start()
    try:
        return await migrate(database)
    finally:
        await database.close()


async def require_newest(database: Database) -> None:
    """Check that a database that is only read has today's tables. Raises SettingsError, DatabaseError."""
    async with database.read() as connection:
        _, pending = await connection.run_sync(pending_steps)
    if pending:
        raise SettingsError(
            f"MEMEMIME_READ_ONLY: the database lacks {', '.join(pending)}; expected one that the writer has migrated:"
            " upgrade the writer first"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def pending_steps(connection: Connection) -> tuple[str, list[str]]:
    """Return the step of a database ('' for an empty one), and the steps that a migration to the newest would run.

    SettingsError for a database that a newer version has worked on.
    """
    steps = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
    current = _revision(connection)
    if current and current not in steps:
        raise SettingsError(
            f"MEMEMIME_DATABASE_URL: found a database at step {current}, which this version does not know;"
            " expected one that no newer version has worked on"
        )
    return current, steps[steps.index(current) + 1 if current else 0 :]


def _run(connection: Connection, target: str) -> str:
    pending_steps(connection)
    config = _config()
    config.attributes["connection"] = connection
    if target == "base":
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)
    return _revision(connection)


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""
