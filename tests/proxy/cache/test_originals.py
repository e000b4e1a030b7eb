import asyncio
import contextlib
import fcntl
import gc
import os
from pathlib import Path

import pytest

from mememime_proxy.errors import SourceStatusError, SourceTooLargeError
from mememime_proxy.proxy.cache.originals import Fetched, Originals, Source
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.sources.model import SourceState, date_validator, is_conditional, request_conditions
from tests.support.fake_source import Clock, FakeSource

WEB = Source("http://h/a.jpg")


def make(origin, size=1 << 20, freshness=5.0, **more):
    clock = Clock()
    metrics = Metrics()
    it = Originals(origin, metrics, size=size, freshness=freshness, timeout=5, clock=clock, **more)
    it.metrics = metrics
    return it, clock


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


async def test_all_who_wait_share_one_fetch():
    origin = FakeSource()
    it, _ = make(origin, size=0)
    origin.gate.clear()
    asking = [asyncio.create_task(it.get(WEB, "", 0, 5)) for _ in range(8)]
    await asyncio.sleep(0)
    origin.gate.set()
    found = await asyncio.gather(*asking)
    assert len(origin.asked) == 1
    assert {content(one) for one in found} == {origin.body}
    await it.get(WEB, "", 0, 5)
    assert len(origin.asked) == 2  # nothing is kept with a size of 0


async def test_fresh_bytes_are_not_asked_for_again_and_others_only_by_their_validator():
    origin = FakeSource()
    it, clock = make(origin)
    first = await it.get(WEB, "", 0, 5)
    assert await it.get(WEB, "", 0, 5) is first
    assert await it.known(WEB) == first.state
    clock.now += 5
    assert await it.known(WEB) is None
    again = await it.get(WEB, "", 0, 5)
    assert again.original is first.original
    assert [asked[1] for asked in origin.asked] == ["", '"1"']
    origin.etag, origin.body = '"2"', b"new"
    clock.now += 5
    assert content(await it.get(WEB, "", 0, 5)) == b"new"
    assert origin.sent == 2


async def test_who_holds_the_state_gets_no_bytes():
    origin = FakeSource()
    it, _ = make(origin)
    assert isinstance(await it.get(WEB, '"1"', 0, 5), SourceState)
    assert origin.sent == 0
    assert isinstance(await it.get(WEB, '"0"', 0, 5), Fetched)
    assert isinstance(await it.get(WEB, '"1"', 0, 5), SourceState)
    assert len(origin.asked) == 2


async def test_a_date_is_a_validator_too():
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    origin = FakeSource(etag="", last_modified=date)
    it, clock = make(origin)
    found = await it.get(WEB, "", 0, 5)
    assert found.state == SourceState(date_validator(date), date)
    clock.now += 9
    assert (await it.get(WEB, "", 0, 5)).original is found.original
    assert origin.asked[-1][1] == date_validator(date)


@pytest.mark.parametrize("size", [0, 10, 3 << 20])
async def test_without_validators_the_bytes_tell_states_apart(size):
    origin = FakeSource(etag="", body=b"a" * size)
    it, clock = make(origin, size=8 << 20)
    first = (await it.get(WEB, "", 0, 5)).state
    assert not is_conditional(first.validator)
    assert request_conditions(first.validator) == ("", "")
    clock.now += 9
    assert isinstance(await it.get(WEB, first.validator, 0, 5), SourceState)
    origin.body += b"b"
    clock.now += 9
    assert (await it.get(WEB, first.validator, 0, 5)).state.validator != first.validator


async def test_headers_that_decide_are_told_apart_and_others_are_not():
    origin = FakeSource()
    it, _ = make(origin, outgoing=lambda: {"traceparent": "t"})
    await it.get(Source("http://h/a.jpg", (("Cookie", "a=1"),)), "", 0, 5)
    await it.get(Source("http://h/a.jpg", (("Cookie", "a=2"),)), "", 0, 5)
    await it.get(Source("http://h/a.jpg", (("Cookie", "a=2"),)), "", 0, 5)
    assert [asked[2] for asked in origin.asked] == [
        {"Cookie": "a=1", "traceparent": "t"},
        {"Cookie": "a=2", "traceparent": "t"},
    ]


