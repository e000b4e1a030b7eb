import asyncio
import contextlib
import fcntl
import gc
import os
from pathlib import Path

import pytest

from mememime_proxy.errors import SourceStatusError, SourceTooLargeError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.cache.originals import FetchedOriginal, OriginalCache
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.sources.model import SourceState, date_validator, is_conditional, request_conditions
from tests.support.clock import Clock
from tests.support.fake_source import FakeSource

WEB = SourceKey.of("http://h/a.jpg")


def make(origin, size=1 << 20, freshness=5.0, budget=None, **more):
    clock, limits = Clock(), {"size": size, "freshness": freshness, "timeout": 5}
    return OriginalCache(origin, ProxyMetrics(), budget or MemoryBudget(0), clock=clock, **limits, **more), clock


def descriptors():
    """How many originals are open, those of earlier tests put aside."""
    gc.collect()
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += "memfd:original" in str(link.readlink())
    return count


def content(found):
    return os.pread(found.original.fd, 1 << 20, 0)


async def test_callers_at_the_same_time_share_one_fetch():
    origin = FakeSource()
    originals, _ = make(origin, size=0)
    origin.gate.clear()
    asking = [asyncio.create_task(originals.fetch_if_changed(WEB, "", 0, 5)) for _ in range(8)]
    await asyncio.sleep(0)
    origin.gate.set()
    fetched = await asyncio.gather(*asking)
    assert len(origin.requests) == 1
    assert {content(one) for one in fetched} == {origin.body}
    await originals.fetch_if_changed(WEB, "", 0, 5)
    assert len(origin.requests) == 2  # nothing is kept with a size of 0


async def test_original_in_memory_is_revalidated_when_it_is_no_longer_fresh():
    origin = FakeSource()
    originals, clock = make(origin)
    first = await originals.fetch_if_changed(WEB, "", 0, 5)
    assert await originals.fetch_if_changed(WEB, "", 0, 5) == first
    assert await originals.get_state(WEB) == first.state
    clock.now += 5
    assert await originals.get_state(WEB) is None
    again = await originals.fetch_if_changed(WEB, "", 0, 5)
    assert again.original is first.original
    assert [asked[1] for asked in origin.requests] == ["", '"1"']
    origin.etag, origin.body = '"2"', b"new"
    clock.now += 5
    assert content(await originals.fetch_if_changed(WEB, "", 0, 5)) == b"new"
    assert origin.sent == 2


async def test_fetch_with_the_present_validator_returns_the_state():
    origin = FakeSource()
    originals, _ = make(origin)
    assert isinstance(await originals.fetch_if_changed(WEB, '"1"', 0, 5), SourceState)
    assert origin.sent == 0
    assert isinstance(await originals.fetch_if_changed(WEB, '"0"', 0, 5), FetchedOriginal)
    assert isinstance(await originals.fetch_if_changed(WEB, '"1"', 0, 5), SourceState)
    assert len(origin.requests) == 2


async def test_source_without_etag_is_revalidated_by_its_date():
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    origin = FakeSource(etag="", last_modified=date)
    originals, clock = make(origin)
    found = await originals.fetch_if_changed(WEB, "", 0, 5)
    assert found.state == SourceState(date_validator(date), date)
    clock.now += 9
    assert (await originals.fetch_if_changed(WEB, "", 0, 5)).original is found.original
    assert origin.requests[-1][1] == date_validator(date)


@pytest.mark.parametrize("size", [0, 10, 3 << 20])
async def test_source_without_validators_has_a_digest_as_validator(size):
    origin = FakeSource(etag="", body=b"a" * size)
    originals, clock = make(origin, size=8 << 20)
    first = (await originals.fetch_if_changed(WEB, "", 0, 5)).state
    assert not is_conditional(first.validator)
    assert request_conditions(first.validator) == ("", "")
    clock.now += 9
    assert isinstance(await originals.fetch_if_changed(WEB, first.validator, 0, 5), SourceState)
    origin.body += b"b"
    clock.now += 9
    assert (await originals.fetch_if_changed(WEB, first.validator, 0, 5)).state.validator != first.validator


