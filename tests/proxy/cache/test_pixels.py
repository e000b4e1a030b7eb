"""What is held of decoded pixels, what leaves for it, and how much memory that takes."""

import os
import random

import pytest

from mememime_proxy.decoded import LoadKey
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.cache.pixels import PixelCache, PixelSource
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from tests.support.clock import Clock

MIB = 1 << 20
FULL, HALF = LoadKey(1), LoadKey(2)


def source(name, validator='"1"', epoch="", headers=()):
    return PixelSource(SourceKey.of(f"http://h/{name}", headers), validator, epoch, b"content", b"configuration")


class Held:
    """A cache of so many MiB, with a clock."""

    def __init__(self, size=16, limit=0):
        self.budget, self.clock, self.metrics = MemoryBudget(limit * MIB), Clock(), ProxyMetrics()
        self.cache = PixelCache(size * MIB, self.metrics, self.budget, self.clock)

    def put(self, name, size=2, seconds=0.05, count=2.0, key=FULL):
        file = self.cache.open_file(size * MIB, is_exact=True)
        if file is not None:
            self.cache.put(name if isinstance(name, PixelSource) else source(name), key, file, seconds, count)

    def has(self, name, key=FULL):
        return key in self.cache.find(name if isinstance(name, PixelSource) else source(name))


def test_pixels_are_found_by_source_and_load():
    held = Held()
    held.put("a")
    held.put("a", key=HALF)
    assert set(held.cache.find(source("a"))) == {FULL, HALF}
    assert held.cache.used == held.budget.used_by[Use.PIXELS] == 4 * MIB


@pytest.mark.parametrize(
    "other",
    [
        source("b"),
        source("a", '"2"'),
        source("a", epoch="purged"),
        source("a", headers=(("Cookie", "tenant=2"),)),
        source("a")._replace(content=b"other"),
        source("a")._replace(configuration=b"other"),
    ],
)
def test_h12_pixels_reach_no_request_for_another_state_header_or_configuration(other):
    held = Held()
    held.put("a")
    assert held.cache.find(other) == {}


def test_h12_pixels_of_a_purged_source_are_dropped_with_those_under_way():
    held = Held()
    held.put("a")
    held.put(source("a", headers=(("Cookie", "x"),)))
    held.put("b")
    under_way = held.cache.open_file(MIB, is_exact=True)
    assert held.cache.drop_source("http://h/a") == 2
    held.cache.put(source("a"), FULL, under_way, 0.05, 2.0)
    assert not held.has("a")
    assert held.has("b")
    del under_way
    assert held.cache.used == held.budget.used == 2 * MIB


def test_pixels_that_save_least_for_each_byte_leave_first():
    held = Held(size=8)
    held.put("slow", seconds=0.2)
    held.put("quick", seconds=0.01)
    held.put("often", seconds=0.01, count=50)
    held.put("other", seconds=0.05)
    held.put("new", seconds=0.1)
    assert [name for name in ("slow", "quick", "often", "other", "new") if held.has(name)] == [
        "slow", "often", "other", "new",
    ]  # fmt: skip
    held.put("poor", seconds=0.001)
    assert not held.has("poor")
    assert held.cache.used == 8 * MIB


def test_pixels_that_were_used_long_ago_leave_for_new_ones():
    held = Held(size=4)
    held.put("a", count=10)
    held.put("b", count=10)
    held.clock.now += 3600
    held.put("c", count=2)
    assert held.has("c")


def test_pixels_larger_than_half_of_the_cache_are_not_held():
    held = Held(size=8)
    held.put("large", size=5, count=100)
    assert not held.has("large")
    assert held.budget.used == 0


def test_pixels_of_size_0_are_never_held():
    held = Held(size=0)
    held.put("a", size=1)
    assert not held.has("a")


def test_memory_that_others_need_is_given_back_but_for_files_in_use():
    held = Held(size=16, limit=20)
    for name in "abcd":
        held.put(name)
    in_use = held.cache.find(source("a"))[FULL]
    permit = held.budget.try_reserve(18 * MIB, Use.RENDERS)
    assert permit is not None
    assert not any(map(held.has, "abcd"))
    os.fstat(in_use.fd)
    assert held.budget.used_by[Use.PIXELS] == 2 * MIB
    del in_use
    assert held.budget.used == 18 * MIB


def test_file_of_unknown_size_makes_no_room_for_itself():
    held = Held(size=16, limit=8)
    held.put("a", size=4)
    assert held.cache.open_file(6 * MIB, is_exact=False) is None
    assert held.has("a")
    assert held.cache.open_file(3 * MIB, is_exact=False) is not None
    assert held.cache.open_file(6 * MIB, is_exact=True) is not None
    assert not held.has("a")


def test_descriptor_is_closed_with_the_last_reference():
    held = Held()
    held.put("a")
    file = held.cache.find(source("a"))[FULL]
    descriptor = file.fd
    held.cache.clear()
    os.fstat(descriptor)
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_use_is_counted_with_what_it_saved():
    held = Held()
    held.put("a")
    held.cache.record_use(source("a"), FULL, 0.25)
    value = held.metrics.registry.get_sample_value
    assert value("cache_hits_total", {"cache": "pixels"}) == 1
    assert value("decoding_saved_seconds_total") == 0.25
    assert value("cache_bytes", {"cache": "pixels"}) == 2 * MIB


def test_h13_strangers_who_ask_once_for_many_large_originals_replace_nothing_that_was_used():
    held, rng = Held(size=64), random.Random(1)
    popular = [f"popular-{number}" for number in range(16)]
    for name in popular:
        held.put(name, size=4, seconds=rng.uniform(0.02, 0.05))
        held.cache.record_use(source(name), FULL, 0.05)
    for number in range(3000):
        held.clock.now += 0.1
        held.put(f"once-{number}", size=4, seconds=0.5, count=1.0)
    assert all(map(held.has, popular))
    assert held.cache.used <= 64 * MIB


def test_trace_of_zipf_stays_within_size_and_saves_most_decoding_of_what_is_popular():
    held, rng = Held(size=64), random.Random(2)
    names = [f"picture-{number}" for number in range(2000)]
    weights = [1 / (rank + 1) for rank in range(len(names))]
    seen, hits = {}, 0
    for name in rng.choices(names, weights, k=20_000):
        held.clock.now += 0.02
        seen[name] = seen.get(name, 0) + 1
        if held.has(name):
            hits += 1
            held.cache.record_use(source(name), FULL, 0.05)
        elif seen[name] > 1 and held.cache.admits(2 * MIB, 0.05, seen[name]):
            held.put(name, count=seen[name])
        assert held.cache.used <= 64 * MIB
    best = sum(sorted(weights)[-32:]) / sum(weights)
    assert hits / 20_000 > 0.8 * best
