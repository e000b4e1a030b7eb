"""Comparison and repair of database and storage."""

import asyncio
import random
import secrets

import pytest

from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, CHUNKS, HOLDINGS, UPLOADS
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.maintenance import reconcile
from mememime_proxy.resources.maintenance.differences import DifferenceKind
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.storage.asset_keys import asset_key, chunk_key, incoming_key
from tests.support.resource_backend import DAY, HOUR, digest, in_folder

ID = "0123456789abcdef" * 2


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


async def run(backend, **options):
    return await Reconciler(backend.database, backend.storage, backend.clock, HOUR, Outbox(), **options).run()


async def whole(backend):
    """A bit of everything, as it should be."""
    await backend.asset(b"ready")
    await backend.asset(b"deleted", "deleted")
    await backend.asset(b"undecodable", "quarantined", stored=False, held=False)
    await backend.asset(b"on its way", "verifying", stored=False, held=False)
    await backend.upload(b"one", b"two", b"three")
    presigned = await backend.upload(kind="presigned")
    await backend.storage.put(incoming_key(presigned), b"straight from a client")


async def orphan_asset(backend):
    await backend.storage.put(asset_key(digest(b"nobody's")), b"nobody's")


async def orphan_piece_of_nothing(backend):
    await backend.storage.put(chunk_key(ID, 0, ID), b"piece")


async def orphan_piece_of_an_upload(backend):
    """Two senders at one offset: the object of the one that lost."""
    upload = await backend.upload(b"won")
    await backend.storage.put(chunk_key(upload, 0, secrets.token_hex(16)), b"lost")


async def orphan_incoming(backend):
    await backend.storage.put(incoming_key(ID), b"whole")


async def orphan_of_an_ended_upload(backend):
    await backend.storage.put(incoming_key(await backend.upload(state="done")), b"whole")


async def missing_ready(backend):
    await backend.asset(b"lost", stored=False)


async def missing_deleted(backend):
    await backend.asset(b"lost", "deleted", stored=False)


async def wrong_size(backend):
    name = await backend.asset(b"as it was")
    await backend.storage.put(asset_key(name), b"short")


async def missing_piece(backend):
    await backend.upload(b"lost", stored=False)


async def missing_piece_of_an_ended_upload(backend):
    await backend.upload(b"lost", stored=False, state="expired")


async def stuck(backend):
    await backend.asset(b"given up", "verifying", held=False)


async def half_removed(backend):
    await backend.asset(b"going", AssetState.REMOVING)


DIFFERENCES = [
    (orphan_asset, DifferenceKind.ORPHAN_ASSET),
    (orphan_piece_of_nothing, DifferenceKind.ORPHAN_CHUNK),
    (orphan_piece_of_an_upload, DifferenceKind.ORPHAN_CHUNK),
    (orphan_incoming, DifferenceKind.ORPHAN_INCOMING),
    (orphan_of_an_ended_upload, DifferenceKind.ORPHAN_INCOMING),
    (missing_ready, DifferenceKind.MISSING_ASSET),
    (missing_deleted, DifferenceKind.MISSING_ASSET),
    (wrong_size, DifferenceKind.WRONG_SIZE),
    (missing_piece, DifferenceKind.MISSING_CHUNK),
    (missing_piece_of_an_ended_upload, DifferenceKind.MISSING_CHUNK),
    (stuck, DifferenceKind.STUCK_ASSET),
    (half_removed, DifferenceKind.STUCK_ASSET),
]


async def state(backend):
    """Everything there is, but for the moments."""
    tables = (ASSETS, HOLDINGS, UPLOADS, CHUNKS)
    return [await backend.rows(table) for table in tables], await backend.keys()


@pytest.mark.parametrize(("make", "kind"), DIFFERENCES, ids=lambda part: getattr(part, "__name__", ""))
async def test_reconciler_each_difference_is_found_and_repaired(backend, make, kind):
    await whole(backend)
    before = await state(backend)
    await make(backend)
    found = []
    if kind is not DifferenceKind.MISSING_CHUNK:  # of which no honest process is ever in the middle
        assert (await run(backend)).differences.total() == 0, "somebody may be in the middle of it"
    backend.now += 2 * HOUR
    # What was on its way for two hours is stuck as well, and no part of this.
    await backend.change(ASSETS, changed=backend.now - 2 * HOUR)
    await keep_fresh(backend, b"on its way")
    made = await state(backend)
    report = await run(backend, repair=False, on_difference=found.append)
    assert [(each.kind, each.repaired) for each in found] == [(kind, False)]
    assert (report.differences, report.remaining) == ({kind: 1}, 1)
    assert await state(backend) == made, "a dry run changes nothing"
    report = await run(backend)
    assert (report.differences, report.repairs, report.remaining) == ({kind: 1}, {kind: 1}, 0)
    assert (await run(backend)).differences.total() == 0
    rows, keys = await state(backend)
    assert set(before[1]) <= set(keys)
    assert {row["sha256"] for row in before[0][0]} <= {row["sha256"] for row in rows[0]}


async def keep_fresh(backend, body):
    async with backend.database.write() as tx:
        await tx.execute(ASSETS.update().where(ASSETS.c.sha256 == digest(body)).values(changed=backend.now))


