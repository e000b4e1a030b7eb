"""Removal of assets during uploads of the same bytes."""

import pytest
from sqlalchemy import update

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.assets.removal import Removal
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_backend import DAY, in_folder

BODY = b"a picture"


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


class Meanwhile(Folder):
    """Something happens when an object is about to be deleted."""

    def __init__(self, backend, happens):
        self.backend, self.happens = backend, happens

    async def delete(self, key):
        await self.happens()
        await self.backend.storage.delete(key)


async def test_remove_deletes_row_object_and_holdings(backend):
    name = await backend.asset(BODY, "deleted")
    await backend.alias("old", name, "deleted")
    assert await Removal(backend.database, backend.storage).remove(name, "deleted", backend.now, backend.now + 1)
    assert [await backend.rows(table) for table in (ASSETS, HOLDINGS)] == [[], []]
    assert (await backend.row(ALIASES))["sha256"] is None
    assert await backend.keys() == []


@pytest.mark.parametrize(("state", "later"), [("ready", 0), ("deleted", 1)])
async def test_remove_changed_asset_is_not_removed(backend, state, later):
    name = await backend.asset(BODY, state)
    assert not await Removal(backend.database, backend.storage).remove(
        name, "deleted", backend.now + later, backend.now + DAY
    )
    assert (await backend.row(ASSETS))["state"] == state
    assert await backend.keys() == [asset_key(name)]


async def test_remove_asset_with_an_alias_keeps_its_row(backend):
    name = await backend.asset(BODY, "deleted")
    await backend.alias("forced", name)
    assert await Removal(backend.database, backend.storage).remove(name, "deleted", backend.now, backend.now + 1)
    row = await backend.row(ASSETS)
    assert (row["state"], row["reason"], row["changed"]) == ("quarantined", AssetDefect.REMOVED, backend.now + 1)
    assert await backend.keys() == []


async def test_remove_orphan_with_a_new_row_is_not_removed(backend):
    name = await backend.asset(BODY, "verifying")
    assert not await Removal(backend.database, backend.storage).remove_orphan(name, backend.now)
    assert await backend.keys() == [asset_key(name)]


async def test_remove_orphan_claim_is_visible_to_a_concurrent_upload(backend):
    name = await backend.asset(BODY)
    async with backend.database.write() as tx:
        await tx.execute(HOLDINGS.delete())
        await tx.execute(ASSETS.delete())
    seen = []

    async def ingest():
        await backend.add(ASSETS, **{"sha256": name, "state": "verifying", "size": 1, "stored_sha256": name,
                                   "stored_size": 1, "facts": {}, "created": 1, "changed": 1})  # fmt: skip
        seen.append((await backend.row(ASSETS))["state"])

    assert await Removal(backend.database, Meanwhile(backend, ingest)).remove_orphan(name, backend.now)
    assert seen == [AssetState.REMOVING]
    assert await backend.rows(ASSETS) == []
    assert await backend.keys() == []


async def test_remove_claim_of_another_process_is_not_changed(backend):
    name = await backend.asset(BODY, "deleted")

    async def taken_over_and_ingested_again():
        async with backend.database.write() as tx:
            await tx.execute(update(ASSETS).values(state="ready", changed=backend.now + 5))

    removal = Removal(backend.database, Meanwhile(backend, taken_over_and_ingested_again))
    assert await removal.remove(name, "deleted", backend.now, backend.now + 1)
    assert (await backend.row(ASSETS))["state"] == "ready"
    assert len(await backend.rows(HOLDINGS)) == 1


async def test_remove_storage_error_keeps_the_claim(backend):
    name = await backend.asset(BODY, "deleted")

    async def outage():
        raise StorageUnavailableError

    with pytest.raises(StorageUnavailableError):
        await Removal(backend.database, Meanwhile(backend, outage)).remove(
            name, "deleted", backend.now, backend.now + 1
        )
    assert (await backend.row(ASSETS))["state"] == AssetState.REMOVING
    assert await Removal(backend.database, backend.storage).remove(
        name, AssetState.REMOVING, backend.now + 1, backend.now + DAY
    )
    assert await backend.rows(ASSETS) == []


@pytest.mark.parametrize("held", [True, False])
async def test_remove_stuck_asset_is_removed_or_quarantined(backend, held):
    name = await backend.asset(BODY, "verifying", held=held)
    assert not await Removal(backend.database, backend.storage).remove_stuck(
        name, "verifying", backend.now - 1, backend.now + 1
    )
    assert await Removal(backend.database, backend.storage).remove_stuck(
        name, "verifying", backend.now, backend.now + 1
    )
    if held:
        assert await Scrubber(backend.database, backend.storage, backend.clock, DAY, Outbox()).round() == (1, [])
        assert (await backend.row(ASSETS))["state"] == "ready", "somebody was told that it is there"
    else:
        assert await backend.rows(ASSETS) == []
    assert await backend.keys() == ([asset_key(name)] if held else [])
