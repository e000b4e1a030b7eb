"""What rots in the storage is found, and nothing else is taken for rotten."""

import asyncio

import pytest

from mememime_proxy.errors import StorageDeniedError, StorageError, StorageUnavailableError
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.resources.maintenance.differences import CORRUPT, MISSING
from mememime_proxy.resources.maintenance.scrubber import Bad, Scrubber
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_world import DAY, digest, in_folder
from tests.support.waiting import wait_until

BODY = bytes(range(256)) * 2000


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        yield it


def scrubber(world, storage=None):
    return Scrubber(world.database, storage or world.storage, world.clock, DAY, pace=float("inf"))


class Failing(Folder):
    """Says ``errors``, one for each time that an object is opened; then it works."""

    def __init__(self, world, *errors):
        self.world, self.errors, self.opened = world, list(errors), 0

    async def open(self, key, **more):
        self.opened += 1
        if self.errors:
            raise self.errors.pop(0)
        return await self.world.storage.open(key, **more)


@pytest.mark.promise("G10")
@pytest.mark.parametrize("bit", [0, 8 * len(BODY) // 2, 8 * len(BODY) - 1])
async def test_one_flipped_bit_is_found_within_a_cycle(world, tmp_path, bit):
    names = [await world.asset(BODY), *[await world.asset(BODY[:n]) for n in range(1, 20)]]
    assert await scrubber(world).round() == (20, [])
    file = tmp_path / "assets" / asset_key(names[0])
    rotten = bytearray(BODY)
    rotten[bit // 8] ^= 1 << bit % 8
    file.write_bytes(rotten)
    world.now += DAY + 1
    assert await scrubber(world).round() == (20, [Bad(names[0], CORRUPT)])
    states = {row["sha256"]: (row["state"], row["reason"]) for row in await world.rows(ASSETS)}
    assert states.pop(names[0]) == ("quarantined", CORRUPT)
    assert set(states.values()) == {("ready", "")}
    assert file.read_bytes() == rotten, "what is left of it stays for who wants to save it"


@pytest.mark.promise("G10")
async def test_lost_and_cut_short(world):
    lost, short = await world.asset(b"lost"), await world.asset(b"short")
    await world.storage.delete(asset_key(lost))
    await world.storage.put(asset_key(short), b"shor")
    assert sorted((await scrubber(world).round())[1], key=lambda bad: bad.reason) == [
        Bad(short, CORRUPT),
        Bad(lost, MISSING),
    ]


async def test_what_is_new_comes_at_once_and_then_once_in_a_cycle(world):
    it = scrubber(world)
    await world.asset(b"first")
    assert await it.round() == (1, [])
    assert await it.round() == (0, [])
    world.now += DAY // 2
    await world.asset(b"second")
    assert await it.round() == (1, [])
    world.now += DAY // 2 + 1
    assert await it.round() == (1, [])
    assert {row["checked"] for row in await world.rows(ASSETS)} == {world.now, world.now - DAY // 2 - 1}


async def test_only_ready_assets_are_read(world):
    for state in ("receiving", "verifying", "quarantined", "deleted", "removing"):
        await world.asset(state.encode(), state, stored=False)
    assert await scrubber(world).round() == (0, [])


async def test_a_bad_reading_alone_proves_nothing(world):
    await world.asset(BODY)
    storage = Failing(world, StorageError("the body ended early"))
    assert await scrubber(world, storage).round() == (1, [])
    assert storage.opened == 2


async def test_a_body_that_breaks_twice_is_bad(world):
    name = await world.asset(BODY)
    storage = Failing(world, *[StorageError("bad sector")] * 2)
    assert await scrubber(world, storage).round() == (1, [Bad(name, CORRUPT)])


@pytest.mark.parametrize("error", [StorageUnavailableError, StorageDeniedError])
async def test_a_storage_that_is_away_says_nothing_of_the_bytes(world, error):
    await world.asset(BODY)
    assert await scrubber(world, Failing(world, error())).round() == (0, [])
    row = await world.row(ASSETS)
    assert (row["state"], row["checked"]) == ("ready", None), "it is due still"


async def test_bytes_that_were_replaced_while_they_were_read(world):
    name = await world.asset(BODY)

    class Replaced(Failing):
        async def open(self, key, **more):
            body = await super().open(key, **more)
            await world.change(ASSETS, stored_sha256=digest(b"packed again"), stored_size=12)
            return body

    await world.storage.put(asset_key(name), b"rotten")
    await scrubber(world, Replaced(world)).round()
    assert (await world.row(ASSETS))["state"] == "ready", "a verdict over other bytes counts for nothing"


async def test_two_processes_share_the_work(world):
    for number in range(30):
        await world.asset(b"%d" % number)
    storages = [Failing(world), Failing(world)]
    await asyncio.gather(*(scrubber(world, storage).round() for storage in storages))
    assert all(row["checked"] for row in await world.rows(ASSETS))
    assert 30 <= sum(storage.opened for storage in storages) < 60


async def test_it_goes_on_by_itself(world):
    name = await world.asset(BODY)
    await world.storage.put(asset_key(name), b"rotten")
    it = scrubber(world)
    it.start()

    async def found():
        return (await world.row(ASSETS))["state"] != "ready"

    await wait_until(found)
    await it.close()
