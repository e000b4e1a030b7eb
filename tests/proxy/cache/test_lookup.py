"""Reads of the store for one request, and what its purge marks mean for records whose makers did not look at them."""

from dataclasses import replace

import pytest

from mememime_proxy.proxy.cache import purge_epochs
from mememime_proxy.storage.local.folder import Folder
from tests.support.clock import Clock
from tests.support.provider_chain import PLAN, ProxyCore, make_request

OTHER = replace(PLAN, width=11)
GET = {"operation": "get"}


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    yield storage
    await storage.close()


@pytest.fixture
async def make_core(folder):
    """Makes processes that share a store, and each of which sees sources and marks by a clock of its own."""
    cores = []

    async def make():
        core = ProxyCore(folder, clock=Clock())
        await core.store.start()
        cores.append(core)
        return core

    yield make
    for core in cores:
        await core.store.close()


async def reads(core, plan=PLAN):
    """Return how often a request reads the store, after its record is written."""
    before = core.count("store_duration_seconds_count", **GET)
    await core.get(plan)
    await core.store._queue.join()
    return core.count("store_duration_seconds_count", **GET) - before


async def test_variant_that_is_not_stored_costs_one_read(make_core):
    first, second = await make_core(), await make_core()
    assert await reads(first) == 1
    assert await reads(first) == 0, "it is in memory, and its epoch is known for a while"
    first.clock.now += 5
    assert await reads(first) == 1, "the mark"
    assert await reads(second) == 2, "the record, and the mark because there is one"
    assert (len(first.pool.plans), len(second.pool.plans)) == (1, 0)


async def test_purge_of_another_process_is_noticed_when_the_assumed_epoch_is_no_longer_fresh(make_core):
    first, second = await make_core(), await make_core()
    await first.get()
    await first.store._queue.join()
    await second.purge.run(PLAN.source)
    await first.get()
    assert len(first.pool.plans) == 1
    first.clock.now += 5
    await first.get()
    assert len(first.pool.plans) == 2


async def test_record_of_a_maker_that_did_not_know_of_a_recent_purge_is_made_once_more(make_core):
    first, second, third = await make_core(), await make_core(), await make_core()
    await first.purge.run(PLAN.source)
    assert await reads(second) == 1
    for core, plans in ((third, 1), (first, 0)):
        await core.get()
        await core.store._queue.join()
        assert len(core.pool.plans) == plans, "the second one was made with the mark"


async def test_record_made_long_after_a_purge_is_valid_though_its_maker_did_not_know_of_it(make_core, monkeypatch):
    first, second, third = await make_core(), await make_core(), await make_core()
    await first.purge.run(PLAN.source)
    now = purge_epochs.time.time()

    class LaterTime:
        time = staticmethod(lambda: now + 120)
        time_ns = staticmethod(lambda: int((now + 120) * 1e9))

    monkeypatch.setattr(purge_epochs, "time", LaterTime)
    assert await reads(second) == 1
    await third.get()
    assert third.pool.plans == []
    second.clock.now += 5
    await second.get()
    assert len(second.pool.plans) == 1, "in memory it is valid, too"
    await first.purge.run(PLAN.source)
    second.clock.now += 5
    await second.get()
    assert len(second.pool.plans) == 2


async def test_stored_variant_of_a_purged_source_is_found_beside_one_that_was_not(make_core):
    first, second = await make_core(), await make_core()
    await first.purge.run(PLAN.source)
    await reads(first, OTHER)
    assert await reads(second) == 1, "an epoch is assumed"
    assert await reads(second, OTHER) == 2, "for a record it is not enough"
    assert [plan.width for plan in second.pool.plans] == [PLAN.width]


async def test_entries_are_located_in_memory_and_in_the_store_until_a_purge(make_core):
    first, second = await make_core(), await make_core()
    key = make_request().key
    assert await first.cache.locate(PLAN.source, key) == {}
    await reads(first)
    found = await first.cache.locate(PLAN.source, key)
    assert set(found) == {"memory", "store"}
    assert await second.cache.locate(PLAN.source, key) == {"store": found["store"]}
    await first.purge.run(PLAN.source)
    assert await first.cache.locate(PLAN.source, key) == {}