async def test_what_is_kept_obeys_the_limit_of_each_request():
    origin = FakeSource()
    it, _ = make(origin)
    await it.get(WEB, "", 1000, 5)
    with pytest.raises(SourceTooLargeError):
        await it.get(WEB, "", 999, 5)
    assert len(origin.asked) == 1


async def test_nobody_can_change_what_others_will_read():
    it, _ = make(FakeSource())
    found = await it.get(WEB, "", 0, 5)
    with pytest.raises(PermissionError):
        os.pwrite(found.original.fd, b"evil", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(found.original.fd, 0)
    assert fcntl.fcntl(found.original.fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SEAL


async def test_a_reader_keeps_what_has_left_the_cache_and_no_descriptor_outlives_both():
    origin = FakeSource(body=b"r" * 4000)
    it, _ = make(origin, size=10_000)
    before = descriptors()
    first = await it.get(Source("http://h/0"), "", 0, 5)
    for number in range(1, 50):
        await it.get(Source(f"http://h/{number}"), "", 0, 5)
    assert descriptors() == before + 3  # two fit, one is read
    assert content(first) == origin.body
    del first
    await it.close()
    assert descriptors() == before


async def test_the_number_of_descriptors_is_bounded_however_small_originals_are():
    it, _ = make(FakeSource(body=b"small"), size=1 << 20)
    before = descriptors()
    for number in range(400):
        await it.get(Source(f"http://h/{number}"), "", 0, 5)
    assert descriptors() - before == 256


async def test_what_is_forgotten_while_it_comes_is_not_kept():
    origin = FakeSource()
    it, _ = make(origin)
    origin.gate.clear()
    early = asyncio.create_task(it.get(WEB, "", 0, 5))
    await asyncio.sleep(0)
    assert it.forget(WEB.url) == 0
    late = asyncio.create_task(it.get(WEB, "", 0, 5))
    await asyncio.sleep(0)
    origin.gate.set()
    await asyncio.gather(early, late)
    assert len(origin.asked) == 2
    assert it.forget(WEB.url) == 1
    assert await it.known(WEB) is None


async def test_an_error_reaches_all_who_wait_and_nobody_later():
    origin = FakeSource()
    it, _ = make(origin)
    origin.error = SourceStatusError(upstream=503)
    origin.gate.clear()
    asking = [asyncio.create_task(it.get(WEB, "", 0, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    origin.gate.set()
    assert await asyncio.gather(*asking, return_exceptions=True) == [origin.error] * 3
    assert len(origin.asked) == 1
    origin.error = None
    assert isinstance(await it.get(WEB, "", 0, 5), Fetched)


async def test_one_who_has_no_time_leaves_the_others_their_fetch():
    origin = FakeSource()
    it, _ = make(origin)
    origin.gate.clear()
    patient = asyncio.create_task(it.get(WEB, "", 0, 5))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await it.get(WEB, "", 0, 0.01)
    origin.gate.set()
    assert isinstance(await patient, Fetched)
    assert len(origin.asked) == 1


async def test_a_state_that_was_seen_too_long_ago_does_not_count():
    it, _ = make(FakeSource())
    state = SourceState('"7"')
    assert not it.note(WEB, state, 5)
    assert not it.note(WEB, state, -1)
    assert await it.known(WEB) is None
    assert it.note(WEB, state, 4)
    assert await it.known(WEB) == state


async def test_the_state_of_a_name_is_the_sources_to_tell():
    origin = FakeSource()
    it, _ = make(origin, freshness=100.0)
    front = Source("alias://front")
    first = await it.get(front, "", 0, 5)
    assert await it.known(front) is None  # whatever was just seen
    assert not it.note(front, first.state)
    origin.told = SourceState('"1"')
    assert await it.known(front) == SourceState('"1"')
    assert await it.get(front, "", 0, 5) is first
    origin.told = SourceState('"1"', stale=True)
    found = await it.get(front, "", 0, 5)
    assert (found.original is first.original, found.state.stale) == (True, True)
    assert len(origin.asked) == 1
    origin.told, origin.etag, origin.body = SourceState('"2"'), '"2"', b"moved"
    assert content(await it.get(front, "", 0, 5)) == b"moved"


async def test_a_purge_reaches_what_the_sources_know():
    origin = FakeSource()
    it, _ = make(origin)
    it.forget("alias://front")
    assert origin.forgotten == ["alias://front"]
