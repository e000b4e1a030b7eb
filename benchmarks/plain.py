"""CPU of plain requests, beside another checkout of this project: what a change costs where nothing is the matter.

Two proxies run, one of each checkout, with the same settings. One client asks for one variant after another, and rounds
alternate between the two. The CPU time is that of the whole process tree.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.load import originals, requester
from benchmarks.servers import Ours
from benchmarks.statistics import median, spread

BAR = 1.05
"""Most CPU by that of the other checkout: 5 % are noise."""
_SIDE = 2040
_BOX = 512
_TINY = "tiny.png"
_TINY_SIDE = 64
_MOST_SECONDS = 120.0


@dataclass(frozen=True)
class _Case:
    """A kind of request. ``path``: with ``{name}``, and ``{unique}`` where each request is a render of its own."""

    path: str
    times: int = 1
    """How often a round has as many requests as were asked for: the kernel counts CPU in steps of 10 ms."""
    cache_size: int = 0
    """MiB for variants."""


_CASES = {
    **{
        name: _Case(f"/unsafe/rs:fit:{_BOX}:{_BOX}/cb:{{unique}}/plain/local:///{{name}}@{name}", times)
        for name, times in (("jpeg", 3), ("webp", 1), ("png", 1))
    },
    "64 px PNG": _Case(f"/unsafe/rs:fit:32:32/cb:{{unique}}/plain/local:///{_TINY}@png", times=10),
    "hit in memory": _Case(f"/unsafe/rs:fit:32:32/plain/local:///{_TINY}@png", times=50, cache_size=64),
}


@dataclass
class _Side:
    """A proxy of one checkout, and its CPU milliseconds a request, of all processes and of the event loop's."""

    server: Ours
    unique: int = 0
    cpu: list[float] = field(default_factory=list)
    front: list[float] = field(default_factory=list)

    def ask(self, case: _Case, names: list[str], count: int) -> None:
        """Send ``count`` requests, one after the other, and note what they took."""
        first, self.unique = self.unique, self.unique + count
        paths = [
            case.path.format(name=names[number % len(names)], unique=number) for number in range(first, first + count)
        ]
        pid = self.server.process.pid
        before, front = processes.usage(pid).cpu, processes.cpu_of([pid])
        answers = requester.collect(requester.closed_loop(self.server.port, paths, 1, _MOST_SECONDS))
        if len(answers.status) != count or set(answers.status) != {200}:
            raise RuntimeError(f"{len(answers.status)} of {count} answers, statuses {set(answers.status)}")
        self.cpu.append(1000 * (processes.usage(pid).cpu - before) / count)
        self.front.append(1000 * (processes.cpu_of([pid]) - front) / count)


class _Checkout(Ours):
    """The proxy of a checkout that has an environment of its own."""

    def __init__(self, name: str, python: Path, pictures: Path, cache_size: int) -> None:
        super().__init__(pictures, variants_cache_size=str(cache_size))
        self.name = f"mememime-{name}"
        self._python = python

    def command(self) -> list[str]:
        return [str(self._python), "-m", "mememime_proxy", "proxy"]


def plain(old: Path, rounds: int, count: int, only: str = "") -> dict[str, Any]:
    """Return a row for each kind of request whose name contains ``only``. ``old``: the other checkout, with a .venv."""
    pythons = [folder.resolve() / ".venv/bin/python" for folder in (old, Path(__file__).parents[1])]
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        names = _pictures(Path(folder))
        for name, case in _CASES.items():
            if only in name:
                with (
                    _Checkout("old", pythons[0], Path(folder), case.cache_size) as former,
                    _Checkout("new", pythons[1], Path(folder), case.cache_size) as present,
                ):
                    rows[name] = _row(case, names, (_Side(former), _Side(present)), rounds, count * case.times)
    return {"rows": rows, "bar": BAR, "beyond": [name for name, row in rows.items() if row["ratio"] > BAR],
            "old_commit": _commit(old), "cores": os.cpu_count()}  # fmt: skip


def _pictures(folder: Path) -> list[str]:
    import pyvips

    names = originals.write(folder, 12, _SIDE)
    picture = pyvips.Image.thumbnail(str(folder / names[0]), _TINY_SIDE)
    picture.pngsave(str(folder / _TINY), keep=pyvips.ForeignKeep.NONE)
    return names


def _row(case: _Case, names: list[str], sides: tuple[_Side, _Side], rounds: int, count: int) -> dict[str, Any]:
    for side in sides:
        side.ask(case, names, count)  # every worker has rendered, and the service has learnt what that costs
        side.cpu, side.front = [], []
    machine, own = processes.machine_cpu(), 0.0
    for number in range(rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            side.ask(case, names, count)
            own += count * side.cpu[-1] / 1000
    former, present = sides
    figures = compare(former.cpu, present.cpu, former.front, present.front)
    return {"requests": count, **figures, "other_cpu_s": round(processes.machine_cpu() - machine - own, 1)}


def compare(
    old_cpu: list[float], cpu: list[float], old_front: list[float], front: list[float]
) -> dict[str, float | list[float]]:
    """Figures of the two sides by their rounds: medians, and the ratio of each pair of rounds with its median."""
    ratios = [new / old for new, old in zip(cpu, old_cpu, strict=True)]
    return {
        "old_cpu_ms": round(median(old_cpu), 3),
        "cpu_ms": round(median(cpu), 3),
        "ratio": round(median(ratios), 3),
        "spread": round(spread(ratios), 3),
        "old_front_ms": round(median(old_front), 3),
        "front_ms": round(median(front), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def _commit(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
