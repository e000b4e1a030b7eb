import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mememime_proxy.errors import RenderTimeoutError, SourceStatusError, SourceTimeoutError, SourceTooLargeError
from mememime_proxy.plan import Gravity, GravityType, ImageLimits, Plan
from mememime_proxy.proxy.cache import lookup
from mememime_proxy.proxy.cache.key_locks import KeyLocks
from mememime_proxy.proxy.model import NotModified, VariantResult
from mememime_proxy.sources.model import SourceState
from mememime_proxy.storage.local.folder import Folder
from tests.support.clock import Clock
from tests.support.provider_chain import PLAN, ProxyCore
from tests.support.waiting import wait_until

CLOCK = Clock()
ALIAS = replace(PLAN, source="alias://front", follows_focus=True, takes_preset=True)


@pytest.fixture(autouse=True)
def shared_clock(monkeypatch):
    """One clock for the age of what is in memory and of what is in the store."""
    monkeypatch.setattr(lookup, "time", SimpleNamespace(time=CLOCK))


def make_core(*args, **settings):
    return ProxyCore(*args, clock=CLOCK, **settings)


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    yield storage
    await storage.close()


async def test_request_with_fresh_entry_is_answered_from_memory():
    core = make_core()
    first = await core.get()
    assert await core.get() is first
    assert (len(core.source.requests), len(core.pool.plans)) == (1, 1)
    core.clock.now += 5
    assert await core.get() is first
    assert (len(core.source.requests), core.source.sent, len(core.pool.plans)) == (2, 1, 1)
    assert core.count("cache_hits_total", cache="variants") == 1


async def test_request_after_source_changed_is_rendered_again():
    core = make_core(source_freshness="0")
    first = await core.get()
    core.source.body, core.source.etag = b"new", '"2"'
    second = await core.get()
    assert (first.variant.body, second.variant.body) == (b"10 " + b"x" * 1000, b"10 new")
    assert first.etag != second.etag
    assert await core.get() is second


async def test_revalidation_takes_over_cache_headers_that_the_source_sends():
    core = make_core(source_freshness="0")
    core.source.cache_control = "max-age=5"
    first = await core.get()
    core.source.cache_control = "max-age=6"
    second = await core.get()
    assert [one.state.cache_headers["Cache-Control"] for one in (first, second)] == ["max-age=5", "max-age=6"]
    assert await core.get() is second
    core.source.cache_control = ""
    assert await core.get() is second
    assert len(core.pool.plans) == 1


async def test_requests_without_room_in_caches_are_each_rendered():
    core = make_core(originals_cache_size="0", variants_cache_size="0")
    assert (await core.get()).variant.body == (await core.get()).variant.body
    assert (core.source.sent, len(core.pool.plans)) == (2, 2)


async def test_requests_with_other_cookies_get_other_variants():
    core = make_core()
    results = [await core.get(cookie=cookie) for cookie in ("me", "you", "me", "")]
    assert results[0] is results[2]
    assert len({result.variant.body for result in results}) == 3
    assert len(core.pool.plans) == 3


async def test_condition_with_current_etag_is_answered_from_the_cache():
    core = make_core(source_freshness="0")
    first = await core.get()
    assert await core.get(if_none_match=first.etag) == NotModified(first.etag, first.state)
    assert isinstance(await core.get(if_none_match='"other"'), VariantResult)
    assert len(core.pool.plans) == 1


async def test_condition_with_current_etag_needs_no_entry_in_the_cache():
    core, other = make_core(), make_core()
    etag = (await other.get()).etag
    assert isinstance(await core.get(if_none_match=etag), NotModified)
    assert (core.source.sent, len(core.pool.plans)) == (0, 0)


async def test_condition_with_date_is_answered_where_the_source_has_one():
    core = make_core()
    date, later = "Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT"
    core.source.etag, core.source.last_modified = "", date
    assert isinstance(await core.get(), VariantResult)
    assert isinstance(await core.get(if_modified_since=later), NotModified)
    assert isinstance(await core.get(if_modified_since=date, if_none_match='"x"'), VariantResult)


