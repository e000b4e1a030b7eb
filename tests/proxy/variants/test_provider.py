import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mememime_proxy.errors import (
    RenderTimeoutError,
    SourceNotFoundError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
)
from mememime_proxy.plan import Gravity, GravityType, ImageLimits, Plan
from mememime_proxy.proxy.cache import lookup
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.key_locks import Locks
from mememime_proxy.proxy.cache.memory import Results
from mememime_proxy.proxy.cache.originals import Originals
from mememime_proxy.proxy.cache.purge_epochs import Generations
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.model import Asked, Picture, Unchanged
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.proxy.variants.provider import Pictures
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState
from mememime_proxy.storage.local.folder import Folder
from tests.support.fake_source import Clock, FakePool, FakeSource
from tests.support.waiting import wait_until

PLAN = Plan(source="http://h/a.jpg", width=10)
CLOCK = Clock()


@pytest.fixture(autouse=True)
def one_clock(monkeypatch):
    """For what is measured here and for what is written down for others."""
    monkeypatch.setattr(lookup, "time", SimpleNamespace(time=CLOCK))


class Bench:
    """A service without its ends: plans in, outcomes out."""

    def __init__(self, storage=None, locks=None, fallback=None, **settings):
        variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
        self.settings = load({"MEMEMIME_ALLOW_UNSIGNED": "1", **variables})
        self.origin, self.pool, self.clock, self.metrics = FakeSource(), FakePool(), CLOCK, Metrics()
        fresh = self.settings.source_freshness
        originals = Originals(
            self.origin,
            self.metrics,
            size=self.settings.originals_cache_size,
            freshness=fresh,
            timeout=5,
            clock=self.clock,
        )
        results = Results(self.settings.variants_cache_size, self.metrics)
        self.store = VariantStore(storage, "", self.metrics) if storage else None
        self.caches = Caches(originals, results, Generations(self.store, fresh, self.clock), self.store, locks)
        keys = VariantKeys("configuration")
        self.pictures = Pictures(self.settings, self.caches, self.pool, keys, self.metrics, fallback)

    async def get(self, plan=PLAN, seconds=5.0, **asked):
        return await self.pictures.get(plan, Asked(asyncio.get_running_loop().time() + seconds, **asked))

    def count(self, name, **labels):
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def folder(tmp_path):
    it = Folder(str(tmp_path / "store"), sync=False)
    await it.start()
    yield it
    await it.close()


async def test_one_who_asks_again_costs_nothing():
    it = Bench()
    first = await it.get()
    assert await it.get() is first
    assert (len(it.origin.asked), len(it.pool.jobs)) == (1, 1)
    it.clock.now += 5
    assert await it.get() is first
    assert (len(it.origin.asked), it.origin.sent, len(it.pool.jobs)) == (2, 1, 1)
    assert it.count("cache_hits_total", cache="variants") == 1


async def test_a_changed_source_is_rendered_again():
    it = Bench(source_freshness="0")
    first = await it.get()
    it.origin.body, it.origin.etag = b"new", '"2"'
    second = await it.get()
    assert (first.variant.body, second.variant.body) == (b"10 " + b"x" * 1000, b"10 new")
    assert first.etag != second.etag
    assert await it.get() is second


async def test_what_a_source_says_of_caching_is_renewed_with_its_state():
    it = Bench(source_freshness="0")
    it.origin.cache_control = "max-age=5"
    first = await it.get()
    it.origin.cache_control = "max-age=6"
    second = await it.get()
    assert [one.said["Cache-Control"] for one in (first, second)] == ["max-age=5", "max-age=6"]
    assert second.serial != first.serial
    assert await it.get() is second
    it.origin.cache_control = ""
    assert await it.get() is second
    assert len(it.pool.jobs) == 1


async def test_without_room_everything_is_made_anew():
    it = Bench(originals_cache_size="0", variants_cache_size="0")
    assert (await it.get()).variant.body == (await it.get()).variant.body
    assert (it.origin.sent, len(it.pool.jobs)) == (2, 2)


