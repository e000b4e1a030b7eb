import asyncio
from contextlib import asynccontextmanager

import pytest

from mememime_proxy.errors import ShuttingDownError, SourceNotFoundError, SourceStatusError
from mememime_proxy.sources.resources import alias_client
from mememime_proxy.sources.resources.alias_client import AliasClient, AssetReference, LookupResult
from mememime_proxy.sources.resources.session import ResourceSession
from tests.support.alias_server import alias_server, digest
from tests.support.clock import Clock
from tests.support.waiting import wait_until

FRONT = "/aliases/products/42/front"


@asynccontextmanager
async def opened(**settings):
    async with alias_server(**settings) as (register, config):
        clock = Clock()
        session = ResourceSession(config)
        await session.start()
        it = AliasClient(config, session, clock)
        try:
            yield it, register, clock
        finally:
            await it.close()
            await session.close()


async def test_look_up_of_an_alias_returns_all_its_settings():
    async with opened() as (it, register, _):
        sha256 = register.keep(b"one", packed=b"on")
        register.point("products/42/front", sha256, focal={"x": 0.25, "y": 1}, preset="card")
        known = await it.look_up(FRONT)
        stored = register.answers[f"/assets/{sha256}"]["stored_sha256"]
        assert known == LookupResult(AssetReference(sha256, stored, 2, "image/png", (0.25, 1.0), "card"))
        assert register.asked == [(FRONT, "Bearer a-key")]
        assert (await it.look_up(f"/assets/{sha256}")).target == AssetReference(sha256, stored, 2, "image/png")


async def test_look_up_without_a_key_sends_none():
    async with opened(api_key="") as (it, register, _):
        await it.look_up(f"/assets/{register.keep(b'one')}")
        assert register.asked[0][1] == ""


async def test_look_up_of_a_fresh_entry_sends_no_request():
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        assert it.cached(FRONT) is None
        first = await it.look_up(FRONT)
        clock.now += 0.49
        assert it.cached(FRONT) == first
        assert len(register.asked) == 1
        clock.now += 0.51
        assert it.cached(FRONT) is None
        register.point("products/42/front", register.keep(b"two"))
        assert (await it.look_up(FRONT)).target != first.target
        assert len(register.asked) == 2


async def test_look_up_of_an_aging_entry_refreshes_in_the_background():
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        first = await it.look_up(FRONT)
        sha256 = register.keep(b"two")
        register.point("products/42/front", sha256)
        clock.now += 0.5
        assert [await it.look_up(FRONT) for _ in range(9)] == [first] * 9
        await wait_until(lambda: it.cached(FRONT).target.sha256 == sha256)
        assert len(register.asked) == 2
        clock.now += 0.9  # of an age of its own: it counts from its own question
        assert it.cached(FRONT).target.sha256 == sha256


async def test_concurrent_look_ups_share_one_request():
    async with opened() as (it, register, _):
        register.point("products/42/front", register.keep(b"one"))
        register.gate.clear()
        asking = [asyncio.create_task(it.look_up(FRONT)) for _ in range(50)]
        await wait_until(lambda: register.waiting)
        asking[0].cancel()
        register.gate.set()
        found = await asyncio.gather(*asking[1:])
        assert len(set(found)) == 1
        assert len(register.asked) == 1


async def test_missing_name_is_cached_for_a_second():
    async with opened(freshness=30.0) as (it, register, clock):
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.status == 404
        clock.now += 0.4
        with pytest.raises(SourceStatusError):
            it.cached(FRONT)
        with pytest.raises(SourceStatusError):
            await it.look_up(FRONT)
        assert len(register.asked) == 1
        register.point("products/42/front", register.keep(b"one"))
        clock.now += 0.6
        assert await it.look_up(FRONT)


async def test_deleted_alias_is_not_found_after_the_next_look_up():
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        register.drop("products/42/front")
        clock.now += 1
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 404
        register.status = 503
        clock.now += 1
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 503


@pytest.mark.parametrize("state", ["receiving", "verifying", "quarantined", "deleted"])
async def test_look_up_of_an_asset_that_is_not_ready_is_not_found(state):
    async with opened() as (it, register, _):
        sha256 = register.keep(b"one", state=state)
        register.point("products/42/front", sha256)
        for path in (FRONT, f"/assets/{sha256}"):
            with pytest.raises(SourceStatusError) as caught:
                await it.look_up(path)
            assert caught.value.status == 404
            assert state in caught.value.detail


async def test_look_up_of_another_spelling_is_not_found():
    async with opened() as (it, register, _):
        register.point("products/42/front", register.keep(b"one"))
        register.answers["/aliases/Products/42/front"] = register.answers[FRONT]
        with pytest.raises(SourceStatusError, match="spelled products/42/front"):
            await it.look_up("/aliases/Products/42/front")


@pytest.mark.parametrize("status", [0, 302, 401, 403, 429, 500, 503])
async def test_look_up_during_an_outage_returns_the_stale_entry(status):
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        first = await it.look_up(FRONT)
        register.status = status
        clock.now += 2
        assert await it.look_up(FRONT) == LookupResult(first.target, stale=True)
        asked = len(register.asked)
        assert it.cached(FRONT) == LookupResult(first.target, stale=True)  # nobody waits for it again
        assert len(register.asked) == asked
        clock.now += 1
        assert it.cached(FRONT).stale  # and it is asked again in the background
        await wait_until(lambda: len(register.asked) > asked)
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up("/aliases/other")
        assert caught.value.status == 502


