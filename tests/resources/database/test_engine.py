"""Errors of databases: one class, within a time, and correct work afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import aiosqlite
import psutil
import pytest
from sqlalchemy import select, text

from mememime_proxy.errors import DatabaseError, SettingsError, StorageFullError
from mememime_proxy.resources.database import engine as module
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.schema import TENANTS
from tests.support.postgres_server import PostgresServer


async def add(database, name):
    async with database.write() as tx:
        await tx.execute(database.insert(TENANTS).values(name=name, created=0))


async def names(database):
    async with database.read() as tx:
        return set((await tx.execute(select(TENANTS.c.name))).scalars())


@pytest.mark.parametrize("url", ["mysql://x", "nonsense", "", "sqlite+aiosqlite:///x"])
def test_database_unsupported_url_is_refused(url):
    with pytest.raises(SettingsError, match="MEMEMIME_DATABASE_URL"):
        Database(url)


async def test_transaction_error_rolls_everything_back(database):
    await add(database, "a")

    async def in_vain():
        async with database.write() as tx:
            await tx.execute(database.insert(TENANTS).values(name="b", created=0))
            raise RuntimeError("in vain")

    with pytest.raises(RuntimeError, match="in vain"):
        await in_vain()
    with pytest.raises(DatabaseError):
        await add(database, "a")
    assert await names(database) == {"a"}
    assert await database.answers()


async def test_connection_cancelled_while_opening_is_closed(sqlite_template, monkeypatch):
    opening, go_on, opens = threading.Event(), threading.Event(), sqlite3.connect

    def slowly(*arguments, **options):
        opening.set()
        assert go_on.wait(60)
        return opens(*arguments, **options)

    database = Database(f"sqlite:///{sqlite_template}")
    await database.start()
    monkeypatch.setattr(sqlite3, "connect", slowly)
    asking = asyncio.create_task(database.answers())
    await asyncio.to_thread(opening.wait, 60)
    asking.cancel()
    done, _ = await asyncio.wait({asking}, timeout=0.1)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not done
    assert await database.answers()
    await database.close()


async def test_connection_failed_to_open_leaves_no_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(aiosqlite.core.LOG, "debug", lambda *_: time.sleep(0.05))  # in that thread
    before = set(threading.enumerate())
    (tmp_path / "removed").mkdir()
    database = Database(f"sqlite:///{tmp_path}/removed/db.sqlite")
    await database.start()
    (tmp_path / "removed").rmdir()
    assert not await database.answers()
    left = {thread for thread in threading.enumerate() if "_connection_worker" in thread.name} - before
    await database.close()
    assert left == set()


async def test_statement_invalid_raises_database_error(database):
    async def ask():
        async with database.read() as tx:
            await tx.execute(text("SELECT nothing"))

    with pytest.raises(DatabaseError):
        await ask()
    assert await database.answers()


async def test_sqlite_unreadable_file_raises_database_error(tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseError):
        await bring_up(f"sqlite:///{broken}")


@pytest.mark.parametrize(
    ("path", "text"), [("missing/db.sqlite", "there is no folder"), (".", "is a folder, expected")]
)
async def test_sqlite_path_without_a_folder_says_what_to_do(tmp_path, path, text):
    with pytest.raises(SettingsError, match=f"MEMEMIME_DATABASE_URL: .*{text}"):
        await bring_up(f"sqlite:///{tmp_path / path}")


async def test_sqlite_full_disk_raises_and_works_again_with_free_space(tmp_path, sqlite_template):
    path = tmp_path / "small.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    await database.start()
    async with database.read() as tx:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar()
        await tx.execute(text(f"PRAGMA max_page_count = {pages + 2}"))

    async def fill():
        for n in range(1000):
            await add(database, f"{n:0200}")

    with pytest.raises(StorageFullError):
        await fill()
    assert len(await names(database)) < 1000
    await database.close()
    await database.start()
    await add(database, "more")
    await database.close()


@pytest.fixture
async def locked(postgres, database_url, monkeypatch):
    monkeypatch.setattr(module, "_LOCK_TIMEOUT", 0.2)
    monkeypatch.setattr(
        module, "_BOUNDS", {"timeout": 5.0, "command_timeout": 2.0, "server_settings": {"lock_timeout": "200ms"}}
    )
    found = Database(database_url)
    await found.start()
    yield found
    await found.close()


async def test_transaction_locked_row_times_out(locked, database):
    await add(database, "a")
    async with database.write() as tx:
        await tx.execute(TENANTS.update().values(max_bytes=1))
        with pytest.raises(DatabaseError):
            await limit(locked, 2)
        assert await locked.answers()
    await limit(locked, 3)


async def limit(database, most):
    async with database.write() as tx:
        await tx.execute(TENANTS.update().values(max_bytes=most))


async def test_postgresql_stopped_or_restarted_recovers(monkeypatch):
    monkeypatch.setattr(module, "_BOUNDS", {"timeout": 1.0, "command_timeout": 1.0})
    with PostgresServer() as server:
        url = server.create()
        await bring_up(url)
        database = Database(url)
        await database.start()
        await add(database, "a")
        process = psutil.Process(server.process.pid)
        everybody = [process, *process.children(recursive=True)]
        for each in everybody:
            each.suspend()
        assert not await database.answers()
        for each in everybody:
            each.resume()
        server.stop()
        assert not await database.answers()
        server.start()
        assert await database.answers()
        assert await names(database) == {"a"}
        await database.close()
