"""Which variants reach the store, by the policy; a small form of ``python -m benchmarks writes``."""

from dataclasses import replace

import pytest

from benchmarks.writes import Trace, simulate
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.urls import UrlParser
from mememime_proxy.urls.config import UrlConfig
from tests.support.provider_chain import PLAN, ProxyCore

PUT = {"operation": "put"}


@pytest.fixture
async def make_core(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    cores = []

    async def make(policy, **settings):
        core = ProxyCore(storage, cache_write_policy=policy, **settings)
        await core.store.start()
        cores.append(core)
        return core

    yield make
    for core in cores:
        await core.store.close()
    await storage.close()


async def writes(core):
    await core.store._queue.join()
    return core.count("store_duration_seconds_count", **PUT)


@pytest.mark.parametrize(("policy", "expected"), [("all", 1), ("none", 0), ("presets", 0), ("second", 0)])
async def test_variant_that_is_requested_once(make_core, policy, expected):
    core = await make_core(policy)
    await core.get()
    assert await writes(core) == expected
    assert (await core.get()).variant.body == b"10 " + core.source.body


async def test_second_request_is_written_from_memory_once(make_core):
    core = await make_core("second")
    for requests in range(4):
        await core.get()
        assert await writes(core) == min(requests, 1)
    assert len(core.pool.plans) == 1
    other = await make_core("second")
    await other.get()
    assert other.pool.plans == []


async def test_second_request_after_the_memory_has_dropped_it_is_rendered_and_written(make_core):
    core = await make_core("second", variants_cache_size="0")
    for _ in range(3):
        await core.get()
        await core.store._queue.join()
    assert (len(core.pool.plans), await writes(core)) == (2, 1)


async def test_second_request_that_revalidates_is_written(make_core):
    core = await make_core("second")
    await core.get()
    core.clock.now += 5
    await core.get()
    assert (len(core.pool.plans), await writes(core)) == (1, 1)


async def test_presets_alone_are_written(make_core):
    core = await make_core("presets")
    await core.get(by_presets=True)
    assert await writes(core) == 1
    alias = replace(PLAN, source="alias://a", takes_preset=True)
    await core.get(alias)
    assert await writes(core) == 1, "the alias has no preset"
    core.source.preset = "card"
    await core.get(replace(alias, source="alias://b"))
    assert await writes(core) == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", False),
        ("pr:card", True),
        ("preset:card:wide", True),
        ("pr:card/fn:name/cb:1/exp:4000000000/att:1", True),
        ("fn:name", False),
        ("pr:card/w:10", False),
        ("rs:fit:10:10", False),
        ("w:10/pr:card", False),
    ],
)
def test_options_of_a_url_are_presets(options, expected):
    config = UrlConfig(presets=("card=w:10", "wide=w:20"), allow_unsigned=True)
    parser = UrlParser(config)
    target = f"/unsafe/{options}/plain/local:///a.jpg" if options else "/unsafe/plain/local:///a.jpg"
    _, text, _ = parser.parse_with_options(target, initial=config.base_plan)
    assert (text, parser.has_only_presets(text)) == (options, expected)


def test_only_presets_mode_has_nothing_but_presets():
    assert UrlParser(UrlConfig(presets=("card=w:10",), only_presets=True, allow_unsigned=True)).has_only_presets("card")


@pytest.mark.parametrize("policy", ["all", "second"])
async def test_simulation_counts_as_the_chain_does(make_core, policy):
    """The benchmark replays a trace in the parts of the cache; here the same trace goes through the whole chain."""
    trace = Trace(requests=1500, catalogue=5000, exponent=0.9, seed=7)
    entries = 60
    core = await make_core(policy, variants_cache_size="1", source_freshness="3600", originals_cache_size="0")
    core.source.body = bytes((1 << 20) // entries - 2048 - 8)
    for item in trace:
        await core.get(replace(PLAN, width=item + 1))
        await core.store._queue.join()
    found = simulate(trace, policy, entries=len(core.caches.memory))
    assert found.writes == await writes(core)
    assert found.renders == len(core.pool.plans)


def test_second_writes_a_fifth_and_renders_little_more():
    trace = Trace(requests=30_000, catalogue=10**9, exponent=0.8, seed=7)
    everything, second = (simulate(trace, policy, entries=500) for policy in ("all", "second"))
    assert second.writes <= 0.2 * everything.writes
    assert second.renders <= 1.05 * everything.renders
