"""F4: whatever changes whether an asset can be read is told to the proxies, for the asset and all its aliases."""

import pytest
from sqlalchemy import select, update

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import ConflictError
from mememime_proxy.resources.assets.publication import Publication, StoredOriginal
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.outbox import SECOND_PURGE, Outbox
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS, OUTBOX, TENANTS
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.storage.asset_keys import asset_key
from tests.support.resource_backend import DAY, HOUR, TENANT, in_folder

ADMIN = Principal(tenant=TENANT, role=Role.ADMIN, credential="key:admin")
OWNER = Principal(tenant=TENANT, role=Role.WRITE, credential="key:x")
BODY = b"an original"


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


@pytest.fixture
def calls():
    return []


@pytest.fixture
def outbox(calls):
    return Outbox(lambda: calls.append(1))


async def purges(backend):
    """Return the sources in the outbox, each with its delays, and empty it."""
    async with backend.database.write() as tx:
        rows = (await tx.execute(select(OUTBOX.c.source, OUTBOX.c.due, OUTBOX.c.attempts))).all()
        await tx.execute(OUTBOX.delete())
    assert all(row.attempts == 0 for row in rows)
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.source, set()).add(row.due - backend.now)
    assert all(delays == {0, SECOND_PURGE} for delays in found.values())
    return set(found)


async def named(backend, body=BODY, state="ready", **more):
    """Add an asset with two aliases and a deleted one; return it with the purges that it needs."""
    sha256 = await backend.asset(body, state, **more)
    for name in ("shop/á_1%", "z" * 1000):
        await backend.alias(name, sha256)
    await backend.alias("former", sha256, "deleted")
    await backend.alias("stranger", await backend.asset(b"of another"))
    return sha256, {f"asset://{sha256}", "alias://shop/á_1%", f"alias://{'z' * 1000}"}


async def test_f4_asset_deleted_and_restored_is_purged_with_its_aliases(backend, outbox, calls):
    sha256, expected = await named(backend)
    assets = Assets(backend.database, backend.clock, outbox)
    with pytest.raises(ConflictError):
        await assets.delete(sha256, ADMIN)
    assert (await purges(backend), calls) == (set(), [])
    await assets.delete(sha256, ADMIN, force=True)
    assert (await purges(backend), calls) == (expected, [1])
    await assets.restore(sha256, ADMIN)
    assert (await purges(backend), calls) == (expected, [1, 1])
    with pytest.raises(ConflictError):
        await assets.restore(sha256, ADMIN)
    assert await purges(backend) == set()


async def test_f4_asset_that_another_tenant_still_has_is_not_purged(backend, outbox):
    sha256 = await backend.asset(BODY)
    await backend.add(TENANTS, name="another", created=backend.now)
    await backend.add(HOLDINGS, tenant="another", sha256=sha256, created=backend.now)
    await Assets(backend.database, backend.clock, outbox).delete(sha256, OWNER)
    assert await purges(backend) == set()


async def test_f4_asset_quarantined_by_the_scrubber_and_healed_is_purged(backend, outbox):
    sha256, expected = await named(backend)
    scrubber = Scrubber(backend.database, backend.storage, backend.clock, DAY, outbox, pace=float("inf"))
    await scrubber.round()
    assert await purges(backend) == set(), "all is well"
    await backend.storage.put(asset_key(sha256), BODY[::-1])
    backend.now += DAY + 1
    await scrubber.round()
    assert await purges(backend) == expected
    await backend.storage.put(asset_key(sha256), BODY)
    backend.now += DAY + 1
    await scrubber.round()
    assert await purges(backend) == expected


async def test_f4_asset_quarantined_by_the_reconciler_is_purged(backend, outbox):
    sha256, expected = await named(backend)
    await backend.storage.delete(asset_key(sha256))
    backend.now += HOUR + 1
    for _ in range(2):
        await Reconciler(backend.database, backend.storage, backend.clock, HOUR, outbox, repair=False).run()
        assert await purges(backend) == set(), "nothing was changed"
    await Reconciler(backend.database, backend.storage, backend.clock, HOUR, outbox).run()
    assert await purges(backend) == expected


@pytest.mark.parametrize("state", ["deleted", "quarantined"])
async def test_f4_asset_uploaded_again_is_purged(backend, outbox, state):
    sha256, expected = await named(backend, state=state)
    facts = AssetFacts(media_type="image/png", format="png", width=1, height=1)
    publication = Publication(backend.database, outbox)
    async with backend.database.write() as tx:
        await tx.execute(update(ASSETS).where(ASSETS.c.sha256 == sha256).values(facts={"media_type": "image/png"}))
    assert await publication.claim(sha256, len(BODY), backend.now)
    async with backend.database.write() as tx:
        await publication.publish(tx, TENANT, StoredOriginal(sha256, sha256, len(BODY), facts), backend.now)
    assert await purges(backend) == expected


async def test_f4_new_asset_and_one_that_stays_ready_are_not_purged(backend, outbox):
    facts = AssetFacts(media_type="image/png", format="png", width=1, height=1)
    publication, sha256 = Publication(backend.database, outbox), "a" * 64
    await backend.tenant()
    for _ in range(2):
        assert await publication.claim(sha256, 5, backend.now)
        async with backend.database.write() as tx:
            await publication.publish(tx, TENANT, StoredOriginal(sha256, sha256, 5, facts), backend.now)
    assert await purges(backend) == set()


async def test_outbox_without_proxies_stays_empty(backend):
    sha256, _ = await named(backend)
    await Assets(backend.database, backend.clock, Outbox()).delete(sha256, ADMIN, force=True)
    assert await purges(backend) == set()
