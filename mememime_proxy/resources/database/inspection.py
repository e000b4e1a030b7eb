"""A look at the database without a change: its step, what a start would migrate, and whether rows can be written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from mememime_proxy.errors import DatabaseError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import pending_steps

_PROBE_TABLE = "mememime_doctor_probe"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What was found."""

    server: str
    """Dialect and version."""
    step: str
    """The step that its tables are at; '' = it is empty."""
    pending: list[str]
    """The steps that a start runs."""


def place(database: Database) -> str:
    """Return where the database is, without the password."""
    return database.url.render_as_string(hide_password=True).replace("+aiosqlite", "").replace("+asyncpg", "")


async def inspect_database(database: Database) -> DatabaseFacts | None:
    """Return the facts of an open database; None for a SQLite file that a start would create.

    A table is created, written, read and rolled back, which needs the permissions of a migration; not in one that is
    only read. Raises DatabaseError, StorageFullError and SettingsError.
    """
    if _is_new_file(database):
        return None
    async with database.read() as connection:
        step, pending = await connection.run_sync(pending_steps)
        version = "sqlite_version()" if database.dialect == "sqlite" else "current_setting('server_version')"
        server = f"{database.dialect} {(await connection.execute(text(f'SELECT {version}'))).scalar_one()}"
    if not database.read_only:
        await _write_and_roll_back(database)
    return DatabaseFacts(server, step, pending)


def _is_new_file(database: Database) -> bool:
    """Return whether a start creates the file of the database. DatabaseError where it cannot."""
    if database.dialect != "sqlite" or database.url.database in {None, "", ":memory:"}:
        return False
    file = Path(str(database.url.database))
    if file.exists() or database.read_only:
        return False
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            return True
    except OSError as error:
        raise DatabaseError(f"the file {str(file)!r} cannot be created ({error.strerror})") from error


async def _write_and_roll_back(database: Database) -> None:
    async with database.write() as connection:
        savepoint = await connection.begin_nested()
        await connection.execute(text(f"CREATE TABLE {_PROBE_TABLE} (number INTEGER)"))
        await connection.execute(text(f"INSERT INTO {_PROBE_TABLE} VALUES (1)"))  # noqa: S608 - a constant
        await savepoint.rollback()