@pytest.mark.parametrize(
    "error", [SourceStatusError(upstream=500), SourceStatusError(upstream=429), SourceTimeoutError()]
)
async def test_transient_source_error_serves_the_entry_as_stale(error):
    core = make_core()
    first = await core.get()
    core.clock.now += 5
    core.source.error = error
    stale = await core.get()
    assert (stale.variant, stale.state.stale, first.state.stale) == (first.variant, True, False)
    assert (await core.get()).state == stale.state
    assert len(core.source.requests) == 2  # not asked again while the state is fresh
    core.source.error = None
    core.clock.now += 5
    assert await core.get() is first
    core.source.error = SourceStatusError(upstream=503)
    with pytest.raises(SourceStatusError):
        await core.get(Plan(source="http://h/b.jpg"))


@pytest.mark.parametrize(
    "error", [SourceStatusError(upstream=404), SourceStatusError(upstream=403), SourceTooLargeError()]
)
async def test_permanent_source_error_is_raised_in_spite_of_an_entry(error):
    core = make_core()
    await core.get()
    core.clock.now += 5
    core.source.error = error
    with pytest.raises(type(error)):
        await core.get()


async def test_fallback_picture_is_not_cached():
    core = make_core(fallback_image=b"sorry")
    core.source.error = SourceStatusError(upstream=404)
    result = await core.get()
    assert (result.variant.body, result.is_fallback, result.status) == (b"10 sorry", True, 200)
    core.source.error = None
    assert (await core.get()).variant.body == b"10 " + core.source.body


async def test_purge_drops_entries_and_renders_under_way():
    core = make_core()
    purged, other = await core.get(), await core.get(Plan(source="http://h/b.jpg"))
    core.pool.gate.clear()
    early = asyncio.create_task(core.get(Plan(source=PLAN.source, width=20)))
    await wait_until(lambda: len(core.pool.plans) == 3)
    counts = await core.purge.run(PLAN.source)
    assert (counts.originals, counts.variants, counts.stored) == (1, 1, 0)
    late = asyncio.create_task(core.get(Plan(source=PLAN.source, width=20)))
    await wait_until(lambda: len(core.pool.plans) == 4)
    core.pool.gate.set()
    assert (await early).variant.body == (await late).variant.body
    assert await core.get(Plan(source="http://h/b.jpg")) is other
    assert await core.get() is not purged
    assert len(core.pool.plans) == 5
    assert await core.get(Plan(source=PLAN.source, width=20)) is await late


async def test_limit_of_a_plan_applies_to_an_original_in_memory():
    core = make_core()
    await core.get()
    with pytest.raises(SourceTooLargeError):
        await core.get(Plan(source=PLAN.source, width=30, limits=ImageLimits(max_src_file_size=10)))


async def test_entry_in_the_store_serves_another_process(folder):
    one, two = make_core(folder), make_core(folder)
    for core in (one, two):
        await core.store.start()
    first = await one.get()
    await one.store._queue.join()
    second = await two.get()
    assert (second.variant, second.etag) == (first.variant, first.etag)
    assert (len(two.source.requests), len(two.pool.plans)) == (0, 0)  # the other one has just seen this state
    assert await two.get() == second
    assert [first.tier, second.tier, (await two.get()).tier] == ["memory", "store", "memory"]
    two.clock.now += 5
    two.source.body, two.source.etag = b"new", '"2"'
    assert (await two.get()).variant.body == b"10 new"
    await two.store._queue.join()
    await one.purge.run(PLAN.source)
    two.clock.now += 5
    assert (await two.get()).variant.body == b"10 new"
    assert len(two.pool.plans) == 2
    for core in (one, two):
        await core.store.close()


