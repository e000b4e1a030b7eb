import asyncio
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.plan import DELIVERY_FIELDS, ImageLimits, Plan, Watermark
from mememime_proxy.proxy.variants.keys import (
    SingleFlight,
    VariantKeys,
    content_etag,
    etags,
    make_etag,
    matches,
    source_validator,
)

KEYS = VariantKeys(("1", {"quality": 80}))
OTHER = {
    "raw": True,
    "cachebuster": "x",
    "expires": 9,
    "filename": "f",
    "return_attachment": True,
    "watermark": Watermark(0.5),
    "limits": ImageLimits(max_src_resolution=1),
    "source": "local:///b",
    "format": "webp",
    "width": 3,
    "dpr": 2.0,
}


@pytest.mark.parametrize("name", OTHER)
def test_the_key_changes_with_pixels_and_not_with_delivery(name):
    assert name in {field.name for field in fields(Plan)}
    same = KEYS.key(replace(Plan(), **{name: OTHER[name]})) == KEYS.key(Plan())
    assert same == (name in DELIVERY_FIELDS)


def test_the_key_changes_with_the_configuration():
    assert VariantKeys(("1", {"quality": 81})).key(Plan()) != KEYS.key(Plan())


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=180))
def test_a_source_validator_comes_back_from_its_etag(validator):
    key = KEYS.key(Plan())
    etag = make_etag(key, validator)
    assert source_validator(key, etag) == validator
    assert source_validator(KEYS.key(Plan(width=1)), etag) == ""
    assert etag.removeprefix("W/").count('"') == 2


@given(st.text(max_size=300))
def test_other_peoples_etags_say_nothing(text):
    assert source_validator(KEYS.key(Plan()), text) == ""


def test_a_weak_validator_gives_a_weak_etag_and_a_long_one_is_not_carried_along():
    key = KEYS.key(Plan())
    assert make_etag(key, 'W/"a"').startswith('W/"')
    assert source_validator(key, make_etag(key, "x" * 300)) == ""
    assert len(make_etag(key, "x" * 300)) < 30


def test_if_none_match_is_compared_weakly():
    assert etags('"a", W/"b"') == ('"a"', 'W/"b"')
    assert matches('"b"', etags('"a", W/"b"'))
    assert not matches('"c"', etags('"a", W/"b"'))
    assert not matches("", etags(""))
    assert content_etag(b"a") != content_etag(b"b")


async def test_one_flight_for_all_who_ask_meanwhile():
    flights, gate, calls = SingleFlight(), asyncio.Event(), []

    async def work():
        calls.append(1)
        await gate.wait()
        return object()

    waiting = [asyncio.create_task(flights.run("k", work)) for _ in range(100)]
    await asyncio.sleep(0)
    assert "k" in flights
    gate.set()
    results = await asyncio.gather(*waiting)
    assert len(calls) == 1
    assert len(set(map(id, results))) == 1
    assert len(flights) == 0
    await flights.run("k", work)
    assert len(calls) == 2


async def test_who_leaves_leaves_alone_and_the_last_one_ends_the_work():
    flights, ended = SingleFlight(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    first, second = (asyncio.create_task(flights.run("k", work)) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert not ended.is_set()
    second.cancel()
    await asyncio.wait([second])
    await asyncio.wait_for(ended.wait(), 5)
    assert len(flights) == 0


async def test_a_newcomer_does_not_board_a_flight_that_is_being_given_up():
    flights, started = SingleFlight(), []

    async def work():
        started.append(1)
        if len(started) == 1:
            await asyncio.Event().wait()
        return "fresh"

    first = asyncio.create_task(flights.run("k", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert await flights.run("k", work) == "fresh"


async def test_an_error_goes_to_all_who_wait_and_to_nobody_later():
    flights, gate = SingleFlight(), asyncio.Event()

    async def fail():
        await gate.wait()
        raise ValueError("no")

    waiting = [asyncio.create_task(flights.run("k", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    assert [type(e) for e in await asyncio.gather(*waiting, return_exceptions=True)] == [ValueError] * 3

    async def work():
        return 1

    assert await flights.run("k", work) == 1


async def test_drain_ends_everything():
    flights = SingleFlight()
    task = asyncio.create_task(flights.run("k", asyncio.Event().wait))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await flights.drain()
    assert len(flights) == 0
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_one_who_waits_too_long_leaves_the_others_their_task():
    flights, gate = SingleFlight(), asyncio.Event()

    async def work():
        await gate.wait()
        return "done"

    patient = asyncio.create_task(flights.run("k", work))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await flights.run("k", work, 0.01)
    gate.set()
    assert await patient == "done"


async def test_each_has_a_deadline_of_its_own():
    flights, gate, loop = SingleFlight(), asyncio.Event(), asyncio.get_running_loop()
    patient = asyncio.create_task(flights.run("k", gate.wait))
    begun = loop.time()

    async def impatient(seconds):
        with pytest.raises(TimeoutError):
            await flights.run("k", gate.wait, seconds)
        return loop.time() - begun

    seconds = [0.3, 0.1, 0.2, *(0.1 + n / 1e5 for n in range(100))]
    took = await asyncio.gather(*map(impatient, seconds))
    assert all(real >= wanted - 0.002 for real, wanted in zip(took, seconds, strict=True))
    assert took.index(max(took)) == 0
    gate.set()
    assert await patient


async def test_when_nobody_waits_any_longer_the_task_ends():
    flights, ended = SingleFlight(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await flights.run("k", work, 0.01)
    assert "k" not in flights
    await ended.wait()
