"""What is over goes, in batches; what is not over stays."""

import asyncio
import secrets

import pytest
from sqlalchemy import select

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.resources.assets.removal import REMOVED, REMOVING
from mememime_proxy.resources.database.schema import (
    ALIAS_TAGS,
    ALIAS_VERSIONS,
    ALIASES,
    ASSETS,
    CHUNKS,
    HOLDINGS,
    OUTBOX,
    TENANTS,
    TOKEN_USES,
    UPLOADS,
)
from mememime_proxy.resources.maintenance.janitor import Janitor
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.asset_keys import asset_key, incoming_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_world import DAY, HOUR, TENANT, in_folder
from tests.support.waiting import wait_until

WEEK = 7 * DAY


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        yield it


def janitor(world, storage=None):
    return Janitor(Settings(), world.database, storage or world.storage, world.clock)


async def test_an_expired_upload_goes_in_two_steps(world):
    gone, kept = await world.upload(b"a", b"b"), await world.upload(b"c", lives=DAY)
    assert not await janitor(world).round()
    world.now += HOUR + 1
    done = await janitor(world).round()
    assert (done["uploads expired"], done["uploads cleared"], done["uploads forgotten"]) == (1, 2, 0)
    states = {row["id"]: row["state"] for row in await world.rows(UPLOADS)}
    assert states == {gone: "expired", kept: "receiving"}, "clients are told for a while what became of it"
    assert [row["upload"] for row in await world.rows(CHUNKS)] == [kept]
    assert len(await world.keys()) == 1
    await world.change(UPLOADS, expires=world.now)
    world.now += DAY
    await janitor(world).round()
    assert await world.rows(UPLOADS) == []
    assert await world.keys() == []


async def test_an_upload_that_somebody_finishes_does_not_expire(world):
    await world.upload(b"a", state="verifying", lease_owner="x", lease_until=world.now + HOUR + 60_000)
    world.now += HOUR + 1
    assert not await janitor(world).round()
    world.now += 60_000
    assert (await janitor(world).round())["uploads expired"] == 1


async def test_parts_that_went_past_the_service_are_given_up(world):
    given_up = []

    class Bucket(Folder):
        def __init__(self):
            """A storage that gives out addresses."""

        def presigner(self):
            return self

        async def abort_upload(self, key, upload):
            given_up.append((key, upload))

        async def delete(self, key):
            await world.storage.delete(key)

        def list(self, prefix=""):
            return world.storage.list(prefix)

    over = await world.upload(kind="multipart", external="id-1", lives=0)
    await world.upload(kind="multipart", external="id-2")
    await world.storage.put(incoming_key(over), b"completed, and never asked for")
    world.now += 1
    done = await janitor(world, Bucket()).round()
    assert (done["uploads expired"], done["multipart uploads aborted"]) == (1, 1)
    assert given_up == [(incoming_key(over), "id-1")]
    assert await world.keys() == []
    assert sorted(row["external"] for row in await world.rows(UPLOADS)) == ["", "id-2"]
    world.now += 2 * DAY
    await janitor(world, Bucket()).round()
    assert given_up[1:] == [(given_up[-1][0], "id-2")]
    assert await world.rows(UPLOADS) == []


@pytest.mark.parametrize("state", ["done", "failed", "terminated"])
async def test_pieces_that_a_dead_process_left_of_an_ended_upload(world, state):
    await world.upload(b"a", b"b", state=state)
    assert (await janitor(world).round())["uploads cleared"] == 2
    assert await world.rows(CHUNKS) == []
    assert await world.keys() == []


@pytest.mark.parametrize(
    ("state", "age"), [("deleted", WEEK), (REMOVING, HOUR), ("verifying", HOUR), ("receiving", HOUR)]
)
async def test_assets_whose_time_has_come(world, state, age):
    await world.asset(b"ready")
    await world.asset(b"over", state, held=state == "deleted")
    world.now += age - 1 if state != REMOVING else 1000
    assert not (await janitor(world).round())["assets removed"]
    world.now += HOUR
    assert (await janitor(world).round())["assets removed"] == 1
    assert [row["state"] for row in await world.rows(ASSETS)] == ["ready"]
    assert len(await world.keys()) == 1


async def test_quarantined_assets_that_somebody_has_stay(world):
    rotten = await world.asset(b"rotten", "quarantined", reason="the stored bytes are corrupt")
    named = await world.asset(b"named", "quarantined", held=False)
    await world.alias("named", named)
    await world.asset(b"undecodable", "quarantined", stored=False, held=False)
    await world.asset(b"deleted by force", "quarantined", stored=False, reason=REMOVED)
    world.now += WEEK
    assert (await janitor(world).round())["assets removed"] == 2
    assert {row["sha256"] for row in await world.rows(ASSETS)} == {rotten, named}
    assert sorted(await world.keys()) == sorted([asset_key(rotten), asset_key(named)])


