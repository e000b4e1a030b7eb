"""A long run of mixed traffic with a share of hostile requests: memory, descriptors, threads and zombies stay level.

Three clients with short pauses ask for thumbnails in all formats from files and by HTTP, some of them again, some of
which do not exist; one request in a hundred is for a hostile file. Every few seconds the process tree is counted.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from select import select as wait_for
from typing import Any

import click
import psutil

from benchmarks import processes
from benchmarks.caches import origin
from benchmarks.load import originals, requester
from benchmarks.load.chart import chart
from benchmarks.load.hostile import Service
from benchmarks.load.tree_memory import count_memory_files, memory_files
from benchmarks.statistics import median, slope
from tests.hostile.catalogue import select
from tests.hostile.records import Hostile

HOSTILE_SHARE = 0.01
_CLIENTS = 3
_PAUSE = 0.05
_ROUND = 30.0
"""Seconds of one client process."""
_SAMPLE = 5.0
_FORMATS = ("jpeg", "jpeg", "jpeg", "webp", "webp", "avif", "png", "jxl")
_LARGEST_BODY = 2_000_000
"""Bytes of the hostile files that take part: all, but some large legal ones that take long to make."""
MOST_GROWTH = 5.0
"""MiB that a worker's memory may grow over the second half."""


@dataclass
class Sample:
    """The process tree at one moment; MiB."""

    minute: float
    workers: list[float]
    """Proportional set size of each worker, the smallest first."""
    front: float
    memory_files: float
    held: int
    """Memory files that the event loop's process has open: originals in its cache and on their way."""
    descriptors: int
    """All its others."""
    worker_descriptors: int
    """Of the worker that has most."""
    threads: int
    """Of all processes."""
    zombies: int


