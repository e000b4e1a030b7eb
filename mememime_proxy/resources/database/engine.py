"""The database: transactions on SQLite or PostgreSQL, with the same errors."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from mememime_proxy.errors import DatabaseError, ReadOnlyError, SettingsError, StorageFullError, missing_extra
from mememime_proxy.resources.database.perceptual_hash import bit_distance

_LOCK_TIMEOUT = 5.0
"""Seconds that a writer waits for another process's write (SQLite)."""
_BOUNDS: dict[str, Any] = {"timeout": 5.0, "command_timeout": 30.0, "server_settings": {"lock_timeout": "10s"}}
"""Seconds for PostgreSQL to connect, to answer a statement, and to wait for a locked row."""
_POOL = 8
_TIMEOUT = 20.0
"""Seconds that a transaction waits for a connection: a crowd is served one after another, and a flood refused."""
_PING = 20.0
"""Seconds after which a connection that only listens is tried: without it, the loss of a network is not noticed."""
_DISK_FULL = "53100"
"""PostgreSQL's error code."""


def now() -> int:
    """Return the time as every column has it: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Database:
    """Opened with the service. All methods raise DatabaseError where the database cannot be had, or no room is left.

    ``write``: a transaction that is durable when the block has ended without an error, and never happened otherwise.
    Writers of one SQLite file are serialised. On PostgreSQL they compete for rows: use compare and set.
    """

    def __init__(self, url: str, *, bounded: bool = True, read_only: bool = False) -> None:
        """SettingsError for a URL of another kind.

        ``bounded`` False: a statement may take as long as it likes. ``read_only``: ``write`` raises ReadOnlyError, and
        the database itself refuses changes.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise SettingsError("MEMEMIME_DATABASE_URL: expected sqlite:////path or postgresql://…") from None
        drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
        if parsed.drivername not in drivers:
            raise SettingsError(
                f"MEMEMIME_DATABASE_URL: found {parsed.drivername}, expected sqlite:////path or postgresql://…"
            )
        self.dialect = parsed.drivername
        self.read_only = read_only
        self._arguments = _arguments(bounded=bounded, read_only=read_only) if self.dialect == "postgresql" else {}
        self.url = parsed.set(drivername=drivers[parsed.drivername])
        # One writer at a time within a process needs no polling of SQLite's lock.
        self._writer = asyncio.Lock() if self.dialect == "sqlite" else None

    async def start(self) -> None:
        """Open the pool of connections. SettingsError where there is no folder for it, or the driver is missing."""
        if self.dialect == "sqlite" and self.url.database:
            await asyncio.to_thread(_require_folder, self.url.database)
        try:
            self.engine: AsyncEngine = create_async_engine(
                self.url,
                connect_args=self._arguments,
                pool_size=_POOL,
                max_overflow=0,
                pool_timeout=_TIMEOUT,
                pool_pre_ping=self.dialect != "sqlite",
            )
        except ModuleNotFoundError as error:
            raise missing_extra("MEMEMIME_DATABASE_URL", "postgres") from error
        if self.dialect == "sqlite":
            event.listen(self.engine.sync_engine, "do_connect", _connect_sqlite)
            set_up = _set_up_sqlite_reader if self.read_only else _set_up_sqlite
            event.listen(self.engine.sync_engine, "connect", set_up)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Yield a transaction that may change rows. ReadOnlyError where this database is only read."""
        if self.read_only:
            raise ReadOnlyError("the database is a replica")
        with _errors():
            async with self._writer or contextlib.nullcontext(), self.engine.connect() as connection:
                await connection.execution_options(mememime_write=True)
                async with connection.begin():
                    yield connection

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a transaction that only reads."""
        with _errors():
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    async def answers(self) -> bool:
        """Whether the database can be had now."""
        try:
            async with self.read() as connection:
                await connection.execute(text("SELECT 1"))
        except (DatabaseError, StorageFullError):
            return False
        return True

    async def listen(self, channel: str, on_message: Callable[[], None]) -> None:
        """Call ``on_message`` once at the beginning, and for each message on a channel of PostgreSQL (LISTEN).

        The connection is one of its own. Ends when it is lost, in DatabaseError.
        """
        driver_module = importlib.import_module("asyncpg")
        engine = create_async_engine(
            self.url, connect_args=self._arguments, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        lost = asyncio.Event()
        try:
            with _errors():
                async with engine.connect() as connection:
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    driver.add_termination_listener(lambda *_: lost.set())
                    await driver.add_listener(channel, lambda *_: on_message())
                    on_message()
                    while not lost.is_set():
                        try:
                            async with asyncio.timeout(_PING):
                                await lost.wait()
                        except TimeoutError:
                            await connection.execute(text("SELECT 1"))
        except (driver_module.PostgresError, driver_module.InterfaceError) as error:
            raise DatabaseError(f"the database failed: {type(error).__name__}: {error}") from error
        finally:
            await engine.dispose()
        raise DatabaseError("the connection that listens was lost")

    def insert(self, table: Table) -> Any:
        """Return the dialect's INSERT, which has ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)


def _arguments(*, bounded: bool, read_only: bool) -> dict[str, Any]:
    """Return the arguments of a connection to PostgreSQL."""
    arguments: dict[str, Any] = dict(_BOUNDS) if bounded else {}
    if read_only:
        arguments["server_settings"] = arguments.get("server_settings", {}) | {"default_transaction_read_only": "on"}
    return arguments


def _require_folder(name: str) -> None:
    path = Path(name).absolute()
    if path.is_dir():
        raise SettingsError(f"MEMEMIME_DATABASE_URL: {path} is a folder, expected the path of a file in a folder")
    if not path.parent.is_dir():
        raise SettingsError(f"MEMEMIME_DATABASE_URL: there is no folder {path.parent}, create it or correct the path")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise SettingsError(f"MEMEMIME_DATABASE_URL: the folder {path.parent} cannot be written by this user")


def _connect_sqlite(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
    return dialect.loaded_dbapi.connect(*arguments, async_creator_fn=_open_connection, **options)


async def _open_connection(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """Return an open connection; a failure or a cancellation leaves none open.

    Its thread calls back into the event loop, which may end first.
    """
    connection = aiosqlite.connect(*arguments, **options)
    connection._thread.daemon = True  # as SQLAlchemy has it: a process ends though a connection was left open
    task = asyncio.ensure_future(_open(connection))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(sqlite3.Error):
            await (await task).close()
        raise


async def _open(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    try:
        return await connection
    except sqlite3.Error:
        await asyncio.to_thread(connection._thread.join)  # it was stopped but not joined
        raise


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    _set_up(connection, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _set_up_sqlite_reader(connection: Any, _record: Any) -> None:
    _set_up(connection, "query_only=ON")


def _set_up(connection: Any, *pragmas: str) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    # SQLite counts no bits.
    connection.create_function("bit_distance", 2, bit_distance, deterministic=True)
    cursor = connection.cursor()
    for pragma in (*pragmas, f"busy_timeout={int(_LOCK_TIMEOUT * 1000)}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("mememime_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextlib.contextmanager
def _errors() -> Any:
    try:
        yield
    except DBAPIError as error:
        cause = error.orig
        detail = str(cause)
        full = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if full or getattr(cause, "sqlstate", None) == _DISK_FULL:
            raise StorageFullError(f"the database is full: {detail}") from error
        raise DatabaseError(f"the database failed: {type(cause).__name__}: {detail}") from error
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise DatabaseError(f"the database failed: {type(error).__name__}") from error
