"""``mememime batch twins`` as an operator runs it."""

import asyncio
import json

import pytest

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from tests.support.commands import invoke
from tests.support.hashed_assets import add_hashed_assets, name
from tests.support.resource_backend import in_folder


@pytest.fixture
def service(tmp_path):
    """A database with two groups in one tenant, and none in another."""
    url = f"sqlite:///{tmp_path}/resources.db"

    async def fill():
        await bring_up(url)
        database = Database(url)
        await database.start()
        await add_hashed_assets(database, [5, 5, 7, 255 << 20, 511 << 20, 255 << 50], ["somebody"])
        await add_hashed_assets(database, [5], ["another"], first=6)
        async with in_folder(database, tmp_path) as backend:
            await backend.alias("shop/a", name(2))
        await database.close()

    asyncio.run(fill())
    return {"MEMEMIME_DATABASE_URL": url}


def test_groups_are_readable(service):
    result = invoke("batch", "twins", **service)
    assert (result.exit_code, result.stdout.splitlines()) == (0, [
        "another: 0 of 1 assets look alike, in 0 groups (distance up to 6)",
        f"     1  {name(0)}",
        f"        {name(1)}",
        f"        {name(2)}  shop/a",
        f"     2  {name(3)}",
        f"        {name(4)}",
        "somebody: 5 of 6 assets look alike, in 2 groups (distance up to 6)",
    ]), result.output  # fmt: skip


def test_report_has_groups_and_pairs(service, tmp_path):
    path = tmp_path / "report.jsonl"
    assert invoke("batch", "twins", "--tenant", "somebody", "--report", str(path), **service).exit_code == 0
    result = invoke("batch", "twins", "--tenant", "somebody", "--report", "-", **service)
    assert result.stdout == path.read_text("utf-8")
    assert list(map(json.loads, result.stdout.splitlines())) == [
        {"event": "group", "tenant": "somebody", "group": 1,
         "assets": [{"sha256": name(0)}, {"sha256": name(1)}, {"sha256": name(2), "alias": "shop/a"}]},
        {"event": "group", "tenant": "somebody", "group": 2, "assets": [{"sha256": name(3)}, {"sha256": name(4)}]},
        {"event": "pair", "tenant": "somebody", "assets": [name(0), name(2)], "distance": 1},
        {"event": "pair", "tenant": "somebody", "assets": [name(3), name(4)], "distance": 1},
        {"event": "ended", "tenant": "somebody", "distance": 6, "assets": 6, "hashes": 5, "pairs": 2, "groups": 2,
         "grouped": 5, "common": 0},
    ]  # fmt: skip


def test_database_is_needed():
    result = invoke("batch", "twins")
    assert (result.exit_code, "MEMEMIME_DATABASE_URL: found nothing" in result.output) == (2, True)