def soak(minutes: float, words: str = "", seed: int = 5) -> dict[str, Any]:
    """Run it; return the samples, the answers by status, and what grew. ``words``: parts of names of hostile files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = originals.write(folder, 40, 900) + originals.write(folder, 8, 2000)
        bad = _hostile(folder, words)
        with origin(folder) as http, Service(folder) as service:
            traffic = _paths(random.Random(seed), names, bad, http)
            samples, statuses = _run(service, traffic, minutes)
            restarts = service.restarts()
    found: dict[str, Any] = {
        "minutes": minutes,
        "hostile_files": len(bad),
        "answers": {str(status): count for status, count in sorted(statuses.items())},
        "restarts": {reason: round(count) for reason, count in restarts.items() if count},
        "growth": growth(samples),
    }
    return found | {"pass": level(found["growth"]) and statuses[500] == 0, "samples": [asdict(s) for s in samples]}


def _hostile(folder: Path, words: str) -> list[tuple[str, Hostile]]:
    found = []
    for record in select(words):
        if record.legal and not record.name.startswith(("solid", "tiff", "bitmap")):
            continue
        body = record.body()
        if len(body) <= _LARGEST_BODY:
            path = f"{record.name}.{record.extension}"
            (folder / path).write_bytes(body)
            found.append((path, record))
    return found


def _paths(rng: random.Random, names: list[str], bad: list[tuple[str, Hostile]], http: str) -> Iterator[str]:
    """Yield paths without end."""
    recent: list[str] = []
    for number in itertools.count():
        choice = rng.random()
        if choice < HOSTILE_SHARE:
            name, record = rng.choice(bad)
            yield record.path(rng.choice((f"local:///{name}", f"{http}/{name}")), number)
        elif choice < 0.02:
            yield f"/unsafe/rs:fit:99:99/cb:{number}/plain/local:///missing-{number}.jpg@jpeg"
        elif choice < 0.25 and recent:
            yield rng.choice(recent)
        else:
            name = rng.choice(names)
            source = rng.choice((f"local:///{name}", f"{http}/{name}"))
            side = rng.randrange(80, 420)
            kind = rng.choice(("fit", "fill", "fill", "auto"))
            path = f"/unsafe/rs:{kind}:{side}:{side}/cb:{number}/plain/{source}@{rng.choice(_FORMATS)}"
            recent = [*recent[-200:], path]
            yield path


def _run(service: Service, traffic: Iterator[str], minutes: float) -> tuple[list[Sample], Counter[int]]:
    begun, samples, statuses = time.monotonic(), [], Counter[int]()
    zombies: set[int] = set()
    while (left := begun + 60 * minutes - time.monotonic()) > 0:
        seconds = min(_ROUND, left)
        paths = list(itertools.islice(traffic, int(seconds * 60)))
        process = requester.closed_loop(service.port, paths, _CLIENTS, seconds, pause=_PAUSE)
        while process.poll() is None:
            found, zombies = sample(service.process.pid, (time.monotonic() - begun) / 60, zombies)
            samples.append(found)
            if _answers(process, _SAMPLE):  # more than a pipe holds: it waits for a reader
                break
        statuses += Counter(requester.collect(process).status)
        if samples and int(samples[-1].minute) % 5 == 0:
            click.echo(f"{samples[-1]} {dict(statuses)}", err=True)
    return samples, statuses


def _answers(process: subprocess.Popen[str], seconds: float) -> bool:
    """Wait ``seconds`` for a client to answer; return whether it does."""
    return bool(wait_for([process.stdout], [], [], seconds)[0])


def sample(pid: int, minute: float, zombies: set[int]) -> tuple[Sample, set[int]]:
    """Count a process tree. A zombie counts if it was one in the sample before, too: others are about to be reaped."""
    workers, threads, descriptors, dead = [], 0, [0], set()
    pids = processes.tree(pid)
    for member in pids:
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            process = psutil.Process(member)
            if process.status() == psutil.STATUS_ZOMBIE:
                dead.add(member)
                continue
            threads += process.num_threads()
            if process.name() == "mememime-worker":
                workers.append(round(processes.proportional(member) / 2**20, 1))
                descriptors.append(process.num_fds())
    front, held = psutil.Process(pid), count_memory_files(pid)
    return Sample(
        round(minute, 2), sorted(workers), round(processes.proportional(pid) / 2**20, 1),
        round(memory_files(pids) / 2**20, 1), held, front.num_fds() - held, max(descriptors), threads,
        len(dead & zombies),
    ), dead  # fmt: skip


def growth(samples: list[Sample]) -> dict[str, float]:
    """Return what grew over the second half of the run.

    Memory: the slope of the level between jobs, which is the least of each minute, times its length. Counts: the
    median of the last quarter less that of the one before.
    """
    half = [item for item in samples if item.minute >= samples[-1].minute / 2]
    minutes = half[-1].minute - half[0].minute
    third = [item for item in half if item.minute < half[0].minute + minutes / 2]
    fourth = half[len(third) :]
    found = {
        "worker_mib": _grown(half, lambda item: sum(item.workers) / max(1, len(item.workers))),
        "front_mib": _grown(half, lambda item: item.front),
        "memory_files_mib": _grown(half, lambda item: item.memory_files),
        "zombies": max(item.zombies for item in half),
    }
    for name in ("descriptors", "worker_descriptors", "threads"):
        found[name] = median([getattr(i, name) for i in fourth]) - median([getattr(i, name) for i in third])
    return found


def _grown(half: list[Sample], value: Any) -> float:
    least: dict[int, float] = {}
    for item in half:
        if item.workers:
            least[int(item.minute)] = min(value(item), least.get(int(item.minute), float("inf")))
    points = sorted(least.items())
    return round(slope(points) * (half[-1].minute - half[0].minute), 2)


def picture(found: dict[str, Any]) -> str:
    """Return the chart of a run, as SVG."""
    samples = [Sample(**item) for item in found["samples"]]
    workers = max(len(item.workers) for item in samples)
    memory = {
        f"worker {number + 1}": [(item.minute, item.workers[number]) for item in samples if len(item.workers) > number]
        for number in range(min(workers, 3))
    }
    memory["event loop"] = [(item.minute, item.front) for item in samples]
    counts = {
        name: [(item.minute, getattr(item, name)) for item in samples] for name in ("descriptors", "worker_descriptors")
    }
    return chart(
        f"{found['minutes']:g} minutes of mixed traffic, one request in a hundred hostile",
        {
            "Memory, MiB": memory,
            "Memory files, MiB": {"memory files": [(item.minute, item.memory_files) for item in samples]},
            "Descriptors": counts | {"originals in memory files": [(item.minute, item.held) for item in samples]},
            "Threads and zombies": {"threads": [(item.minute, item.threads) for item in samples],
                                    "zombies": [(item.minute, item.zombies) for item in samples]},
        },
    )  # fmt: skip


def level(found: dict[str, float]) -> bool:
    """Tell whether nothing grows. A descriptor or thread more or less is a connection or a job.

    Originals in the cache fill it up to its own limit for as long as there are others.
    """
    return (
        found["worker_mib"] < MOST_GROWTH
        and abs(found["descriptors"]) <= 3
        and abs(found["worker_descriptors"]) <= 2
        and abs(found["threads"]) <= 3
        and found["zombies"] == 0
    )
