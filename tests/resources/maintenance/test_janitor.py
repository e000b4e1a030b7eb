"""Removal of expired uploads, assets, tombstones and tokens in batches."""

import asyncio
import secrets

import pytest
from sqlalchemy import select

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.outbox import Outbox
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
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.maintenance.janitor import Janitor
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.asset_keys import asset_key, incoming_key
from mememime_proxy.storage.local.folder import Folder
from tests.support.resource_backend import DAY, HOUR, TENANT, in_folder
from tests.support.waiting import wait_until

WEEK = 7 * DAY


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


def janitor(backend, storage=None):
    return Janitor(Settings(), backend.database, storage or backend.storage, backend.clock, Outbox())


async def test_janitor_expired_upload_is_removed_in_two_steps(backend):
    gone, kept = await backend.upload(b"a", b"b"), await backend.upload(b"c", lives=DAY)
    assert not await janitor(backend).round()
    backend.now += HOUR + 1
    done = await janitor(backend).round()
    assert (done["uploads expired"], done["uploads cleared"], done["uploads deleted"]) == (1, 2, 0)
    states = {row["id"]: row["state"] for row in await backend.rows(UPLOADS)}
    assert states == {gone: "expired", kept: "receiving"}, "clients are told for a while what became of it"
    assert [row["upload"] for row in await backend.rows(CHUNKS)] == [kept]
    assert len(await backend.keys()) == 1
    await backend.change(UPLOADS, expires=backend.now)
    backend.now += DAY
    await janitor(backend).round()
    assert await backend.rows(UPLOADS) == []
    assert await backend.keys() == []


async def test_janitor_leased_upload_does_not_expire(backend):
    await backend.upload(b"a", state="verifying", lease_owner="x", lease_until=backend.now + HOUR + 60_000)
    backend.now += HOUR + 1
    assert not await janitor(backend).round()
    backend.now += 60_000
    assert (await janitor(backend).round())["uploads expired"] == 1


async def test_janitor_multipart_upload_of_an_expired_upload_is_aborted(backend):
    given_up = []

    class Bucket(Folder):
        def __init__(self):
            """A storage that gives out addresses."""

        def presigner(self):
            return self

        async def abort_upload(self, key, upload):
            given_up.append((key, upload))

        async def delete(self, key):
            await backend.storage.delete(key)

        def list(self, prefix=""):
            return backend.storage.list(prefix)

    over = await backend.upload(kind="multipart", storage_upload_id="id-1", lives=0)
    await backend.upload(kind="multipart", storage_upload_id="id-2")
    await backend.storage.put(incoming_key(over), b"completed, and never asked for")
    backend.now += 1
    done = await janitor(backend, Bucket()).round()
    assert (done["uploads expired"], done["multipart uploads aborted"]) == (1, 1)
    assert given_up == [(incoming_key(over), "id-1")]
    assert await backend.keys() == []
    assert sorted(row["storage_upload_id"] for row in await backend.rows(UPLOADS)) == ["", "id-2"]
    backend.now += 2 * DAY
    await janitor(backend, Bucket()).round()
    assert given_up[1:] == [(given_up[-1][0], "id-2")]
    assert await backend.rows(UPLOADS) == []


@pytest.mark.parametrize("state", ["done", "failed", "terminated"])
async def test_janitor_chunks_of_a_finished_upload_are_deleted(backend, state):
    await backend.upload(b"a", b"b", state=state)
    assert (await janitor(backend).round())["uploads cleared"] == 2
    assert await backend.rows(CHUNKS) == []
    assert await backend.keys() == []


@pytest.mark.parametrize(
    ("state", "age"), [("deleted", WEEK), (AssetState.REMOVING, HOUR), ("verifying", HOUR), ("receiving", HOUR)]
)
async def test_janitor_assets_past_their_grace_period_are_removed(backend, state, age):
    await backend.asset(b"ready")
    await backend.asset(b"over", state, held=state == "deleted")
    backend.now += age - 1 if state != AssetState.REMOVING else 1000
    assert not (await janitor(backend).round())["assets removed"]
    backend.now += HOUR
    assert (await janitor(backend).round())["assets removed"] == 1
    assert [row["state"] for row in await backend.rows(ASSETS)] == ["ready"]
    assert len(await backend.keys()) == 1


async def test_janitor_quarantined_assets_of_a_tenant_stay(backend):
    rotten = await backend.asset(b"rotten", "quarantined", reason=AssetDefect.CORRUPT)
    named = await backend.asset(b"named", "quarantined", held=False)
    await backend.alias("named", named)
    await backend.asset(b"undecodable", "quarantined", stored=False, held=False)
    await backend.asset(b"deleted by force", "quarantined", stored=False, reason=AssetDefect.REMOVED)
    backend.now += WEEK
    assert (await janitor(backend).round())["assets removed"] == 2
    assert {row["sha256"] for row in await backend.rows(ASSETS)} == {rotten, named}
    assert sorted(await backend.keys()) == sorted([asset_key(rotten), asset_key(named)])


