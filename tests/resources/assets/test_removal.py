"""Removal beside those who bring the same bytes at that moment."""

import pytest
from sqlalchemy import update

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.resources.assets.removal import REMOVED, REMOVING, Removal
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_world import DAY, in_folder

BODY = b"a picture"


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        yield it


class Meanwhile(Folder):
    """Something happens when an object is about to be deleted."""

    def __init__(self, world, happens):
        self.world, self.happens = world, happens

    async def delete(self, key):
        await self.happens()
        await self.world.storage.delete(key)


async def test_row_object_and_holdings_go_together(world):
    name = await world.asset(BODY, "deleted")
    await world.alias("old", name, "deleted")
    assert await Removal(world.database, world.storage).asset(name, "deleted", world.now, world.now + 1)
    assert [await world.rows(table) for table in (ASSETS, HOLDINGS)] == [[], []]
    assert (await world.row(ALIASES))["sha256"] is None
    assert await world.keys() == []


@pytest.mark.parametrize(("state", "later"), [("ready", 0), ("deleted", 1)])
async def test_what_changed_since_it_was_looked_at_is_left_alone(world, state, later):
    name = await world.asset(BODY, state)
    assert not await Removal(world.database, world.storage).asset(name, "deleted", world.now + later, world.now + DAY)
    assert (await world.row(ASSETS))["state"] == state
    assert await world.keys() == [asset_key(name)]


async def test_an_asset_that_an_alias_points_at_keeps_its_row(world):
    name = await world.asset(BODY, "deleted")
    await world.alias("forced", name)
    assert await Removal(world.database, world.storage).asset(name, "deleted", world.now, world.now + 1)
    row = await world.row(ASSETS)
    assert (row["state"], row["reason"], row["changed"]) == ("quarantined", REMOVED, world.now + 1)
    assert await world.keys() == []


async def test_an_object_that_got_a_row_is_no_orphan(world):
    name = await world.asset(BODY, "verifying")
    assert not await Removal(world.database, world.storage).orphan(name, world.now)
    assert await world.keys() == [asset_key(name)]


async def test_who_brings_the_bytes_of_an_orphan_sees_that_they_go(world):
    name = await world.asset(BODY)
    async with world.database.write() as tx:
        await tx.execute(HOLDINGS.delete())
        await tx.execute(ASSETS.delete())
    seen = []

    async def ingest():
        await world.add(ASSETS, **{"sha256": name, "state": "verifying", "size": 1, "stored_sha256": name,
                                   "stored_size": 1, "facts": {}, "created": 1, "changed": 1})  # fmt: skip
        seen.append((await world.row(ASSETS))["state"])

    assert await Removal(world.database, Meanwhile(world, ingest)).orphan(name, world.now)
    assert seen == [REMOVING]
    assert await world.rows(ASSETS) == []
    assert await world.keys() == []


async def test_a_claim_that_somebody_took_over_is_let_go(world):
    name = await world.asset(BODY, "deleted")

    async def taken_over_and_ingested_again():
        async with world.database.write() as tx:
            await tx.execute(update(ASSETS).values(state="ready", changed=world.now + 5))

    removal = Removal(world.database, Meanwhile(world, taken_over_and_ingested_again))
    assert await removal.asset(name, "deleted", world.now, world.now + 1)
    assert (await world.row(ASSETS))["state"] == "ready"
    assert len(await world.rows(HOLDINGS)) == 1


async def test_a_storage_that_fails_leaves_the_claim(world):
    name = await world.asset(BODY, "deleted")

    async def outage():
        raise StorageUnavailableError

    with pytest.raises(StorageUnavailableError):
        await Removal(world.database, Meanwhile(world, outage)).asset(name, "deleted", world.now, world.now + 1)
    assert (await world.row(ASSETS))["state"] == REMOVING
    assert await Removal(world.database, world.storage).asset(name, REMOVING, world.now + 1, world.now + DAY)
    assert await world.rows(ASSETS) == []


@pytest.mark.parametrize("held", [True, False])
async def test_an_asset_that_nobody_goes_on_with(world, held):
    name = await world.asset(BODY, "verifying", held=held)
    assert not await Removal(world.database, world.storage).left(name, "verifying", world.now - 1, world.now + 1)
    assert await Removal(world.database, world.storage).left(name, "verifying", world.now, world.now + 1)
    if held:
        assert await Scrubber(world.database, world.storage, world.clock, DAY).round() == (1, [])
        assert (await world.row(ASSETS))["state"] == "ready", "somebody was told that it is there"
    else:
        assert await world.rows(ASSETS) == []
    assert await world.keys() == ([asset_key(name)] if held else [])
