"""Database and storage come to the same, whatever was left of either."""

import asyncio
import random
import secrets

import pytest

from mememime_proxy.resources.assets.removal import REMOVING
from mememime_proxy.resources.database.schema import ASSETS, CHUNKS, HOLDINGS, UPLOADS
from mememime_proxy.resources.maintenance import reconcile
from mememime_proxy.resources.maintenance.differences import CORRUPT, MISSING, Kind
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.storage.asset_keys import asset_key, chunk_key, incoming_key
from tests.support.resource_world import DAY, HOUR, digest, in_folder

ID = "0123456789abcdef" * 2


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        yield it


async def run(world, **options):
    return await Reconciler(world.database, world.storage, world.clock, HOUR, **options).run()


async def whole(world):
    """A bit of everything, as it should be."""
    await world.asset(b"ready")
    await world.asset(b"deleted", "deleted")
    await world.asset(b"undecodable", "quarantined", stored=False, held=False)
    await world.asset(b"on its way", "verifying", stored=False, held=False)
    await world.upload(b"one", b"two", b"three")
    presigned = await world.upload(kind="presigned")
    await world.storage.put(incoming_key(presigned), b"straight from a client")


async def orphan_asset(world):
    await world.storage.put(asset_key(digest(b"nobody's")), b"nobody's")


async def orphan_piece_of_nothing(world):
    await world.storage.put(chunk_key(ID, 0, ID), b"piece")


async def orphan_piece_of_an_upload(world):
    """Two senders at one offset: the object of the one that lost."""
    upload = await world.upload(b"won")
    await world.storage.put(chunk_key(upload, 0, secrets.token_hex(16)), b"lost")


async def orphan_incoming(world):
    await world.storage.put(incoming_key(ID), b"whole")


async def orphan_of_an_ended_upload(world):
    await world.storage.put(incoming_key(await world.upload(state="done")), b"whole")


async def missing_ready(world):
    await world.asset(b"lost", stored=False)


async def missing_deleted(world):
    await world.asset(b"lost", "deleted", stored=False)


async def wrong_size(world):
    name = await world.asset(b"as it was")
    await world.storage.put(asset_key(name), b"short")


async def missing_piece(world):
    await world.upload(b"lost", stored=False)


async def missing_piece_of_an_ended_upload(world):
    await world.upload(b"lost", stored=False, state="expired")


async def stuck(world):
    await world.asset(b"given up", "verifying", held=False)


async def half_removed(world):
    await world.asset(b"going", REMOVING)


DIFFERENCES = [
    (orphan_asset, Kind.ORPHAN_ASSET),
    (orphan_piece_of_nothing, Kind.ORPHAN_PIECE),
    (orphan_piece_of_an_upload, Kind.ORPHAN_PIECE),
    (orphan_incoming, Kind.ORPHAN_INCOMING),
    (orphan_of_an_ended_upload, Kind.ORPHAN_INCOMING),
    (missing_ready, Kind.MISSING_ASSET),
    (missing_deleted, Kind.MISSING_ASSET),
    (wrong_size, Kind.WRONG_SIZE),
    (missing_piece, Kind.MISSING_PIECE),
    (missing_piece_of_an_ended_upload, Kind.MISSING_PIECE),
    (stuck, Kind.STUCK_ASSET),
    (half_removed, Kind.STUCK_ASSET),
]


async def state(world):
    """Everything there is, but for the moments."""
    tables = (ASSETS, HOLDINGS, UPLOADS, CHUNKS)
    return [await world.rows(table) for table in tables], await world.keys()


@pytest.mark.parametrize(("make", "kind"), DIFFERENCES, ids=lambda part: getattr(part, "__name__", ""))
async def test_each_difference_is_found_and_mended(world, make, kind):
    await whole(world)
    before = await state(world)
    await make(world)
    found = []
    if kind is not Kind.MISSING_PIECE:  # of which no honest process is ever in the middle
        assert (await run(world)).found.total() == 0, "somebody may be in the middle of it"
    world.now += 2 * HOUR
    # What was on its way for two hours is stuck as well, and no part of this.
    await world.change(ASSETS, changed=world.now - 2 * HOUR)
    await keep_fresh(world, b"on its way")
    made = await state(world)
    report = await run(world, mend=False, on_difference=found.append)
    assert [(each.kind, each.mended) for each in found] == [(kind, False)]
    assert (report.found, report.left) == ({kind: 1}, 1)
    assert await state(world) == made, "a dry run changes nothing"
    report = await run(world)
    assert (report.found, report.mended, report.left) == ({kind: 1}, {kind: 1}, 0)
    assert (await run(world)).found.total() == 0
    rows, keys = await state(world)
    assert set(before[1]) <= set(keys)
    assert {row["sha256"] for row in before[0][0]} <= {row["sha256"] for row in rows[0]}


async def keep_fresh(world, body):
    async with world.database.write() as tx:
        await tx.execute(ASSETS.update().where(ASSETS.c.sha256 == digest(body)).values(changed=world.now))