async def test_janitor_tombstones_past_their_time_are_removed(backend):
    await backend.asset(b"ready")
    await backend.alias("over", None, "deleted", backend.now)
    await backend.alias("later", None, "deleted", backend.now + 1)
    await backend.alias("alive", None, "active")
    assert (await janitor(backend).round())["tombstones removed"] == 1
    for table in (ALIASES, ALIAS_VERSIONS, ALIAS_TAGS):
        assert {row["name"] for row in await backend.rows(table)} == {"later", "alive"}


async def test_janitor_old_token_uses_and_purges_are_deleted(backend):
    for offset in (0, 1):
        await backend.add(TOKEN_USES, token=secrets.token_hex(16), uses=1, expires=backend.now + offset)
        created = backend.now - DAY + offset
        await backend.add(OUTBOX, source=f"alias://{offset}", attempts=9, created=created, due=backend.now)
    done = await janitor(backend).round()
    assert (done["token uses deleted"], done["purges expired"]) == (1, 1)
    assert (await backend.row(TOKEN_USES))["expires"] == backend.now + 1
    assert (await backend.row(OUTBOX))["source"] == "alias://1"


async def test_janitor_differences_are_repaired_twice_in_a_grace_period(backend):
    instance = janitor(backend)
    assert not await instance.round()
    await backend.storage.put(asset_key("0" * 64), b"orphan")
    backend.now += HOUR // 2 - 1
    assert not await instance.round()
    backend.now += HOUR
    assert (await instance.round())["differences repaired"] == 1
    assert await backend.keys() == []


async def test_janitor_failed_step_stops_no_other(backend):
    class Away(Folder):
        def __init__(self):
            """Whoever asks it for anything is told to come later."""

        async def delete(self, key):
            raise StorageUnavailableError

        async def list(self, prefix=""):
            raise StorageUnavailableError
            yield

    await backend.upload(b"a")
    await backend.asset(b"over", "deleted")
    await backend.add(TOKEN_USES, token="t", uses=1, expires=backend.now)
    backend.now += WEEK
    done = await janitor(backend, Away()).round()
    assert (done["uploads expired"], done["uploads cleared"], done["token uses deleted"]) == (1, 0, 1)
    assert len(await backend.rows(CHUNKS)) == 1
    backend.now += HOUR
    done = await janitor(backend).round()
    assert (done["uploads cleared"], done["assets removed"]) == (1, 1)
    assert await backend.keys() == []


async def abandoned(backend, number):
    """So many uploads at once, every tenth with a piece."""
    await backend.tenant()
    rows = [{"id": secrets.token_hex(16), "tenant": TENANT, "credential": "key:x", "kind": "tus", "state": "receiving",
             "length": 9, "received": 1, "metadata": {}, "intent": {}, "parts": [],
             "principal": {"role": "write"}, "size_limit": 9,
             "created": backend.now, "changed": backend.now, "expires": backend.now}
            for _ in range(number)]  # fmt: skip
    pieces = [{"upload": row["id"], "start": 0, "size": 1, "sha256": "", "object_key": f"chunks/{row['id']}/a"}
              for row in rows[::10]]  # fmt: skip
    for piece in pieces:
        await backend.storage.put(piece["object_key"], b"x")
    async with backend.database.write() as tx:
        await tx.execute(UPLOADS.insert(), rows)
        await tx.execute(CHUNKS.insert(), pieces)


@pytest.mark.promise("G17")
async def test_janitor_two_processes_clean_up_ten_thousand_uploads(backend):
    await abandoned(backend, 10_000)
    busy = asyncio.Event()
    written = 0

    async def service():
        """What others do meanwhile; each transaction gets its turn between the janitors'."""
        nonlocal written
        while not busy.is_set():
            await backend.add(TENANTS, name=secrets.token_hex(8), created=backend.now)
            written += 1

    others = asyncio.create_task(service())
    first, second = await asyncio.gather(janitor(backend).round(), janitor(backend).round())
    busy.set()
    await others
    assert first["uploads expired"] + second["uploads expired"] == 10_000
    assert await backend.rows(CHUNKS) == []
    assert await backend.keys() == []
    async with backend.database.read() as tx:
        assert set((await tx.execute(select(UPLOADS.c.state))).scalars()) == {"expired"}
    assert written > 20, "no batch keeps others from their turn"
    backend.now += DAY
    await janitor(backend).round()
    assert await backend.rows(UPLOADS) == []


async def test_janitor_rounds_run_until_it_is_closed(backend):
    await backend.upload(b"a", lives=0)
    instance = Janitor(
        Settings().model_copy(update={"janitor_interval": 0.01}),
        backend.database,
        backend.storage,
        backend.clock,
        Outbox(),
    )
    instance.start()

    async def cleared():
        return not await backend.keys()

    await wait_until(cleared)
    await instance.close()
    assert (await backend.row(UPLOADS))["state"] == "expired"
    assert await backend.rows(HOLDINGS) == []
