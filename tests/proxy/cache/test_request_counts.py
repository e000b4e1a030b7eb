import hashlib

from mememime_proxy.proxy.cache.request_counts import RequestCounts
from tests.support.clock import Clock


def key(number):
    return hashlib.blake2b(number.to_bytes(8), digest_size=16).digest()


def test_counts_are_those_of_the_requests_up_to_three():
    counts = RequestCounts(Clock())
    assert [counts.add(key(1)) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert (counts.add(key(2)), counts.estimate(key(2)), counts.estimate(key(3))) == (1, 1, 0)


def test_counts_of_many_keys_are_seldom_too_large_and_never_too_small():
    counts = RequestCounts(Clock())
    wrong = sum(counts.add(key(number)) != 1 for number in range(100_000))
    assert wrong < 20, "a tenth of what a million keys may have"
    assert all(counts.estimate(key(number)) >= 1 for number in range(0, 100_000, 97))


def test_counts_are_halved_each_hour_in_steps():
    clock = Clock()
    counts = RequestCounts(clock)
    for number, requests in ((1, 1), (2, 2), (3, 3)):
        for _ in range(requests):
            counts.add(key(number))
    clock.now += 3600
    for _ in range(4):
        counts.add(key(9))
    assert [counts.estimate(key(number)) for number in (1, 2, 3)] == [0, 1, 1]
    clock.now += 10 * 3600
    for _ in range(20):
        counts.add(key(9))
    assert [counts.estimate(key(number)) for number in (1, 2, 3)] == [0, 0, 0]
    assert counts.estimate(key(9)) == 3
