from mememime_proxy.proxy.cache.memory import Kept, Results
from mememime_proxy.proxy.model import Picture
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant


def kept(size=1000, source="s"):
    return Kept(Picture(Variant("jpeg", 1, 1, body=b"x" * size)), SourceState('"1"'), "", source)


def test_what_was_not_used_for_longest_leaves_first():
    results = Results(10_000, Metrics())
    for number in range(3):
        results.put(bytes([number]), kept())
    assert results.get(b"\0") is not None
    results.put(b"\3", kept())
    assert set(results) == {b"\0", b"\2", b"\3"}
    assert results.currsize <= 10_000


def test_what_does_not_fit_is_not_kept():
    results = Results(10_000, Metrics())
    results.put(b"a", kept())
    results.put(b"b", kept(10_000))
    assert set(results) == {b"a"}
    nothing = Results(0, Metrics())
    nothing.put(b"a", kept(0))
    assert nothing.get(b"a") is None


def test_all_of_one_source_can_be_dropped_also_after_some_have_left():
    results = Results(10_000, Metrics())
    for number in range(5):
        results.put(bytes([number]), kept(source="ab"[number % 2]))
    assert results.drop("a") == len([n for n in (2, 3, 4) if n % 2 == 0])
    assert results.drop("a") == 0
    assert set(results) == {b"\3"}
    results.put(b"\3", kept(2000, "b"))
    assert results.drop("b") == 1
    assert results.currsize == 0
    assert not results._by_source
