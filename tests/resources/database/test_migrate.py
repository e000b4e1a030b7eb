import asyncio
import warnings

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, bindparam, inspect, select, text
from sqlalchemy.schema import CreateIndex

from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import migrate
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS, METADATA
from tests.support.commands import invoke


def _differences(connection):
    """What migrations made otherwise than the tables of today."""
    with warnings.catch_warnings():
        # SQLAlchemy does not read expressions of SQLite's indexes: they are compared as texts.
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    if connection.dialect.name == "sqlite":
        bands = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name LIKE '%band%'")
        migrated = set(connection.execute(bands).scalars())
        indexes = {str(CreateIndex(each).compile(connection)) for each in ASSETS.indexes if "band" in str(each.name)}
        assert len(indexes) == 4
        found += sorted(migrated ^ indexes)
    return found


def _tables(connection):
    return set(inspect(connection).get_table_names())


async def test_migrate_all_steps_create_the_current_schema(database):
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(_tables) == {*METADATA.tables, "alembic_version"}


async def test_migrate_downgrade_and_upgrade_give_the_same_schema(database):
    assert await migrate(database, "base") == ""
    async with database.read() as connection:
        assert await connection.run_sync(_tables) == {"alembic_version"}
    step = await migrate(database)
    assert step
    assert await migrate(database) == step
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrate_concurrent_processes_run_each_step_once(database, database_url):
    await migrate(database, "base")
    others = [Database(database_url) for _ in range(4)]
    for other in others:
        await other.start()
    steps = await asyncio.gather(*(migrate(other) for other in others))
    assert len(set(steps)) == 1
    for other in others:
        await other.close()


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("0000000000000000", 0),
        ("0123456789abcdef", 0x0123456789ABCDEF),
        ("7fffffffffffffff", (1 << 63) - 1),
        ("8000000000000000", -(1 << 63)),
        ("fedcba9876543210", 0xFEDCBA9876543210 - (1 << 64)),
        ("ffffffffffffffff", -1),
        ("", None),
        ("fffffffffffffff", None),
        ("FFFFFFFFFFFFFFFF", None),
        ("g123456789abcdef", None),
        (None, None),
    ],
)
async def test_migrate_fills_hashes_from_the_facts(database, digits, number):
    await migrate(database, "base")
    await migrate(database, "0004")
    async with database.write() as connection:
        await connection.execute(
            text(
                "INSERT INTO assets (sha256, state, reason, reason_detail, size, media_type, stored_sha256,"
                " stored_size, facts, created, changed) VALUES ('a', 'ready', '', '', 1, '', 'a', 1, :facts, 1, 1)"
            ).bindparams(bindparam("facts", type_=JSON)),
            {"facts": {} if digits is None else {"width": 3, "phash": digits}},
        )
    await migrate(database)
    async with database.read() as connection:
        row = (await connection.execute(select(ASSETS.c.phash, ASSETS.c.facts))).one()
    assert (row.phash, row.facts.get("phash")) == (number, digits)


@pytest.mark.parametrize(
    ("color", "number"), [("#0a1bff", 0x0A1BFF), ("#000000", 0), ("#FFFFFF", None), ("red", None), (None, None)]
)
async def test_migrate_fills_the_columns_of_lists(database, color, number):
    await migrate(database, "base")
    await migrate(database, "0007")
    facts = {"width": 640, "height": 480} | ({} if color is None else {"dominant_color": color})
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO tenants (name, created) VALUES ('shop', 1)"))
        await connection.execute(
            text(
                "INSERT INTO assets (sha256, state, reason, reason_detail, size, media_type, stored_sha256,"
                " stored_size, facts, created, changed) VALUES ('a', 'ready', '', '', 77, '', 'a', 1, :facts, 1, 1)"
            ).bindparams(bindparam("facts", type_=JSON)),
            {"facts": facts},
        )
        await connection.execute(text("INSERT INTO holdings (tenant, sha256, created) VALUES ('shop', 'a', 1)"))
    await migrate(database)
    async with database.read() as connection:
        row = (await connection.execute(select(ASSETS.c.width, ASSETS.c.height, ASSETS.c.dominant_color))).one()
        holding = (await connection.execute(select(HOLDINGS.c.size, HOLDINGS.c.filename))).one()
    assert (tuple(row), tuple(holding)) == ((640, 480, number), (77, ""))


async def test_migrate_newer_database_is_not_changed(database):
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="step 9999"):
        await migrate(database)


def test_migrate_command_prints_the_step(tmp_path):
    for _ in range(2):
        found = invoke("migrate", MEMEMIME_DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite")
        assert found.exit_code == 0, found.output
        assert found.output == "The database is at step 0015.\n"
    assert "found mysql" in invoke("migrate", MEMEMIME_DATABASE_URL="mysql://x").output
    assert "found nothing" in invoke("migrate").output
