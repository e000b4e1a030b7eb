import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import inspect, text

from mememime_proxy.commands.group import main
from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import migrate
from mememime_proxy.resources.database.schema import METADATA


def _differences(connection):
    return compare_metadata(MigrationContext.configure(connection), METADATA)


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


async def test_migrate_newer_database_is_not_changed(database):
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="step 9999"):
        await migrate(database)


def test_migrate_command_prints_the_step(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMEMIME_DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite")
    for _ in range(2):
        found = CliRunner().invoke(main, ["migrate"])
        assert found.exit_code == 0, found.output
        assert found.output == "The database is at step 0003.\n"
    monkeypatch.setenv("MEMEMIME_DATABASE_URL", "mysql://x")
    assert "found mysql" in CliRunner().invoke(main, ["migrate"]).output
    monkeypatch.delenv("MEMEMIME_DATABASE_URL")
    assert "found nothing" in CliRunner().invoke(main, ["migrate"]).output
