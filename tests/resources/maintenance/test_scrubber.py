"""Detection of corrupt objects, without false alarms."""

import asyncio

import pytest

from mememime_proxy.errors import AssetNotFoundError, StorageDeniedError, StorageError, StorageUnavailableError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.resources.maintenance.scrubber import CorruptAsset, Scrubber
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_backend import DAY, digest, in_folder
from tests.support.waiting import wait_until

BODY = bytes(range(256)) * 2000


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


def scrubber(backend, storage=None):
    return Scrubber(backend.database, storage or backend.storage, backend.clock, DAY, Outbox(), pace=float("inf"))


class Failing(Folder):
    """Says ``errors``, one for each time that an object is opened; then it works."""

    def __init__(self, backend, *errors):
        self.backend, self.errors, self.opened = backend, list(errors), 0

    async def open(self, key, **more):
        self.opened += 1
        if self.errors:
            raise self.errors.pop(0)
        return await self.backend.storage.open(key, **more)


@pytest.mark.promise("G10")
@pytest.mark.parametrize("bit", [0, 8 * len(BODY) // 2, 8 * len(BODY) - 1])
async def test_scrubber_flipped_bit_is_found_within_a_cycle(backend, tmp_path, bit):
    names = [await backend.asset(BODY), *[await backend.asset(BODY[:n]) for n in range(1, 20)]]
    assert await scrubber(backend).round() == (20, [])
    file = tmp_path / "assets" / asset_key(names[0])
    rotten = bytearray(BODY)
    rotten[bit // 8] ^= 1 << bit % 8
    file.write_bytes(rotten)
    backend.now += DAY + 1
    assert await scrubber(backend).round() == (20, [CorruptAsset(names[0], AssetDefect.CORRUPT)])
    states = {row["sha256"]: (row["state"], row["reason"]) for row in await backend.rows(ASSETS)}
    assert states.pop(names[0]) == ("quarantined", AssetDefect.CORRUPT)
    assert set(states.values()) == {("ready", "")}
    assert file.read_bytes() == rotten, "what is left of it stays for who wants to save it"


@pytest.mark.promise("G10")
async def test_scrubber_missing_and_truncated_objects_are_quarantined(backend):
    lost, short = await backend.asset(b"lost"), await backend.asset(b"short")
    await backend.storage.delete(asset_key(lost))
    await backend.storage.put(asset_key(short), b"shor")
    assert sorted((await scrubber(backend).round())[1], key=lambda bad: bad.reason) == [
        CorruptAsset(short, AssetDefect.CORRUPT),
        CorruptAsset(lost, AssetDefect.MISSING),
    ]


async def test_check_reads_one_asset_now_and_leaves_out_what_was_read(backend):
    name, other = await backend.asset(BODY), await backend.asset(b"other")
    instance = scrubber(backend)
    assert await instance.check(name) == ""
    assert await instance.check(name, backend.now) is None
    assert await instance.check(name, backend.now + 1) == ""
    await backend.storage.put(asset_key(name), BODY[::-1])
    assert await instance.check(name) == AssetDefect.CORRUPT
    checked = {row["sha256"]: (row["state"], row["checked"]) for row in await backend.rows(ASSETS)}
    assert checked == {name: ("quarantined", backend.now), other: ("ready", None)}
    with pytest.raises(StorageUnavailableError):
        await scrubber(backend, Failing(backend, StorageUnavailableError())).check(other)
    with pytest.raises(AssetNotFoundError):
        await instance.check("0" * 64)


async def test_scrubber_new_asset_is_read_at_once_and_then_once_in_a_cycle(backend):
    instance = scrubber(backend)
    await backend.asset(b"first")
    assert await instance.round() == (1, [])
    assert await instance.round() == (0, [])
    backend.now += DAY // 2
    await backend.asset(b"second")
    assert await instance.round() == (1, [])
    backend.now += DAY // 2 + 1
    assert await instance.round() == (1, [])
    assert {row["checked"] for row in await backend.rows(ASSETS)} == {backend.now, backend.now - DAY // 2 - 1}


async def test_scrubber_reads_ready_assets_alone(backend):
    for state in ("receiving", "verifying", "quarantined", "deleted", "removing"):
        await backend.asset(state.encode(), state, stored=False)
    assert await scrubber(backend).round() == (0, [])


async def test_scrubber_single_wrong_digest_is_read_again(backend):
    await backend.asset(BODY)
    storage = Failing(backend, StorageError("the body ended early"))
    assert await scrubber(backend, storage).round() == (1, [])
    assert storage.opened == 2


async def test_scrubber_body_that_breaks_twice_is_corrupt(backend):
    name = await backend.asset(BODY)
    storage = Failing(backend, *[StorageError("bad sector")] * 2)
    assert await scrubber(backend, storage).round() == (1, [CorruptAsset(name, AssetDefect.CORRUPT)])


@pytest.mark.parametrize("error", [StorageUnavailableError, StorageDeniedError])
async def test_scrubber_unavailable_storage_changes_no_asset(backend, error):
    await backend.asset(BODY)
    assert await scrubber(backend, Failing(backend, error())).round() == (0, [])
    row = await backend.row(ASSETS)
    assert (row["state"], row["checked"]) == ("ready", None), "it is due still"


async def test_scrubber_asset_replaced_during_the_read_is_not_changed(backend):
    name = await backend.asset(BODY)

    class Replaced(Failing):
        async def open(self, key, **more):
            body = await super().open(key, **more)
            await backend.change(ASSETS, stored_sha256=digest(b"packed again"), stored_size=12)
            return body

    await backend.storage.put(asset_key(name), b"rotten")
    await scrubber(backend, Replaced(backend)).round()
    assert (await backend.row(ASSETS))["state"] == "ready", "a verdict over other bytes counts for nothing"


async def test_scrubber_two_processes_read_each_asset_once(backend):
    for number in range(30):
        await backend.asset(b"%d" % number)
    storages = [Failing(backend), Failing(backend)]
    await asyncio.gather(*(scrubber(backend, storage).round() for storage in storages))
    assert all(row["checked"] for row in await backend.rows(ASSETS))
    assert 30 <= sum(storage.opened for storage in storages) < 60


async def test_scrubber_started_reads_until_it_is_closed(backend):
    name = await backend.asset(BODY)
    await backend.storage.put(asset_key(name), b"rotten")
    instance = scrubber(backend)
    instance.start()

    async def found():
        return (await backend.row(ASSETS))["state"] != "ready"

    await wait_until(found)
    await instance.close()