async def test_tombstones(world):
    await world.asset(b"ready")
    await world.alias("over", None, "deleted", world.now)
    await world.alias("later", None, "deleted", world.now + 1)
    await world.alias("alive", None, "active")
    assert (await janitor(world).round())["tombstones removed"] == 1
    for table in (ALIASES, ALIAS_VERSIONS, ALIAS_TAGS):
        assert {row["name"] for row in await world.rows(table)} == {"later", "alive"}


async def test_used_tokens_and_purges_that_nobody_took(world):
    for offset in (0, 1):
        await world.add(TOKEN_USES, token=secrets.token_hex(16), uses=1, expires=world.now + offset)
        created = world.now - DAY + offset
        await world.add(OUTBOX, source=f"alias://{offset}", attempts=9, created=created, due=world.now)
    done = await janitor(world).round()
    assert (done["token uses forgotten"], done["purges given up"]) == (1, 1)
    assert (await world.row(TOKEN_USES))["expires"] == world.now + 1
    assert (await world.row(OUTBOX))["source"] == "alias://1"


async def test_differences_are_mended_twice_in_a_grace_period(world):
    it = janitor(world)
    assert not await it.round()
    await world.storage.put(asset_key("0" * 64), b"orphan")
    world.now += HOUR // 2 - 1
    assert not await it.round()
    world.now += HOUR
    assert (await it.round())["differences mended"] == 1
    assert await world.keys() == []


async def test_what_fails_leaves_the_rest_to_be_done(world):
    class Away(Folder):
        def __init__(self):
            """Whoever asks it for anything is told to come later."""

        async def delete(self, key):
            raise StorageUnavailableError

        async def list(self, prefix=""):
            raise StorageUnavailableError
            yield

    await world.upload(b"a")
    await world.asset(b"over", "deleted")
    await world.add(TOKEN_USES, token="t", uses=1, expires=world.now)
    world.now += WEEK
    done = await janitor(world, Away()).round()
    assert (done["uploads expired"], done["uploads cleared"], done["token uses forgotten"]) == (1, 0, 1)
    assert len(await world.rows(CHUNKS)) == 1
    world.now += HOUR
    done = await janitor(world).round()
    assert (done["uploads cleared"], done["assets removed"]) == (1, 1)
    assert await world.keys() == []


async def abandoned(world, number):
    """So many uploads at once, every tenth with a piece."""
    await world.tenant()
    rows = [{"id": secrets.token_hex(16), "tenant": TENANT, "credential": "key:x", "kind": "tus", "state": "receiving",
             "length": 9, "received": 1, "metadata": {}, "wanted": {}, "parts": [], "external": "", "problem": "",
             "created": world.now, "changed": world.now, "expires": world.now} for _ in range(number)]  # fmt: skip
    pieces = [{"upload": row["id"], "start": 0, "size": 1, "sha256": "", "object_key": f"chunks/{row['id']}/a"}
              for row in rows[::10]]  # fmt: skip
    for piece in pieces:
        await world.storage.put(piece["object_key"], b"x")
    async with world.database.write() as tx:
        await tx.execute(UPLOADS.insert(), rows)
        await tx.execute(CHUNKS.insert(), pieces)


@pytest.mark.promise("G17")
async def test_ten_thousand_abandoned_uploads_and_two_janitors_beside_the_service(world):
    await abandoned(world, 10_000)
    busy = asyncio.Event()
    written = 0

    async def service():
        """What others do meanwhile; each transaction gets its turn between the janitors'."""
        nonlocal written
        while not busy.is_set():
            await world.add(TENANTS, name=secrets.token_hex(8), created=world.now)
            written += 1

    others = asyncio.create_task(service())
    first, second = await asyncio.gather(janitor(world).round(), janitor(world).round())
    busy.set()
    await others
    assert first["uploads expired"] + second["uploads expired"] == 10_000
    assert await world.rows(CHUNKS) == []
    assert await world.keys() == []
    async with world.database.read() as tx:
        assert set((await tx.execute(select(UPLOADS.c.state))).scalars()) == {"expired"}
    assert written > 20, "no batch keeps others from their turn"
    world.now += DAY
    await janitor(world).round()
    assert await world.rows(UPLOADS) == []


async def test_rounds_are_made_until_it_is_closed(world):
    await world.upload(b"a", lives=0)
    it = Janitor(Settings().model_copy(update={"janitor_interval": 0.01}), world.database, world.storage, world.clock)
    it.start()

    async def cleared():
        return not await world.keys()

    await wait_until(cleared)
    await it.close()
    assert (await world.row(UPLOADS))["state"] == "expired"
    assert await world.rows(HOLDINGS) == []
