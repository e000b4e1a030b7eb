from dataclasses import replace

from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.cache.memory import VariantMemory
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from tests.support.provider_chain import make_entry


def test_entry_used_longest_ago_leaves_first():
    memory = VariantMemory(10_000, ProxyMetrics(), MemoryBudget(0))
    for number in range(3):
        memory.put(bytes([number]), make_entry(bytes(1000)))
    assert memory.get(b"\0") is not None
    memory.put(b"\3", make_entry(bytes(1000)))
    assert set(memory) == {b"\0", b"\2", b"\3"}
    assert memory.currsize <= 10_000


def test_entry_larger_than_the_memory_is_not_held():
    memory = VariantMemory(10_000, ProxyMetrics(), MemoryBudget(0))
    memory.put(b"a", make_entry(bytes(1000)))
    memory.put(b"b", make_entry(bytes(10_000)))
    assert set(memory) == {b"a"}
    empty = VariantMemory(0, ProxyMetrics(), MemoryBudget(0))
    empty.put(b"a", make_entry(b""))
    assert empty.get(b"a") is None


def test_drop_source_drops_its_entries_after_others_have_left():
    memory = VariantMemory(10_000, ProxyMetrics(), MemoryBudget(0))
    for number in range(5):
        memory.put(bytes([number]), make_entry(bytes(1000), "ab"[number % 2]))
    assert memory.drop_source("a") == len([n for n in (2, 3, 4) if n % 2 == 0])
    assert memory.drop_source("a") == 0
    assert set(memory) == {b"\3"}
    memory.put(b"\3", make_entry(bytes(2000), "b"))
    assert memory.drop_source("b") == 1
    assert memory.currsize == 0
    assert not memory._keys_by_source


def test_h5_entries_count_in_the_budget_and_give_way_when_others_need_the_memory():
    budget = MemoryBudget(100_000)
    memory = VariantMemory(50_000, ProxyMetrics(), budget)

    def put(number):
        entry = make_entry(bytes(10_000))
        result = replace(entry.result, permit=budget.reserve(10_000, Use.RESULTS))
        memory.put(bytes([number]), replace(entry, result=result))
        return result

    in_use = put(0)
    put(1)
    assert budget.used_by[Use.VARIANTS] == memory.currsize == 2 * 12_048
    render = budget.reserve(80_000, Use.RENDERS)
    # The first entry left and is being sent.
    assert (set(memory), budget.used_by[Use.RESULTS]) == (set(), 10_000)
    del in_use
    assert budget.used == render.size
    for number in range(6):
        put(number)
    assert budget.used_by[Use.VARIANTS] == memory.currsize == 12_048
    assert budget.used_by[Use.RESULTS] == 0
