from mememime_proxy.storage.resilience.latency import Latency


def test_nothing_is_said_before_there_is_enough():
    latency = Latency()
    for i in range(31):
        latency.add(i)
    assert latency.p95 is None
    latency.add(31)
    assert latency.p95 == 30


def test_one_in_twenty_is_above_it():
    latency = Latency()
    for i in range(1600):
        latency.add(i % 100)
    assert latency.p95 is not None
    assert 93 <= latency.p95 <= 96


def test_it_follows():
    latency = Latency()
    for _ in range(256):
        latency.add(1.0)
    for _ in range(256):
        latency.add(0.1)
    assert latency.p95 == 0.1