async def test_reconciler_consistent_backend_has_no_differences(backend):
    await whole(backend)
    before = await state(backend)
    backend.now += HOUR // 2
    report = await run(backend)
    assert (report.differences.total(), report.foreign_objects) == (0, 0)
    assert (report.objects, report.rows) == (2 + 3 + 1, 4 + 3)
    assert await state(backend) == before


@pytest.mark.parametrize(("make", "reason"), [(missing_ready, AssetDefect.MISSING), (wrong_size, AssetDefect.CORRUPT)])
async def test_reconciler_ready_asset_without_its_bytes_is_quarantined(backend, make, reason):
    await make(backend)
    backend.now += 2 * HOUR
    await run(backend)
    row = await backend.row(ASSETS)
    assert (row["state"], row["reason"], row["changed"]) == ("quarantined", reason, backend.now)
    assert len(await backend.rows(HOLDINGS)) == 1, "the tenant is told what became of it"


async def test_reconciler_upload_with_a_missing_chunk_fails(backend):
    upload = await backend.upload(b"here", b"gone", b"here, too")
    await backend.storage.delete((await backend.rows(CHUNKS))[1]["object_key"])
    await run(backend)
    row = await backend.row(UPLOADS)
    assert (row["id"], row["state"]) == (upload, "failed")
    assert "lost" in row["error_detail"]


async def test_reconciler_storage_of_another_service_is_not_changed(backend, monkeypatch):
    monkeypatch.setattr(reconcile, "_MAX_SUSPECTS", 3)
    for number in range(4):
        await backend.storage.put(asset_key(digest(b"theirs %d" % number)), b"theirs")
    for number in range(30):
        await backend.asset(b"%d" % number)
    backend.now += 2 * HOUR
    kept = await backend.keys()
    report = await run(backend)
    assert (report.share_exceeded, report.remaining) == (True, 4)
    assert await backend.keys() == kept
    report = await run(backend, force=True)
    assert (report.share_exceeded, report.repairs) == (False, {DifferenceKind.ORPHAN_ASSET: 4})


async def test_reconciler_empty_storage_quarantines_nothing(backend, monkeypatch):
    monkeypatch.setattr(reconcile, "_MAX_SUSPECTS", 3)
    for number in range(10):
        await backend.asset(b"%d" % number, stored=False)
    backend.now += 2 * HOUR
    assert (await run(backend)).remaining == 10
    assert {row["state"] for row in await backend.rows(ASSETS)} == {"ready"}


async def test_reconciler_restored_object_is_hashed_and_made_ready(backend):
    for body in (b"right", b"wrong"):
        await backend.asset(body, stored=False)
    backend.now += 2 * HOUR
    await run(backend)
    assert (await run(backend)).differences.total() == 0
    for body in (b"right", b"wrong"):
        await backend.storage.put(asset_key(digest(body)), b"right")
    await backend.change(ASSETS, checked=0)
    assert (await run(backend)).repairs == {DifferenceKind.RESTORED_ASSET: 2}
    assert (await run(backend)).differences.total() == 0
    await Scrubber(backend.database, backend.storage, backend.clock, DAY, Outbox()).round()
    found = {row["sha256"]: (row["state"], row["reason"]) for row in await backend.rows(ASSETS)}
    assert found == {digest(b"right"): ("ready", ""), digest(b"wrong"): ("quarantined", AssetDefect.CORRUPT)}


async def test_reconciler_keys_of_other_programs_are_ignored(backend):
    strange = ["assets/readme.txt", "chunks/x/y", "elsewhere/a", f"assets/ff/ff/{'0' * 64}", "incoming/a"]
    for key in strange:
        await backend.storage.put(key, b"")
    backend.now += 10 * DAY
    report = await run(backend)
    assert sorted(await backend.keys()) == sorted(strange)
    assert (report.foreign_objects, report.differences.total()) == (4, 0)


@pytest.mark.promise("G16")
@pytest.mark.parametrize("seed", range(4))
async def test_reconciler_random_damage_is_repaired_and_no_good_asset_lost(backend, monkeypatch, seed):
    monkeypatch.setattr(reconcile, "_PAGE", 3)
    dice = random.Random(seed)
    good = set()
    for number in range(25):
        body = b"%d of %d" % (number, seed)
        make = dice.choice([*(make for make, _ in DIFFERENCES), None, None, None])
        if make is None:
            good.add(asset_key(await backend.asset(body)))
            good.add(asset_key(await backend.asset(body + b"!", "deleted")))
            upload = await backend.upload(*([body] * dice.randrange(4)))
            good |= {row["object_key"] for row in await backend.rows(CHUNKS) if row["upload"] == upload}
        elif dice.random() < 0.5:
            await make(backend)
        else:
            await backend.asset(
                body, dice.choice(["ready", "deleted", "verifying"]), stored=False, held=dice.random() < 0.5
            )
    backend.now += 2 * HOUR
    reports = await asyncio.gather(run(backend), run(backend), run(backend))
    assert sum(report.repairs.total() for report in reports) > 0
    assert (await run(backend)).differences.total() == 0
    assert good <= set(await backend.keys())
    for row in await backend.rows(ASSETS):
        if row["state"] == "ready":
            assert asset_key(row["sha256"]) in await backend.keys()
    open_uploads = {row["id"] for row in await backend.rows(UPLOADS) if row["state"] == "receiving"}
    pieces = {row["object_key"] for row in await backend.rows(CHUNKS) if row["upload"] in open_uploads}
    assert pieces <= set(await backend.keys())
