"""A stream of good thumbnails beside each attack: what the attack takes from it.

A proxy with two workers and its defaults; good requests at a steady rate, half from files, half by HTTP, each a
render of its own. Quiet, then eight hostile requests at any time, then one every two seconds, then quiet again.
Hostile files come from the same sources as the good ones.
"""

from __future__ import annotations

import itertools
import random
import re
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks import processes
from benchmarks.caches import origin
from benchmarks.load import originals, requester
from benchmarks.load.tree_memory import Peak
from benchmarks.servers import Ours, free_port
from benchmarks.statistics import percentile
from tests.hostile.records import Hostile

RATE = 20
AT_ONCE = 8
EVERY = 2.0
"""Seconds between two requests of the slow attack."""
FACTOR, LEAST = 3.0, 0.25
"""p99 may grow so much, and may in any case be so many seconds."""
_SIDE = 900
_ORIGINALS = 60
_FACTORS = (1.0, 0.5, 2.0, 4.0, 1.5)
"""Of the box of a hostile request: sizes are varied."""
_RESIZE = re.compile(r"rs:(\w+):(\d+):(\d+)")


class Service(Ours):
    """A proxy with its defaults, caches among them, and metrics."""

    name = "mememime-hostile"

    def __init__(self, folder: Path, workers: int = 2, **settings: str) -> None:
        self._metrics = f"127.0.0.1:{free_port()}"
        super().__init__(folder, workers, prometheus_bind=self._metrics, **settings)

    def environment(self) -> dict[str, str]:
        """Only what is needed to ask without signatures and from this machine."""
        changed = {"MEMEMIME_TIMEOUT", "MEMEMIME_VARIANTS_CACHE_SIZE", "MEMEMIME_ORIGINALS_CACHE_SIZE"}
        return {name: value for name, value in super().environment().items() if name not in changed}

    def metrics(self) -> dict[str, float]:
        """Every sample of the metrics page by name and labels."""
        with urllib.request.urlopen(f"http://{self._metrics}/", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    def restarts(self) -> dict[str, float]:
        """Ended workers by reason."""
        return {
            name.partition('reason="')[2].partition('"')[0]: value
            for name, value in self.metrics().items()
            if name.startswith("worker_restarts_total")
        }


@dataclass
class Phase:
    """Answers of the good stream, and of the attack, in one phase."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    attack: Counter[int] = field(default_factory=Counter)
    cpu: float = 0.0
    """CPU seconds of the service."""
    wall: float = 0.0
    peak: int = 0
    others: float = 0.0
    """Cores that programs besides the service and its clients have used: what they took is missing."""

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != 200)

    def quantile(self, share: float) -> float:
        return percentile(self.seconds, share) if self.seconds else 0.0


class Scene:
    """A running proxy with its good stream."""

    def __init__(self, service: Service, folder: Path, http: str, names: list[str]) -> None:
        self.service = service
        self._folder, self._http, self._names = folder, http, names
        self._numbers = itertools.count()
        self._rng = random.Random(11)

    def good(self, count: int) -> Iterator[str]:
        """Paths of small renders, no two alike, from both sources."""
        for number in itertools.islice(self._numbers, count):
            name = self._names[number % len(self._names)]
            source = f"local:///{name}" if number // len(self._names) % 2 else f"{self._http}/{name}"
            width = 100 + self._rng.randrange(100)
            yield f"/unsafe/rs:fit:{width}:{width}/cb:{number}/plain/{source}@jpeg"

    def bad(self, record: Hostile, count: int) -> Iterator[str]:
        """Paths of hostile requests at varied sizes."""
        name = f"{record.name}.{record.extension}"
        path = self._folder / name
        if not path.exists():
            path.write_bytes(record.body())
        for number in itertools.islice(self._numbers, count):
            factor = _FACTORS[number % len(_FACTORS)] * (1 - number % 31 / 100)
            found = record.path(f"local:///{name}" if number % 2 else f"{self._http}/{name}", number)
            yield _RESIZE.sub(
                lambda m, factor=factor: f"rs:{m[1]}:{int(int(m[2]) * factor)}:{int(int(m[3]) * factor)}", found
            )

    def phase(self, seconds: float, record: Hostile | None = None, *, slowly: bool = False) -> Phase:
        """Run the good stream for some seconds, beside an attack where there is a record."""
        plan = [(number / RATE, path) for number, path in enumerate(self.good(int(seconds * RATE)))]
        port, found = self.service.port, Phase()
        pid = self.service.process.pid
        before, machine, begun = processes.usage(pid).cpu, processes.machine_cpu(), time.monotonic()
        clients = 0.0
        with Peak(pid) as peak:
            attack = None
            if record is not None:
                paths = list(self.bad(record, int(seconds / EVERY) if slowly else 20_000))
                attack = (
                    requester.open_loop(port, [(number * EVERY, path) for number, path in enumerate(paths)])
                    if slowly
                    else requester.closed_loop(port, paths, AT_ONCE, seconds)
                )
            answers = requester.collect(requester.open_loop(port, plan))
            if attack is not None:
                attacked = requester.collect(attack)
                found.attack, clients = Counter(attacked.status), attacked.cpu
        found.seconds, found.statuses = answers.seconds, Counter(answers.status)
        found.cpu, found.wall, found.peak = processes.usage(pid).cpu - before, time.monotonic() - begun, peak.most
        found.others = (processes.machine_cpu() - machine - found.cpu - clients - answers.cpu) / found.wall
        return found


def hostile(records: list[Hostile], seconds: float, workers: int = 2, **settings: str) -> dict[str, Any]:
    """Return a row for each attack, and how many are beyond the bar. ``settings`` differ from the defaults."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = originals.write(folder, _ORIGINALS, _SIDE)
        with origin(folder) as http, Service(folder, workers, **settings) as service:
            scene = Scene(service, folder, http, names)
            scene.phase(6)  # connections, page cache, a first render in each worker
            rows: dict[str, dict[str, Any]] = {}
            quiet = scene.phase(seconds)
            for record in records:
                before = service.restarts()
                fast = scene.phase(seconds, record)
                slow = scene.phase(seconds, record, slowly=True)
                after = scene.phase(seconds / 2)
                ended = {reason: round(count - before.get(reason, 0)) for reason, count in service.restarts().items()}
                row = judge(record, quiet, fast, slow, after)
                row["restarts"] = ", ".join(f"{reason} {count}" for reason, count in ended.items() if count)
                rows[record.name] = row
                click.echo(f"{'  ' if row['pass'] else '! '}{record.name}: {row}", err=True)
                recent = (quiet.seconds + after.seconds)[-int(3 * seconds * RATE) :]
                quiet = Phase(recent, quiet.statuses, cpu=after.cpu, wall=after.wall)
    beyond = [name for name, row in rows.items() if not row["pass"]]
    return {"rows": rows, "attacks": len(rows), "beyond": beyond}


def judge(record: Hostile, quiet: Phase, fast: Phase, slow: Phase, after: Phase) -> dict[str, Any]:
    """Return the row of an attack. Quiet values are those before it and after it together."""
    p99 = percentile(quiet.seconds + after.seconds, 0.99)
    bar = max(FACTOR * p99, LEAST)
    row: dict[str, Any] = {
        "row": record.row,
        "quiet_p50_ms": _ms(percentile(quiet.seconds + after.seconds, 0.5)),
        "quiet_p99_ms": _ms(p99),
    }
    for name, phase in (("eight", fast), ("slow", slow)):
        row |= {
            f"{name}_p50_ms": _ms(phase.quantile(0.5)),
            f"{name}_p99_ms": _ms(phase.quantile(0.99)),
            f"{name}_errors": phase.errors,
            f"{name}_attack": ", ".join(f"{status} × {count}" for status, count in sorted(phase.attack.items())),
        }
    row |= {
        "ratio": round(max(fast.quantile(0.99), slow.quantile(0.99)) / p99, 2),
        "attack_cpu_s": round(fast.cpu - quiet.cpu * fast.wall / max(quiet.wall, 0.1), 1),
        "others_cores": round(max(fast.others, slow.others, after.others), 1),
        "peak_mib": max(fast.peak, slow.peak) >> 20,
        "pass": fast.errors == slow.errors == 0 and max(fast.quantile(0.99), slow.quantile(0.99)) <= bar,
    }
    return row


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