async def test_look_up_after_an_outage_returns_the_new_entry():
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        register.status = 500
        clock.now += 2
        assert (await it.look_up(FRONT)).stale
        register.status = 200
        sha256 = register.keep(b"two")
        register.point("products/42/front", sha256)
        clock.now += 1
        assert it.cached(FRONT).stale
        await wait_until(lambda: not it.cached(FRONT).stale)
        assert it.cached(FRONT).target.sha256 == sha256


async def test_look_up_during_a_long_outage_raises():
    async with opened(stale=60.0) as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        register.status = 500
        clock.now += 59
        assert (await it.look_up(FRONT)).stale
        clock.now += 2
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 503


async def test_look_up_after_a_former_outage_asks_the_service():
    async with opened(stale=3600.0) as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        register.status = 500
        clock.now += 2
        assert (await it.look_up(FRONT)).stale
        register.status = 200
        clock.now += 60
        assert it.cached(FRONT) is None
        assert not (await it.look_up(FRONT)).stale


async def test_look_up_at_a_hanging_service_times_out(monkeypatch):
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        monkeypatch.setattr(alias_client, "_TIMEOUT", 0.05)
        register.gate.clear()
        clock.now += 2
        assert (await it.look_up(FRONT)).stale


async def unanswered(it, register):
    """Somebody asks, and the service has heard it."""
    register.point("products/42/front", register.keep(b"one"))
    register.gate.clear()
    asking = asyncio.create_task(it.look_up(FRONT))
    await wait_until(lambda: register.waiting == 1)
    return asking


async def test_request_started_before_forget_is_not_used():
    async with opened() as (it, register, _):
        early = await unanswered(it, register)
        sha256 = register.keep(b"two")
        register.point("products/42/front", sha256)
        it.forget(FRONT)
        late = asyncio.create_task(it.look_up(FRONT))
        await wait_until(lambda: register.waiting == 2)
        register.gate.set()
        assert (await early).target.sha256 != sha256
        assert (await late).target.sha256 == sha256
        assert it.cached(FRONT).target.sha256 == sha256


async def test_forgotten_entry_is_used_during_an_outage():
    async with opened() as (it, register, clock):
        asking = await unanswered(it, register)
        it.forget(FRONT)
        register.gate.set()
        found = await asking
        assert it.cached(FRONT) is None
        register.status = 503
        assert await it.look_up(FRONT) == LookupResult(found.target, stale=True)
        register.status = 200
        clock.now += 10
        assert await it.look_up(FRONT) == found


async def outcome(finding):
    """The digest that is found, or the status of the refusal."""
    try:
        return (await finding).target.sha256
    except SourceStatusError as error:
        return error.upstream


@pytest.mark.parametrize("deleted", [False, True])
async def test_late_response_replaces_no_newer_entry(deleted):
    async with opened() as (it, register, clock):
        early = await unanswered(it, register)
        it.forget(FRONT)
        if deleted:
            register.drop("products/42/front")
        else:
            register.point("products/42/front", register.keep(b"two"))
        slow, register.gate = register.gate, asyncio.Event()
        register.gate.set()
        clock.now += 0.1
        late = await outcome(it.look_up(FRONT))
        slow.set()
        assert await outcome(early) != late
        register.status = 503
        assert await outcome(it.look_up(FRONT)) == late
        clock.now += 2
        assert await outcome(it.look_up(FRONT)) == (503 if deleted else late)


async def test_forget_starts_a_request_at_once():
    async with opened() as (it, register, clock):
        register.point("products/42/front", register.keep(b"one"))
        first = await it.look_up(FRONT)
        register.status = 503
        it.forget(FRONT)
        assert it.cached(FRONT) is None  # fresh as it would be
        assert await it.look_up(FRONT) == LookupResult(first.target, stale=True)
        register.status = 200
        register.drop("products/42/front")
        it.forget(FRONT)
        asked = len(register.asked)
        await wait_until(lambda: len(register.asked) > asked)  # without anybody who wants it
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 404
        register.status = 503
        clock.now += 2
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 503  # what was deleted does not come back


async def test_invalid_response_counts_as_an_outage():
    async with opened() as (it, register, _):
        register.point("products/42/front", register.keep(b"one"))
        register.answers[FRONT]["asset"]["stored_sha256"] = "../../etc/passwd"
        with pytest.raises(SourceStatusError) as caught:
            await it.look_up(FRONT)
        assert caught.value.upstream == 503


async def test_calls_after_close_raise_shutting_down():
    async with alias_server() as (register, config):
        session = ResourceSession(config)
        await session.start()
        it = AliasClient(config, session)
        register.gate.clear()
        waiting = asyncio.create_task(it.look_up(FRONT))
        await wait_until(lambda: register.waiting)
        await it.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(ShuttingDownError):
            await it.look_up(FRONT)
        await session.close()


async def test_all_forgotten_names_are_looked_up_when_they_are_needed():
    async with opened() as (it, register, _):
        register.point("products/42/front", register.keep(b"one"))
        await it.look_up(FRONT)
        with pytest.raises(SourceNotFoundError):
            await it.look_up("/aliases/missing")
        asked = len(register.asked)
        it.forget_all()
        assert it.cached(FRONT) is None
        assert it.cached("/aliases/missing") is None
        assert len(register.asked) == asked, "there may be many"
        register.point("products/42/front", register.keep(b"two"))
        assert (await it.look_up(FRONT)).target.sha256 == digest(b"two")
        it.forget_all()
        register.status = 503
        assert (await it.look_up(FRONT)).stale, "what was known serves in an outage"
