"""Databases: each test gets its own, with today's tables in it, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import migrate
from tests.support.postgres_server import PostgresServer

TEMPLATE = "template_mememime"


async def _make(url: str) -> None:
    database = Database(url)
    await database.start()
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for this process, with a template that has the tables."""
    with PostgresServer() as server:
        server.sql(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(_make(server.url(TEMPLATE)))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables."""
    path = tmp_path_factory.mktemp("database") / "template.sqlite"
    asyncio.run(_make(f"sqlite:///{path}"))
    return path


def new_url(request: pytest.FixtureRequest, dialect: str, folder: Path) -> str:
    """The URL of a new database with the tables, which is dropped when the scope of ``request`` ends."""
    if dialect == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create(TEMPLATE)
        request.addfinalizer(partial(server.drop, url))
        return url
    path = folder / "test.sqlite"
    # By the database's own copier: part of a file may be in its log.
    source, target = sqlite3.connect(request.getfixturevalue("sqlite_template")), sqlite3.connect(path)
    source.backup(target)
    target.close()
    source.close()
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database, once of each kind."""
    return new_url(request, request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened."""
    found = Database(database_url)
    await found.start()
    yield found
    await found.close()