async def test_a_whole_world_has_no_differences(world):
    await whole(world)
    before = await state(world)
    world.now += HOUR // 2
    report = await run(world)
    assert (report.found.total(), report.strangers) == (0, 0)
    assert (report.objects, report.rows) == (2 + 3 + 1, 4 + 3)
    assert await state(world) == before


@pytest.mark.parametrize(("make", "reason"), [(missing_ready, MISSING), (wrong_size, CORRUPT)])
async def test_a_ready_asset_without_its_bytes_is_out_of_service(world, make, reason):
    await make(world)
    world.now += 2 * HOUR
    await run(world)
    row = await world.row(ASSETS)
    assert (row["state"], row["reason"], row["changed"]) == ("quarantined", reason, world.now)
    assert len(await world.rows(HOLDINGS)) == 1, "the tenant is told what became of it"


async def test_an_upload_that_lost_a_piece_fails(world):
    upload = await world.upload(b"here", b"gone", b"here, too")
    await world.storage.delete((await world.rows(CHUNKS))[1]["object_key"])
    await run(world)
    row = await world.row(UPLOADS)
    assert (row["id"], row["state"]) == (upload, "failed")
    assert "lost" in row["problem"]


async def test_another_services_storage_is_not_touched(world, monkeypatch):
    monkeypatch.setattr(reconcile, "_FEW", 3)
    for number in range(4):
        await world.storage.put(asset_key(digest(b"theirs %d" % number)), b"theirs")
    for number in range(30):
        await world.asset(b"%d" % number)
    world.now += 2 * HOUR
    kept = await world.keys()
    report = await run(world)
    assert (report.too_many, report.left) == (True, 4)
    assert await world.keys() == kept
    report = await run(world, force=True)
    assert (report.too_many, report.mended) == (False, {Kind.ORPHAN_ASSET: 4})


async def test_an_empty_storage_takes_nothing_out_of_service(world, monkeypatch):
    monkeypatch.setattr(reconcile, "_FEW", 3)
    for number in range(10):
        await world.asset(b"%d" % number, stored=False)
    world.now += 2 * HOUR
    assert (await run(world)).left == 10
    assert {row["state"] for row in await world.rows(ASSETS)} == {"ready"}


async def test_an_object_that_is_back_is_hashed_and_serves_again(world):
    for body in (b"right", b"wrong"):
        await world.asset(body, stored=False)
    world.now += 2 * HOUR
    await run(world)
    assert (await run(world)).found.total() == 0
    for body in (b"right", b"wrong"):
        await world.storage.put(asset_key(digest(body)), b"right")
    await world.change(ASSETS, checked=0)
    assert (await run(world)).mended == {Kind.RETURNED: 2}
    assert (await run(world)).found.total() == 0
    await Scrubber(world.database, world.storage, world.clock, DAY).round()
    found = {row["sha256"]: (row["state"], row["reason"]) for row in await world.rows(ASSETS)}
    assert found == {digest(b"right"): ("ready", ""), digest(b"wrong"): ("quarantined", CORRUPT)}


async def test_keys_of_others_are_left_alone(world):
    strange = ["assets/readme.txt", "chunks/x/y", "elsewhere/a", f"assets/ff/ff/{'0' * 64}", "incoming/a"]
    for key in strange:
        await world.storage.put(key, b"")
    world.now += 10 * DAY
    report = await run(world)
    assert sorted(await world.keys()) == sorted(strange)
    assert (report.strangers, report.found.total()) == (4, 0)


@pytest.mark.promise("G16")
@pytest.mark.parametrize("seed", range(4))
async def test_any_mess_converges_and_nothing_good_is_lost(world, monkeypatch, seed):
    monkeypatch.setattr(reconcile, "_PAGE", 3)
    dice = random.Random(seed)
    good = set()
    for number in range(25):
        body = b"%d of %d" % (number, seed)
        make = dice.choice([*(make for make, _ in DIFFERENCES), None, None, None])
        if make is None:
            good.add(asset_key(await world.asset(body)))
            good.add(asset_key(await world.asset(body + b"!", "deleted")))
            upload = await world.upload(*([body] * dice.randrange(4)))
            good |= {row["object_key"] for row in await world.rows(CHUNKS) if row["upload"] == upload}
        elif dice.random() < 0.5:
            await make(world)
        else:
            await world.asset(
                body, dice.choice(["ready", "deleted", "verifying"]), stored=False, held=dice.random() < 0.5
            )
    world.now += 2 * HOUR
    reports = await asyncio.gather(run(world), run(world), run(world))
    assert sum(report.mended.total() for report in reports) > 0
    assert (await run(world)).found.total() == 0
    assert good <= set(await world.keys())
    for row in await world.rows(ASSETS):
        if row["state"] == "ready":
            assert asset_key(row["sha256"]) in await world.keys()
    open_uploads = {row["id"] for row in await world.rows(UPLOADS) if row["state"] == "receiving"}
    pieces = {row["object_key"] for row in await world.rows(CHUNKS) if row["upload"] in open_uploads}
    assert pieces <= set(await world.keys())
