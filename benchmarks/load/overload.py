"""More load than a proxy can carry, in an open loop: what is admitted, how fast, and what a refusal costs.

Small renders that are in no cache, at random moments (Poisson), at shares of the capacity that a closed loop finds
before and after each. Two workers on two cores, and the client on the same cores: what it takes is printed.
"""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.load import originals, requester
from benchmarks.servers import Ours
from benchmarks.statistics import percentile

LOADS = (0.5, 0.8, 1.0, 2.0, 4.0, 10.0)
BASE = 0.8
"""The load whose latencies the others are compared with."""
_TIMEOUT = "10"
_CAPACITY_CLIENTS = 4
_MOST_RETRIED = 60.0


class Service(Ours):
    """A proxy with two workers, a deadline of ten seconds and no cache, on a folder."""

    name = "mememime-load"

    def __init__(self, folder: Path, workers: int = 2, **settings: str) -> None:
        super().__init__(folder, workers, timeout=_TIMEOUT, **settings)
        self._unique = 0

    def paths(self, names: list[str], count: int, box: int) -> list[str]:
        """Paths of renders, no two alike."""
        first, self._unique = self._unique, self._unique + count
        return [
            f"/unsafe/rs:fit:{box - number % 7}:{box}/cb:{number}/plain/local:///{names[number % len(names)]}@jpeg"
            for number in range(first, first + count)
        ]


def overload(seconds: float, side: int, box: int, loads: tuple[float, ...] = LOADS) -> dict[str, Any]:
    """Return a row for each load, and judge them: see ``judge``."""
    with _service(side) as (service, names):
        _run(service, service.paths(names, 60, box))  # every worker has rendered, every original is in the page cache
        capacity = _capacity(service, names, box, seconds)
        rows: dict[str, dict[str, Any]] = {}
        for load in loads:
            row = _row(service, names, box, load, capacity, seconds)
            time.sleep(2)  # what waited has ended, and the service has noticed
            # Whatever else runs on the machine changes what it can do: each load lies between two capacities.
            before, capacity = capacity, _capacity(service, names, box, seconds / 3)
            rows[f"x{load:g}"] = {"capacity": round((before + capacity) / 2, 1)} | row
        return {"rows": rows, "verdict": judge(rows), "cores": os.cpu_count()}


@contextlib.contextmanager
def _service(side: int) -> Iterator[tuple[Service, list[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        names = originals.write(Path(folder), 40, side)
        with Service(Path(folder)) as service:
            yield service, names


def _run(service: Service, paths: list[str]) -> requester.Answers:
    answers = requester.collect(requester.closed_loop(service.port, paths, _CAPACITY_CLIENTS, _MOST_RETRIED))
    if set(answers.status) != {200}:
        raise RuntimeError(f"statuses: {sorted(set(answers.status))}")
    return answers


def _capacity(service: Service, names: list[str], box: int, seconds: float) -> float:
    """Renders a second of a closed loop that has as many under way as keep both workers busy."""
    paths = service.paths(names, int(1000 * seconds), box)
    process = requester.closed_loop(service.port, paths, _CAPACITY_CLIENTS, seconds)
    answers = requester.collect(process)
    good = sum(status == 200 for status in answers.status)
    return good / answers.wall


def _row(service: Service, names: list[str], box: int, load: float, capacity: float, seconds: float) -> dict[str, Any]:
    rng = random.Random(7)
    moments, now = [], 0.0
    while (now := now + rng.expovariate(load * capacity)) < seconds:
        moments.append(round(now, 6))
    plan = list(zip(moments, service.paths(names, len(moments), box), strict=True))
    front = [service.process.pid]
    before, before_front = processes.usage(service.process.pid).cpu, processes.cpu_of(front)
    machine = processes.machine_cpu()
    answers = requester.collect(requester.open_loop(service.port, plan))
    cpu = processes.usage(service.process.pid).cpu - before
    front_cpu = processes.cpu_of(front) - before_front
    others = (processes.machine_cpu() - machine - cpu - answers.cpu) / answers.wall
    return summary(answers, seconds) | {
        "load": load,
        "cpu_s": round(cpu, 2),
        "front_cpu_s": round(front_cpu, 2),
        "others_cores": round(others, 2),
    }


def summary(answers: requester.Answers, seconds: float) -> dict[str, Any]:
    """Figures of an open loop of ``seconds``; latencies in milliseconds."""
    good = [taken for taken, status in zip(answers.seconds, answers.status, strict=True) if status == 200]
    refused = [taken for taken, status in zip(answers.seconds, answers.status, strict=True) if status in {429, 503}]
    total = len(answers.status)
    row: dict[str, Any] = {
        "offered_per_second": round(total / seconds, 1),
        # Goodput counts what was begun in this time; what ends after it would make the rate too high.
        "good_per_second": round(len(good) / max(seconds, answers.wall), 1),
        "refused_share": round(len(refused) / total, 4) if total else 0.0,
        "errors": total - len(good) - len(refused),
        "without_retry_after": sum(
            not found for found, status in zip(answers.retry_after, answers.status, strict=True) if status in {429, 503}
        ),
        "good": len(good),
        "refused": len(refused),
        "client_cpu_share": round(answers.cpu / answers.wall, 2),
        "client_late_ms": round(1000 * answers.late, 1),
    }
    for name, taken in (("admitted", good), ("refused", refused)):
        if taken:
            row |= {f"{name}_p50_ms": round(1000 * percentile(taken, 0.5), 1),
                    f"{name}_p99_ms": round(1000 * percentile(taken, 0.99), 1)}  # fmt: skip
    return row


def judge(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Hold each load of 2 and more against the bar.

    p99 of what is admitted ≤ 2 × that at load 0.8; goodput ≥ 90 % of the capacity; p99 of refusals ≤ p99 of the lowest
    load. ``cpu_share`` is the share of the service's CPU that went into good answers, by what one takes at load 0.8:
    unlike goodput, it does not change with what else runs on the machine.
    """
    base = rows.get(f"x{BASE:g}")
    if not base or not base["good"]:
        return {}
    quiet = min(rows.values(), key=lambda row: row["load"])
    front_each, cpu_each = base["front_cpu_s"] / base["good"], base["cpu_s"] / base["good"]
    verdict: dict[str, Any] = {
        "cpu_ms_a_good_answer": round(1000 * cpu_each, 2),
        "front_cpu_ms_a_good_answer": round(1000 * front_each, 2),
    }
    for name, row in rows.items():
        if row["load"] < 2:
            continue
        refused_front = row["front_cpu_s"] - front_each * row["good"]
        row["front_cpu_ms_a_refusal"] = round(1000 * refused_front / row["refused"], 3) if row["refused"] else ""
        found = {
            "p99_ratio": round(row.get("admitted_p99_ms", 0) / base["admitted_p99_ms"], 2),
            "goodput_share": round(row["good_per_second"] / row["capacity"], 3),
            "cpu_share": round(cpu_each * row["good"] / row["cpu_s"], 3),
            "refusal_p99_ratio": round(row.get("refused_p99_ms", 0) / quiet["admitted_p99_ms"], 2),
        }
        found["pass"] = (
            found["p99_ratio"] <= 2
            and found["goodput_share"] >= 0.9
            and found["refusal_p99_ratio"] <= 1
            and row["errors"] == row["without_retry_after"] == 0
        )
        verdict[name] = found
    return verdict
