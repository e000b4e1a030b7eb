import asyncio
import contextlib

import pytest
from sqlalchemy import select

from mememime_proxy.errors import DigestError, StorageUnavailableError, UploadGoneError
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.repository import asset
from mememime_proxy.resources.database.schema import ASSETS, CHUNKS, OUTBOX, UPLOADS
from mememime_proxy.resources.uploads.finalizer import LEASE, Finisher
from mememime_proxy.resources.uploads.model import DONE, PART
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.temp_file import Spool
from mememime_proxy.resources.uploads.tus_protocol import Metadata
from tests.resources.uploads.test_repository import NOTHING, WRITER, said
from tests.support.resource_world import HOUR, digest, in_folder
from tests.support.waiting import wait_until

BODY = b"0123456789"


class FakeIngest:
    """Takes everything for a picture, when it is let; counts what came."""

    def __init__(self, world):
        self.world = world
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error = None
        self.bodies = []

    async def finish(self, spooled, caller, *, declared, also, reserved):
        sha256 = await spooled.finish()
        self.bodies.append(await spooled.read(0, spooled.size))
        assert reserved == spooled.size
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        if declared and declared != sha256:
            raise DigestError(f"found the SHA-256 {sha256}")
        await self.world.asset(self.bodies[-1], stored=False)
        async with self.world.database.write() as tx:
            await also(tx, asset((await tx.execute(select(ASSETS).where(ASSETS.c.sha256 == sha256))).one()))


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        await it.tenant()
        yield it


@pytest.fixture
def uploads(world):
    return Uploads(world.database, world.storage, world.clock, limit=1000, life=HOUR)


@pytest.fixture
async def spool(tmp_path):
    spool = Spool(str(tmp_path))
    await spool.start()
    yield spool
    await spool.close()


@pytest.fixture
async def make(world, uploads, spool):
    """A finisher as another process has it, with its own way to pictures."""
    async with contextlib.AsyncExitStack() as stack:

        def made():
            ingest = FakeIngest(world)
            aliases = Aliases(world.database, world.clock, tombstone=HOUR, told=lambda: None)
            it = Finisher(world.database, world.storage, spool, uploads, ingest, aliases, world.clock)
            stack.push_async_callback(it.close)
            return it, ingest

        yield made


@pytest.fixture
async def complete(uploads):
    async def made(metadata: Metadata = NOTHING):
        upload = await uploads.create(WRITER, len(BODY), metadata)
        for start in range(0, len(BODY), 4):
            upload = await uploads.append(upload, BODY[start : start + 4])
        return upload

    return made


async def cleared(world):
    return not await world.keys() and not await world.rows(CHUNKS)


async def test_a_complete_upload_becomes_an_asset_with_its_alias(world, make, complete):
    finisher, ingest = make()
    upload = await complete(said("alias YS94"))
    done = await finisher.finish(upload)
    assert (done.state, done.sha256, ingest.bodies) == (DONE, digest(BODY), [BODY])
    assert [row["source"] for row in await world.rows(OUTBOX)] == ["alias://a/x"] * 2
    await wait_until(lambda: cleared(world))
    assert await finisher.finish(done) == done, "as often as one likes"
    assert len(ingest.bodies) == 1


@pytest.mark.promise("G8")
async def test_many_ask_and_one_does_it(make, complete):
    (first, one), (second, two) = make(), make()
    upload = await complete()
    answers = await asyncio.gather(*((first if n % 2 else second).finish(upload) for n in range(100)))
    assert {(answer.state, answer.sha256) for answer in answers} == {(DONE, digest(BODY))}
    assert len(one.bodies) + len(two.bodies) == 1


async def test_a_lease_that_is_not_renewed_passes_on(world, make, complete):
    (first, stuck), (second, _) = make(), make()
    upload = await complete()
    stuck.go_on.clear()
    task = first.begin(upload)
    await wait_until(lambda: held(stuck))
    assert (await second.finish(upload, patience=0.05)).state == "verifying", "it is another's"
    world.now += LEASE + 1
    assert (await second.finish(upload)).state == DONE
    stuck.go_on.set()
    assert (await task).state == DONE, "the late one makes nothing of it"


async def held(ingest):
    return ingest.bodies


async def test_what_is_wrong_with_an_upload_is_said_each_time(world, make, complete):
    finisher, ingest = make()
    upload = await complete(said("sha256 " + "MTEx" * 21 + "MQ=="))
    for _ in range(2):
        with pytest.raises(DigestError):
            await finisher.finish(upload)
    row = await world.row(UPLOADS)
    assert (row["state"], row["lease_owner"]) == ("failed", None)
    assert len(ingest.bodies) == 1
    await wait_until(lambda: cleared(world))


async def test_what_is_wrong_elsewhere_is_tried_again(world, make, complete):
    (first, ingest), (second, _) = make(), make()
    upload = await complete()
    ingest.error = StorageUnavailableError()
    with pytest.raises(StorageUnavailableError):
        await first.finish(upload)
    assert len(await world.keys()) == 3
    assert (await second.finish(upload)).state == DONE, "nobody has to wait for the lease"


@pytest.mark.parametrize("damage", ["lost", "changed", "row"])
async def test_a_piece_that_is_not_what_it_was(world, make, complete, damage):
    finisher, ingest = make()
    upload = await complete()
    key = (await world.keys())[1]
    if damage == "lost":
        await world.storage.delete(key)
    elif damage == "changed":
        await world.storage.put(key, b"!!!!")
    else:
        await world.change(CHUNKS, size=3)
    with pytest.raises(UploadGoneError):
        await finisher.finish(upload)
    assert (await world.row(UPLOADS))["state"] == "failed"
    assert ingest.bodies == []


async def test_parts_go_with_their_whole(world, uploads, make):
    finisher, ingest = make()
    parts = [await uploads.append(await uploads.create(WRITER, 3, NOTHING, PART), body) for body in (b"def", b"abc")]
    whole = await uploads.join(WRITER, [part.id for part in reversed(parts)], NOTHING)
    assert (await finisher.finish(whole)).sha256 == digest(b"abcdef")
    assert {row["state"] for row in await world.rows(UPLOADS)} == {DONE}
    await wait_until(lambda: cleared(world))
    assert ingest.bodies == [b"abcdef"]


async def test_what_was_left_is_taken_up(world, make, complete):
    (first, stuck), (second, _) = make(), make()
    stuck.go_on.clear()
    first.begin(await complete())
    await wait_until(lambda: held(stuck))
    assert await second.round() == 0
    await first.close()  # which gives the lease back
    world.now += 30_000
    assert await second.round() == 1
    assert (await world.row(UPLOADS))["state"] == DONE
    assert await second.round() == 0
