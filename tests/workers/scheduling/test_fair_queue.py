from __future__ import annotations

import random
from collections import Counter

import pytest

from mememime_proxy.workers.scheduling.fair_queue import FairQueue
from mememime_proxy.workers.scheduling.flow import Flow


def flow(host: str = "h", source: str = "s", key: str = "k") -> Flow:
    return Flow(key, host, source)


def drain(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def test_fair_queue_one_flow_is_first_in_first_out() -> None:
    queue: FairQueue[str] = FairQueue()
    for name in "abc":
        queue.push(flow(), name, 1.0)
    assert (len(queue), drain(queue), len(queue)) == (3, ["a", "b", "c"], 0)
    with pytest.raises(IndexError):
        queue.pop()
    with pytest.raises(IndexError):
        queue.pop_last()


def test_fair_queue_hosts_take_turns_whatever_their_number_of_jobs() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(20):
        queue.push(flow("many", f"s{number}"), f"m{number}", 1.0)
    queue.push(flow("few"), "f0", 1.0)
    queue.push(flow("few"), "f1", 1.0)
    assert [job[0] for job in drain(queue)[:5]] == ["m", "f", "m", "f", "m"]


def test_fair_queue_sources_of_a_host_take_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(8):
        queue.push(flow(source="hostile"), f"x{number}", 1.0)
    queue.pop()
    for number in range(3):
        queue.push(flow(source=f"good{number}"), f"g{number}", 1.0)
    assert [job[0] for job in drain(queue)][:4] == ["g", "g", "g", "x"]


def test_fair_queue_keys_come_before_hosts() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(10):
        queue.push(flow(f"h{number}", key="a"), "a", 1.0)
    for _ in range(2):
        queue.push(flow(key="b"), "b", 1.0)
    assert drain(queue)[:4] == ["a", "b", "a", "b"]


def test_fair_queue_share_is_of_cost_and_not_of_jobs() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.push(flow("dear"), "dear", 4.0)
        queue.push(flow("cheap"), "cheap", 1.0)
    served = Counter(queue.pop() for _ in range(50))
    assert served == {"cheap": 40, "dear": 10}


def test_fair_queue_charges_what_a_job_took_beyond_its_estimate() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.push(flow("dear"), "dear", 1.0)
        queue.push(flow("cheap"), "cheap", 1.0)
    served: Counter[str] = Counter()
    for _ in range(50):
        job = queue.pop()
        served[job] += 1
        if job == "dear":
            queue.charge(flow("dear"), 3.0)
    assert served["dear"] in (10, 11)
    queue.charge(flow("unknown"), 3.0)


def test_fair_queue_flow_that_was_idle_has_neither_credit_nor_debt() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.push(flow("old"), "old", 1.0)
    for _ in range(50):
        queue.pop()
    for _ in range(10):
        queue.push(flow("new"), "new", 1.0)
    assert Counter(drain(queue)[:12])["new"] in (5, 6, 7)


def test_e1_flow_that_comes_again_is_served_though_others_are_always_new() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(flow("known"), "first", 1.0)
    queue.pop()
    queue.push(flow("known"), "again", 1.0)
    for number in range(200):
        queue.push(flow(f"new{number}"), "new", 1.0)
        if queue.pop() == "again":
            break
    assert 0 < number < 100


def test_fair_queue_debt_outlasts_an_empty_queue() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(flow("dear"), "dear", 1.0)
    queue.push(flow("cheap"), "cheap", 1.0)
    assert drain(queue) == ["dear", "cheap"]
    queue.charge(flow("dear"), 5.0)
    for _ in range(3):
        queue.push(flow("dear"), "dear", 1.0)
        queue.push(flow("cheap"), "cheap", 1.0)
    assert drain(queue)[:3] == ["cheap"] * 3


def test_fair_queue_last_is_the_newest_of_the_longest_flow() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(3):
        queue.push(flow("long"), f"l{number}", 1.0)
    queue.push(flow("short"), "s", 1.0)
    assert [queue.pop_last() for _ in range(2)] == ["l2", "l1"]
    assert sorted([queue.pop_last(), queue.pop_last()]) == ["l0", "s"]
    assert len(queue) == 0


def test_h8_only_job_of_a_flow_is_left_while_others_have_more() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(3):
        queue.push(flow("cheap"), f"c{number}", 0.125)
    for source in ("one", "two"):
        queue.push(flow("dear", source), source, 1.0)
    assert queue.displaces(flow("dear", "three"))
    assert [queue.pop_last() for _ in range(2)] == ["c2", "c1"]
    assert not queue.displaces(flow("cheap"))
    assert queue.pop_last() in {"one", "two"}
    assert len(queue) == 2


def test_fair_queue_removed_job_is_not_served() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(flow("a"), "x", 1.0)
    queue.push(flow("b"), "y", 1.0)
    assert queue.remove(flow("a"), "x")
    assert not queue.remove(flow("a"), "x")
    assert not queue.remove(flow("z"), "x")
    assert drain(queue) == ["y"]


def test_fair_queue_has_the_flows_whose_jobs_wait() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(flow("a", "one"), "x", 1.0)
    assert queue.has(flow("a", "one"))
    assert not queue.has(flow("a", "two"))
    assert not queue.has(flow("b", "one"))
    queue.pop()
    assert not queue.has(flow("a", "one"))


def test_h1_ahead_is_in_the_unit_of_cost() -> None:
    queue: FairQueue[str] = FairQueue()
    for cost in (2.0, 4.0):
        queue.push(flow("dear"), "d", cost)
    queue.push(flow("cheap"), "c", 0.25)
    assert queue.ahead(flow("new")) == (2, 3.0 + 0.25)
    assert queue.ahead(flow("dear")) == (3, 6.0 + 0.25)
    queue.pop_last()
    assert queue.ahead(flow("new")) == (2, 2.0 + 0.25)


def test_h1_flow_that_was_idle_waits_for_no_more_than_what_is_next() -> None:
    queue: FairQueue[str] = FairQueue()
    for host in ("a", "b"):
        for number in range(4):
            queue.push(flow(host), f"{host}{number}", 1.0)
    queue.push(flow("a", "good"), "g", 0.125)
    queue.pop()
    queue.pop()
    # Both hosts have had a turn: one is next, whose other source has not had one.
    assert queue.ahead(flow("a", "new")) == (2, 1.0 + 0.125)
    queue.push(flow("c"), "x", 0.125)
    assert queue.ahead(flow("d")) == (1, 0.125)
    assert queue.pop() == "x"


def test_fair_queue_ahead_is_what_a_new_job_waits_for() -> None:
    queue: FairQueue[str] = FairQueue()
    assert queue.ahead(flow()) == (0, 0.0)
    for _ in range(10):
        queue.push(flow("many"), "m", 1.0)
    assert queue.ahead(flow("many")) == (10, 10.0)
    assert queue.ahead(flow("many", "other")) == (1, 1.0)
    assert queue.ahead(flow("new")) == (1, 1.0)
    queue.push(flow("new"), "n", 1.0)
    assert queue.ahead(flow("new")) == (3, 3.0)


def test_fair_queue_any_order_of_calls_serves_every_job_once() -> None:
    random_ = random.Random(1)
    queue: FairQueue[str] = FairQueue()
    waiting: dict[str, tuple[Flow, float]] = {}
    served: list[str] = []
    for number in range(3000):
        path = flow(f"h{random_.randrange(4)}", f"s{random_.randrange(3)}", f"k{random_.randrange(2)}")
        match random_.randrange(6):
            case 0 | 1 | 2:
                waiting[str(number)] = path, random_.random() + 0.01
                queue.push(path, str(number), waiting[str(number)][1])
            case 3 if waiting:
                served.append(queue.pop())
                del waiting[served[-1]]
            case 4 if waiting:
                served.append(queue.pop_last())
                del waiting[served[-1]]
            case _:
                queue.charge(path, random_.random() - 0.5)
                if waiting and random_.random() < 0.3:
                    name, (home, _) = random_.choice(list(waiting.items()))
                    assert queue.remove(home, name)
                    del waiting[name]
                    served.append(name)
        assert len(queue) == len(waiting)
        assert queue._root.extra == len(waiting) - len({home for home, _ in waiting.values()})
        jobs, cost = queue.ahead(path)
        assert 0 <= jobs <= len(waiting)
        assert 0 <= cost <= sum(each for _, each in waiting.values()) + 1e-9
    served += drain(queue)
    assert len(served) == len(set(served))


def test_fair_queue_forgets_idle_flows() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(10_000):
        queue.push(flow(f"h{number}"), "x", 1.0)
        queue.pop()
    assert len(queue._root.children["k"].children) <= 2048


def test_fair_queue_tells_whether_a_job_would_take_the_place_of_another_flows() -> None:
    queue: FairQueue[str] = FairQueue()
    assert not queue.displaces(flow(source="good"))
    queue.push(flow(source="hostile"), "x0", 1.0)
    assert not queue.displaces(flow(source="good"))
    queue.push(flow(source="hostile"), "x1", 1.0)
    assert queue.displaces(flow(source="good"))
    assert not queue.displaces(flow(source="hostile"))
    queue.push(flow(source="good"), "g0", 1.0)
    assert not queue.displaces(flow(source="good"))
    assert queue.displaces(flow("other")) is True