async def test_originals_differ_by_headers_of_the_key_and_not_by_others():
    origin = FakeSource()
    originals, _ = make(origin, outgoing_headers=lambda: {"traceparent": "t"})
    await originals.fetch_if_changed(SourceKey.of("http://h/a.jpg", (("Cookie", "a=1"),)), "", 0, 5)
    await originals.fetch_if_changed(SourceKey.of("http://h/a.jpg", (("Cookie", "a=2"),)), "", 0, 5)
    await originals.fetch_if_changed(SourceKey.of("http://h/a.jpg", (("Cookie", "a=2"),)), "", 0, 5)
    assert [asked[2] for asked in origin.requests] == [
        {"Cookie": "a=1", "traceparent": "t"},
        {"Cookie": "a=2", "traceparent": "t"},
    ]


async def test_original_in_memory_above_the_limit_is_refused():
    origin = FakeSource()
    originals, _ = make(origin)
    await originals.fetch_if_changed(WEB, "", 1000, 5)
    with pytest.raises(SourceTooLargeError):
        await originals.fetch_if_changed(WEB, "", 999, 5)
    assert len(origin.requests) == 1


async def test_original_in_memory_is_sealed():
    originals, _ = make(FakeSource())
    found = await originals.fetch_if_changed(WEB, "", 0, 5)
    with pytest.raises(PermissionError):
        os.pwrite(found.original.fd, b"evil", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(found.original.fd, 0)
    assert fcntl.fcntl(found.original.fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SEAL


async def test_descriptor_is_closed_when_cache_and_readers_have_let_go():
    origin = FakeSource(body=b"r" * 4000)
    originals, _ = make(origin, size=10_000)
    before = descriptors()
    first = await originals.fetch_if_changed(SourceKey.of("http://h/0"), "", 0, 5)
    for number in range(1, 50):
        await originals.fetch_if_changed(SourceKey.of(f"http://h/{number}"), "", 0, 5)
    assert descriptors() == before + 3  # two fit, one is read
    assert content(first) == origin.body
    del first
    await originals.close()
    assert descriptors() == before


async def test_number_of_descriptors_is_bounded():
    originals, _ = make(FakeSource(body=b"small"), size=1 << 20)
    before = descriptors()
    for number in range(400):
        await originals.fetch_if_changed(SourceKey.of(f"http://h/{number}"), "", 0, 5)
    assert descriptors() - before == 256


async def test_original_dropped_during_its_fetch_is_not_held():
    origin = FakeSource()
    originals, _ = make(origin)
    origin.gate.clear()
    early = asyncio.create_task(originals.fetch_if_changed(WEB, "", 0, 5))
    await asyncio.sleep(0)
    assert originals.drop_source(WEB.url) == 0
    late = asyncio.create_task(originals.fetch_if_changed(WEB, "", 0, 5))
    await asyncio.sleep(0)
    origin.gate.set()
    await asyncio.gather(early, late)
    assert len(origin.requests) == 2
    assert originals.drop_source(WEB.url) == 1
    assert await originals.get_state(WEB) is None


async def test_error_of_a_fetch_is_raised_for_all_waiters_and_not_for_later_callers():
    origin = FakeSource()
    originals, _ = make(origin)
    origin.error = SourceStatusError(upstream=503)
    origin.gate.clear()
    asking = [asyncio.create_task(originals.fetch_if_changed(WEB, "", 0, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    origin.gate.set()
    assert await asyncio.gather(*asking, return_exceptions=True) == [origin.error] * 3
    assert len(origin.requests) == 1
    origin.error = None
    assert isinstance(await originals.fetch_if_changed(WEB, "", 0, 5), FetchedOriginal)


async def test_caller_with_timeout_leaves_the_fetch_to_the_others():
    origin = FakeSource()
    originals, _ = make(origin)
    origin.gate.clear()
    patient = asyncio.create_task(originals.fetch_if_changed(WEB, "", 0, 5))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await originals.fetch_if_changed(WEB, "", 0, 0.01)
    origin.gate.set()
    assert isinstance(await patient, FetchedOriginal)
    assert len(origin.requests) == 1


async def test_state_is_remembered_while_it_is_recent():
    originals, clock = make(FakeSource())
    state, later = SourceState('"7"'), SourceState('"8"')
    for age in (5, -1):
        originals.remember_state(WEB, state, age)
        assert await originals.get_state(WEB) is None
    originals.remember_state(WEB, state, 4)
    assert await originals.get_state(WEB) == state
    originals.remember_state(WEB, later)
    originals.remember_state(WEB, state, 4)  # seen earlier than the one that is known
    assert await originals.get_state(WEB) == later
    clock.now += 5
    assert await originals.get_state(WEB) is None


async def test_state_of_an_alias_is_the_one_its_source_reports():
    origin = FakeSource()
    originals, _ = make(origin, freshness=100.0)
    front = SourceKey.of("alias://front")
    first = await originals.fetch_if_changed(front, "", 0, 5)
    assert await originals.get_state(front) is None  # whatever was just seen
    originals.remember_state(front, first.state)
    assert await originals.get_state(front) is None
    origin.reported_state = SourceState('"1"')
    assert await originals.get_state(front) == SourceState('"1"')
    assert await originals.fetch_if_changed(front, "", 0, 5) == first
    origin.reported_state = SourceState('"1"', stale=True)
    found = await originals.fetch_if_changed(front, "", 0, 5)
    assert (found.original is first.original, found.state.stale) == (True, True)
    assert len(origin.requests) == 1
    origin.reported_state, origin.etag, origin.body = SourceState('"2"'), '"2"', b"moved"
    assert content(await originals.fetch_if_changed(front, "", 0, 5)) == b"moved"


async def test_drop_source_makes_the_sources_forget_it():
    origin = FakeSource()
    originals, _ = make(origin)
    originals.drop_source("alias://front")
    assert origin.forgotten == ["alias://front"]


DATE = "Sat, 28 Nov 2026 10:00:00 GMT"


async def test_i3_304_that_names_the_etag_alone_leaves_the_stored_headers():
    origin = FakeSource(last_modified=DATE)
    origin.cache_control = "private, max-age=60"
    originals, clock = make(origin)
    first = await originals.fetch_if_changed(WEB, "", 0, 5)
    origin.cache_control = origin.last_modified = ""
    for _ in range(3):
        clock.now += 5
        again = await originals.fetch_if_changed(WEB, "", 0, 5)
        assert again.state == first.state
        assert await originals.get_state(WEB) == first.state
        assert await originals.fetch_if_changed(WEB, '"1"', 0, 5) == first.state
    assert origin.sent == 1


async def test_i3_304_with_other_headers_replaces_the_stored_ones():
    origin = FakeSource(last_modified=DATE)
    origin.cache_control = "private, max-age=60"
    originals, clock = make(origin)
    await originals.fetch_if_changed(WEB, "", 0, 5)
    origin.cache_control, origin.last_modified = "max-age=9", ""
    clock.now += 5
    await originals.fetch_if_changed(WEB, "", 0, 5)
    origin.cache_control = ""
    for _ in range(2):
        state = (await originals.fetch_if_changed(WEB, "", 0, 5)).state
        assert (state.cache_headers, state.last_modified) == ({"Cache-Control": "max-age=9"}, DATE)
        clock.now += 5


async def test_h5_held_originals_count_in_the_budget_and_give_way_when_others_need_the_memory():
    budget = MemoryBudget(10_000)
    origin = FakeSource(body=bytes(1000), budget=budget)
    originals, _ = make(origin, budget=budget)
    keys = [SourceKey.of(f"http://h/{number}.jpg") for number in range(4)]
    in_use = await originals.fetch_if_changed(keys[0], "", 0, 5)
    for key in keys[1:]:
        await originals.fetch_if_changed(key, "", 0, 5)
    assert (budget.used_by[Use.ORIGINALS], budget.used_by[Use.ORIGINALS_IN_FLIGHT]) == (4000, 0)
    render = budget.reserve(8000, Use.RENDERS)
    # The first one leaves the cache as well, and is counted until its render ends.
    assert (budget.used_by[Use.ORIGINALS], budget.used_by[Use.ORIGINALS_IN_FLIGHT]) == (1000, 1000)
    assert content(in_use) == bytes(1000)
    assert not render.resize(9500)
    assert (budget.used_by[Use.ORIGINALS], budget.used) == (0, 9000)
    del in_use
    assert render.resize(9500)
    assert render.resize(5000)
    await originals.fetch_if_changed(keys[0], "", 0, 5)
    assert budget.used == 6000
    originals.drop_source(keys[0].url)
    assert budget.used == 5000


async def test_original_that_replaces_another_in_use_counts_beside_it():
    budget = MemoryBudget(0)
    origin = FakeSource(body=bytes(1000), budget=budget)
    originals, clock = make(origin, budget=budget)
    first = await originals.fetch_if_changed(WEB, "", 0, 5)
    origin.etag, origin.body = '"2"', bytes(500)
    clock.now += 9
    await originals.fetch_if_changed(WEB, "", 0, 5)
    assert (budget.used_by[Use.ORIGINALS], budget.used_by[Use.ORIGINALS_IN_FLIGHT]) == (500, 1000)
    del first
    gc.collect()
    assert budget.used == 500