async def test_processes_with_one_store_render_once(folder, tmp_path):
    path = str(tmp_path / "locks")
    cores = [make_core(folder, KeyLocks(path), enable_debug_headers="1") for _ in range(4)]
    for core in cores:
        await core.store.start()
        core.pool.gate.clear()
    requests = [asyncio.create_task(core.get()) for core in cores for _ in range(25)]
    await wait_until(lambda: any(core.pool.plans for core in cores))
    for core in cores:
        core.pool.gate.set()
    assert len({result.variant.body for result in await asyncio.gather(*requests)}) == 1
    assert sum(len(core.pool.plans) for core in cores) == 1
    assert sum(len(core.source.requests) for core in cores) == 1
    for core in cores:
        await core.store.close()
        core.caches.locks.close()


async def test_wait_for_another_process_ends_at_the_deadline(folder, tmp_path):
    path = str(tmp_path / "locks")
    slow, quick = make_core(folder, KeyLocks(path)), make_core(folder, KeyLocks(path))
    slow.pool.gate.clear()
    rendering = asyncio.create_task(slow.get())
    await wait_until(lambda: slow.pool.plans)
    with pytest.raises(RenderTimeoutError):
        await quick.get(seconds=0.05)
    rendering.cancel()
    await asyncio.wait([rendering])
    await slow.chain.flights.drain()
    assert (await quick.get()).variant.body
    for core in (slow, quick):
        core.caches.locks.close()


async def test_alias_that_moved_is_rendered_at_once():
    core = make_core()
    core.source.reported_state = SourceState('"1"')
    first = await core.get(ALIAS)
    assert await core.get(ALIAS) is first
    core.source.reported_state, core.source.etag, core.source.body = SourceState('"2"'), '"2"', b"moved"
    assert (await core.get(ALIAS)).variant.body == b"10 moved"
    assert len(core.pool.plans) == 2


async def test_alias_whose_service_does_not_answer_is_served_as_stale():
    core = make_core()
    core.source.stale = True
    rendered = await core.get(ALIAS)
    assert rendered.state.stale
    cached = await core.get(ALIAS)
    assert (cached.state.stale, cached.variant, len(core.pool.plans)) == (True, rendered.variant, 1)
    core.source.reported_state = SourceState('"1"', stale=True)
    assert (await core.get(ALIAS)).state.stale
    core.source.reported_state = SourceState('"1"')
    assert not (await core.get(ALIAS)).state.stale
    assert len(core.pool.plans) == 1


async def test_options_stored_with_an_alias_join_the_plan():
    core = make_core(apply_preset=lambda plan, preset: replace(plan, width=len(preset), takes_preset=False))
    core.source.focus, core.source.preset = (0.25, 0.5), "narrow"
    assert (await core.get(ALIAS)).variant.width == 6
    assert core.pool.plans[0].gravity == Gravity(GravityType.FOCUS_POINT, 0.25, 0.5)
    await core.get(replace(ALIAS, follows_focus=False, takes_preset=False))
    assert (core.pool.plans[1].width, core.pool.plans[1].gravity) == (10, Gravity())


async def test_i3_variants_after_a_304_have_the_stored_headers_of_their_source():
    core = make_core()
    core.source.last_modified, core.source.cache_control = "Sat, 28 Nov 2026 10:00:00 GMT", "private, max-age=60"
    first = await core.get()
    core.source.last_modified = core.source.cache_control = ""
    core.clock.now += 9
    assert (await core.get()).state == first.state
    core.clock.now += 9
    assert (await core.get(replace(PLAN, width=77))).state == first.state
    assert core.source.sent == 1


async def test_damaged_variant_has_an_etag_of_its_bytes_and_304_says_that_it_is_damaged():
    core = make_core()
    whole = await core.get()
    core.pool.damage = "truncated"
    damaged = await core.get(replace(PLAN, width=77))
    assert "." in whole.etag
    assert "." not in damaged.etag
    again = await core.get(replace(PLAN, width=77), if_none_match=damaged.etag)
    assert again == NotModified(damaged.etag, damaged.state, is_damaged=True)
    assert core.count("originals_damaged_total", format="jpeg", damage="truncated") == 1