async def test_clients_with_other_cookies_get_other_pictures():
    it = Bench()
    found = [await it.get(source_headers={"Cookie": name}) for name in ("me", "you", "me", "")]
    assert found[0] is found[2]
    assert len({one.variant.body for one in found}) == 3
    assert len(it.pool.jobs) == 3


async def test_what_is_kept_answers_conditions():
    it = Bench(source_freshness="0")
    first = await it.get()
    assert await it.get(if_none_match=first.etag) == Unchanged(first.etag, "", first.said)
    assert isinstance(await it.get(if_none_match='"other"'), Picture)
    assert len(it.pool.jobs) == 1


async def test_a_condition_of_a_client_is_enough_where_nothing_is_kept():
    it, other = Bench(), Bench()
    etag = (await other.get()).etag
    assert isinstance(await it.get(if_none_match=etag), Unchanged)
    assert (it.origin.sent, len(it.pool.jobs)) == (0, 0)


async def test_a_date_answers_where_the_source_has_one():
    it = Bench()
    date, later = "Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT"
    it.origin.etag, it.origin.last_modified = "", date
    assert isinstance(await it.get(), Picture)
    assert isinstance(await it.get(if_modified_since=later), Unchanged)
    assert isinstance(await it.get(if_modified_since=date, if_none_match='"x"'), Picture)


@pytest.mark.parametrize(
    "error", [SourceStatusError(upstream=500), SourceStatusError(upstream=429), SourceTimeoutError()]
)
async def test_while_a_source_is_in_trouble_what_is_kept_is_served(error):
    it = Bench()
    first = await it.get()
    it.clock.now += 5
    it.origin.error = error
    stale = await it.get()
    assert (stale.variant.body, stale.stale, first.stale) == (first.variant.body, True, False)
    again = await it.get()
    assert again.stale
    assert again.serial == stale.serial != first.serial
    assert len(it.origin.asked) == 2  # not asked again for a while
    it.origin.error = None
    it.clock.now += 5
    assert await it.get() is first
    it.origin.error = SourceStatusError(upstream=503)
    with pytest.raises(SourceStatusError):
        await it.get(Plan(source="http://h/b.jpg"))


@pytest.mark.parametrize("error", [SourceNotFoundError(), SourceStatusError(upstream=403), SourceTooLargeError()])
async def test_what_its_source_takes_away_is_not_served_any_more(error):
    it = Bench()
    await it.get()
    it.clock.now += 5
    it.origin.error = error
    with pytest.raises(type(error)):
        await it.get()


async def test_a_fallback_picture_is_kept_by_nobody():
    it = Bench(fallback=b"sorry")
    it.origin.error = SourceNotFoundError()
    found = await it.get()
    assert (found.variant.body, found.fallback, found.status) == (b"10 sorry", True, 200)
    it.origin.error = None
    assert (await it.get()).variant.body == b"10 " + it.origin.body


async def test_a_purge_forgets_everything_of_a_source_and_what_is_under_way():
    it = Bench()
    kept, other = await it.get(), await it.get(Plan(source="http://h/b.jpg"))
    it.pool.gate.clear()
    early = asyncio.create_task(it.get(Plan(source=PLAN.source, width=20)))
    await wait_until(lambda: len(it.pool.jobs) == 3)
    dropped = await it.caches.purge(PLAN.source)
    assert (dropped.originals, dropped.variants, dropped.stored) == (1, 1, 0)
    late = asyncio.create_task(it.get(Plan(source=PLAN.source, width=20)))
    await wait_until(lambda: len(it.pool.jobs) == 4)
    it.pool.gate.set()
    assert (await early).variant.body == (await late).variant.body
    assert await it.get(Plan(source="http://h/b.jpg")) is other
    assert await it.get() is not kept
    assert len(it.pool.jobs) == 5
    assert await it.get(Plan(source=PLAN.source, width=20)) is await late


async def test_limits_hold_for_originals_that_are_kept():
    it = Bench()
    await it.get()
    with pytest.raises(SourceTooLargeError):
        await it.get(Plan(source=PLAN.source, width=30, limits=ImageLimits(max_src_file_size=10)))


