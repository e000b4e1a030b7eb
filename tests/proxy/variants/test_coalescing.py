import asyncio

import pytest
from structlog.testing import capture_logs

from mememime_proxy.errors import RenderTimeoutError, SourceStatusError
from mememime_proxy.proxy.cache.key_locks import KeyLocks
from mememime_proxy.proxy.cache.single_flight import SingleFlight
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.variants.coalescing import CoalescingProvider, RenderLockProvider
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.storage.local.folder import Folder
from tests.support.provider_chain import KEYS, PLAN, FakeProvider, ProxyCore, make_entry, make_request
from tests.support.waiting import wait_until

KEY = KEYS.key(PLAN)


def make_coalescing(core, following):
    return CoalescingProvider(SingleFlight(), core.caches.epochs, core.metrics, following)


async def test_coalescing_provider_passes_one_of_equal_requests_on():
    core, following = ProxyCore(), FakeProvider()
    provider = make_coalescing(core, following)
    following.gate.clear()
    requests = [asyncio.create_task(provider.get(make_request())) for _ in range(5)]
    other = asyncio.create_task(provider.get(make_request(client_validator='"1"')))
    await wait_until(lambda: len(following.requests) == 2)
    following.gate.set()
    assert await asyncio.gather(*requests, other) == [following.result] * 6
    assert len(following.requests) == 2
    assert core.count("requests_coalesced_total") == 4


async def test_coalescing_provider_shares_no_work_from_before_a_purge():
    core, following = ProxyCore(), FakeProvider()
    provider = make_coalescing(core, following)
    following.gate.clear()
    early = asyncio.create_task(provider.get(make_request()))
    await wait_until(lambda: following.requests)
    await core.caches.epochs.begin(PLAN.source)
    late = asyncio.create_task(provider.get(make_request()))
    await wait_until(lambda: len(following.requests) == 2)
    following.gate.set()
    await asyncio.gather(early, late)


async def test_coalescing_provider_ends_at_the_deadline_of_each_request():
    core, following = ProxyCore(), FakeProvider()
    provider = make_coalescing(core, following)
    following.gate.clear()
    patient = asyncio.create_task(provider.get(make_request()))
    await wait_until(lambda: following.requests)
    with pytest.raises(RenderTimeoutError):
        await provider.get(make_request(seconds=0.01))
    following.gate.set()
    assert await patient is following.result


@pytest.fixture
async def core(tmp_path):
    """A process with a store and locks."""
    folder = Folder(str(tmp_path / "store"), sync=False)
    await folder.start()
    process = ProxyCore(folder, KeyLocks(str(tmp_path / "locks")))
    await process.store.start()
    yield process
    await process.store.close()
    process.caches.locks.close()
    await folder.close()


def make_locked(core, following):
    return RenderLockProvider(core.cache, core.store, core.caches.locks, following)


async def test_lock_provider_holds_the_lock_until_the_entry_is_written(core):
    following = FakeProvider()
    provider = make_locked(core, following)
    following.gate.clear()
    running = asyncio.create_task(provider.get(make_request()))
    await wait_until(lambda: following.requests)
    assert following.requests[0].is_locked
    assert core.caches.locks.try_acquire(KEY) is None
    await core.store.put(KEY, make_entry())
    following.gate.set()
    assert await running is following.result
    await core.store._queue.join()
    core.caches.locks.try_acquire(KEY).release()


async def test_lock_provider_releases_the_lock_after_an_error(core):
    with pytest.raises(SourceStatusError):
        await make_locked(core, FakeProvider(SourceStatusError(upstream=500))).get(make_request())
    core.caches.locks.try_acquire(KEY).release()


async def test_lock_provider_serves_what_another_process_stored_meanwhile(core):
    following = FakeProvider()
    entry = make_entry(validator='"1"')
    await core.store.put(KEY, entry)
    await core.store._queue.join()
    core.caches.originals.remember_state(SourceKey.of(PLAN.source), SourceState('"1"'))
    assert await make_locked(core, following).get(make_request()) == entry.result
    fetched = make_request(entry=make_entry(validator='"0"'), original=Original(-1, 0), state=SourceState('"1"'))
    assert await make_locked(core, following).get(fetched) == entry.result
    assert following.requests == []


async def test_lock_provider_passes_on_a_stored_entry_that_is_not_fresh(core):
    following = FakeProvider()
    entry = make_entry(validator='"1"')
    await core.store.put(KEY, entry)
    await core.store._queue.join()
    await make_locked(core, following).get(make_request())
    assert following.requests[0].entry == entry


async def test_lock_provider_does_not_lock_a_revalidation_or_twice(core):
    following = FakeProvider()
    for request in (make_request(entry=make_entry()), make_request(is_locked=True)):
        with core.caches.locks.try_acquire(KEY):
            await make_locked(core, following).get(request)
    assert len(following.requests) == 2


async def test_lock_provider_without_locks_in_the_file_system_passes_on(core, monkeypatch):
    def fail(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr(core.caches.locks, "_set", fail)
    following = FakeProvider()
    with capture_logs() as lines:
        assert await make_locked(core, following).get(make_request()) is following.result
    assert [line["event"] for line in lines] == ["cache.locks_unavailable"]