async def test_another_process_finds_it_in_the_store(folder):
    one, two = Bench(folder), Bench(folder)
    for it in (one, two):
        await it.store.start()
    first = await one.get()
    await one.store._queue.join()
    second = await two.get()
    assert (second.variant, second.etag) == (first.variant, first.etag)
    assert (len(two.origin.asked), len(two.pool.jobs)) == (0, 0)  # seen a moment ago by the other one
    assert await two.get() is second
    two.clock.now += 5
    two.origin.body, two.origin.etag = b"new", '"2"'
    assert (await two.get()).variant.body == b"10 new"
    await two.store._queue.join()
    await one.caches.purge(PLAN.source)
    two.clock.now += 5
    assert (await two.get()).variant.body == b"10 new"
    assert len(two.pool.jobs) == 2
    for it in (one, two):
        await it.store.close()


async def test_one_renders_and_the_others_wait_for_its_record(folder, tmp_path):
    path = str(tmp_path / "locks")
    benches = [Bench(folder, Locks(path), enable_debug_headers="1") for _ in range(4)]
    for it in benches:
        await it.store.start()
        it.pool.gate.clear()
    asking = [asyncio.create_task(it.get()) for it in benches for _ in range(25)]
    await wait_until(lambda: any(it.pool.jobs for it in benches))
    for it in benches:
        it.pool.gate.set()
    assert len({one.variant.body for one in await asyncio.gather(*asking)}) == 1
    assert sum(len(it.pool.jobs) for it in benches) == 1
    assert sum(len(it.origin.asked) for it in benches) == 1
    for it in benches:
        await it.store.close()
        it.caches.locks.close()


async def test_nobody_waits_for_others_longer_than_for_an_answer(folder, tmp_path):
    path = str(tmp_path / "locks")
    slow, quick = Bench(folder, Locks(path)), Bench(folder, Locks(path))
    slow.pool.gate.clear()
    rendering = asyncio.create_task(slow.get())
    await wait_until(lambda: slow.pool.jobs)
    with pytest.raises(RenderTimeoutError):
        await quick.get(seconds=0.05)
    rendering.cancel()
    await asyncio.wait([rendering])
    await slow.pictures.close()
    assert (await quick.get()).variant.body
    for it in (slow, quick):
        it.caches.locks.close()


FRONT = replace(PLAN, source="alias://front", follows_focus=True, takes_preset=True)


async def test_an_alias_that_moved_is_another_picture_at_once():
    it = Bench()
    it.origin.told = SourceState('"1"')
    first = await it.get(FRONT)
    assert await it.get(FRONT) is first
    it.origin.told, it.origin.etag, it.origin.body = SourceState('"2"'), '"2"', b"moved"
    assert (await it.get(FRONT)).variant.body == b"10 moved"
    assert len(it.pool.jobs) == 2


async def test_what_is_known_of_an_alias_that_nobody_can_be_asked_about_is_served_as_stale():
    it = Bench()
    it.origin.stale = True
    made = await it.get(FRONT)
    assert made.stale
    kept = await it.get(FRONT)
    assert (kept.stale, kept.variant.body, len(it.pool.jobs)) == (True, made.variant.body, 1)
    it.origin.told = SourceState('"1"', stale=True)
    assert (await it.get(FRONT)).stale
    it.origin.told = SourceState('"1"')
    assert not (await it.get(FRONT)).stale
    assert len(it.pool.jobs) == 1


async def test_what_is_kept_with_an_alias_joins_its_plan():
    it = Bench()
    it.pictures._dress = lambda plan, preset: replace(plan, width=len(preset), takes_preset=False)
    it.origin.focus, it.origin.preset = (0.25, 0.5), "narrow"
    assert (await it.get(FRONT)).variant.width == 6
    assert it.pool.jobs[0].gravity == Gravity(GravityType.FOCUS_POINT, 0.25, 0.5)
    await it.get(replace(FRONT, follows_focus=False, takes_preset=False))
    assert (it.pool.jobs[1].width, it.pool.jobs[1].gravity) == (10, Gravity())
