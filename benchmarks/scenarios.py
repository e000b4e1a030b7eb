"""What is measured: each scenario returns plain data that the report writes down."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from benchmarks import bare, client, corpus, processes, quality, wrk
from benchmarks.servers import PROCESSES, Ours, Server, all_started
from benchmarks.statistics import median, percentile, slope, spread

FORMATS = ("jpeg", "png", "webp", "avif")
MIMES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
CLIENTS = 4
_CHECKED = 8
"""Answers of each server and format whose quality is judged."""
BAR = 1 / 0.93
_REPEATS = {"jpeg": 5, "png": 2, "webp": 2, "avif": 1}
"""How often a round goes through the photographs: the kernel counts CPU in steps of 10 ms."""

_PASSES = 12
"""How often the bare loop goes through the photographs in a round of the workers' scenario."""
_SECONDS = 5
"""Of a server in such a round."""
_ADDRESSES = 80
"""Addresses of one photograph in such a round: more than can be asked for, so that none is asked for twice."""


@dataclass
class _Tally:
    """Rounds of one server and format."""

    cpu: list[float] = field(default_factory=list)
    front: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    pss: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Medians over rounds; CPU and latencies in milliseconds."""
        found: dict[str, Any] = {
            "cpu_ms": round(1000 * median(self.cpu), 2),
            "spread": round(spread(self.cpu), 3),
            "per_cpu_second": round(1 / median(self.cpu), 1),
            "bytes": round(sum(self.sizes) / len(self.sizes)),
        }
        if self.front:
            found["front_ms"] = round(1000 * median(self.front), 2)
        if self.seconds:
            found |= {f"p{int(100 * q)}_ms": round(1000 * percentile(self.seconds, q)) for q in (0.5, 0.95, 0.99)}
            found["per_second"] = round(median(self.wall), 1)
        if self.pss:
            found["pss_mib"] = round(max(self.pss) / 2**20)
        return found


def _bare(loop: bare.Loop, tally: _Tally, format_name: str, names: list[str], decoder: str = "libvips") -> None:
    found = loop.run(corpus.SET, names, format_name, decoder)
    tally.cpu.append(sum(found.cpu) / len(found.cpu))
    tally.sizes += found.sizes


def _asked(server: Server, tally: _Tally, format_name: str, names: list[str], number: int, clients: int) -> None:
    addresses = [server.base + server.path(n, format_name, number * len(names) + i) for i, n in enumerate(names)]
    front_pids = [server.process.pid] if isinstance(server, Ours) else []
    before, front = processes.usage(server.process.pid), processes.cpu_of(front_pids)
    found = client.run(addresses, clients)
    after = processes.usage(server.process.pid)
    wrong = {kind for kind in found.types if kind != MIMES[format_name]}
    if wrong:
        raise RuntimeError(f"{server.name} answered {wrong} for {format_name}")
    tally.cpu.append((after.cpu - before.cpu) / len(names))
    if front_pids:
        tally.front.append((processes.cpu_of(front_pids) - front) / len(names))
    tally.wall.append(len(names) / found.wall)
    tally.seconds += found.seconds
    tally.sizes += found.sizes
    tally.pss.append(after.pss)


def _judge(server: Server, format_name: str) -> dict[str, Any]:
    scores, sizes = [], []
    names = corpus.names(format_name)[:_CHECKED]
    for name, (width, height) in zip(names, corpus.sizes(), strict=False):
        with urllib.request.urlopen(server.base + server.path(name, format_name, 0), timeout=60) as answer:
            score, size = quality.of_answer(answer.read(), str(corpus.SET / name))
        scale = bare.BOX / max(width, height)
        if abs(size[0] - width * scale) > 1 or abs(size[1] - height * scale) > 1:
            raise RuntimeError(f"{server.name} made {size} of {name}")
        scores.append(score)
        sizes.append(size)
    return {"ms_ssim": round(sum(scores) / len(scores), 4)}


def overhead(rounds: int) -> dict[str, Any]:
    """Ours against the bare loop, alternating: CPU of a request, the whole tree counted, as a ratio."""
    table: dict[str, Any] = {}
    with Ours(corpus.SET) as ours, bare.Loop(PROCESSES) as loop:
        for format_name in FORMATS:
            names = corpus.names(format_name) * _REPEATS[format_name]
            alone, served, ratios = _Tally(), _Tally(), []
            _asked(ours, _Tally(), format_name, corpus.names(format_name), -1, CLIENTS)  # both sides get warm
            _bare(loop, _Tally(), format_name, corpus.names(format_name))
            for number in range(rounds):
                _bare(loop, alone, format_name, names)
                _asked(ours, served, format_name, names, number, CLIENTS)
                ratios.append(served.cpu[-1] / alone.cpu[-1])
            table[format_name] = {
                "bare_cpu_ms": alone.row()["cpu_ms"],
                **served.row(),
                "ratio": round(median(ratios), 3),
                "ratios": [round(ratio, 3) for ratio in ratios],
                "bare_bytes": alone.row()["bytes"],
                "bar": round(BAR, 3),
            }
    return table


def formats(servers: list[Server], rounds: int) -> dict[str, Any]:
    """All servers and the bare loop side by side, round by round."""
    table: dict[str, Any] = {}
    with all_started(servers), bare.Loop(PROCESSES) as loop:
        for format_name in FORMATS:
            names = corpus.names(format_name) * _REPEATS[format_name]
            present = [server for server in servers if format_name in server.formats]
            tallies = {"bare libvips": _Tally()} | {server.name: _Tally() for server in present}
            if format_name == "avif":
                tallies["bare, decoded by Pillow"] = _Tally()
            for server in present:
                _asked(server, _Tally(), format_name, corpus.names(format_name), -1, CLIENTS)
            for number in range(rounds):
                _bare(loop, tallies["bare libvips"], format_name, names)
                if format_name == "avif":
                    _bare(loop, tallies["bare, decoded by Pillow"], format_name, names, "pillow")
                for server in present:
                    _asked(server, tallies[server.name], format_name, names, number, CLIENTS)
            table[format_name] = {name: tally.row() for name, tally in tallies.items()}
            for server in present:
                table[format_name][server.name] |= _judge(server, format_name)
    return table


def workers(rounds: int) -> dict[str, Any]:
    """Requests a second with one worker and with two, eight clients each, alternating; for a light and a heavy format.

    The bare loop in one process and in two, in the same rounds, tells what two cores of this machine are worth. On two
    cores the event loop takes its share of what the second worker could have; the client, ``wrk``, next to nothing.
    """
    return {format_name: _workers(rounds, format_name) for format_name in ("jpeg", "webp")}


def _workers(rounds: int, format_name: str) -> dict[str, Any]:
    names = corpus.names(format_name)
    rates: dict[tuple[str, int], list[float]] = {(who, n): [] for who in ("bare", "served") for n in (1, 2)}
    servers = {1: Ours(corpus.SET, 1), 2: Ours(corpus.SET, 2)}
    for _ in range(rounds):
        for count, server in servers.items():
            # Only one at a time: the other's idle processes must not take part.
            with server:
                client.run(server.addresses(names, format_name), 8)
                paths = [
                    server.path(name, format_name, number) for number in range(1, 1 + _ADDRESSES) for name in names
                ]
                rates["served", count].append(wrk.run(server.base, paths, 8, _SECONDS).per_second)
            with bare.Loop(count) as loop:
                loop.run(corpus.SET, names[: 2 * count], format_name)
                begun = time.perf_counter()
                loop.run(corpus.SET, names * _PASSES, format_name)
                rates["bare", count].append(len(names) * _PASSES / (time.perf_counter() - begun))
    found: dict[str, Any] = {"bar": 1.8}
    for who in ("served", "bare"):
        ratios = [two / one for one, two in zip(rates[who, 1], rates[who, 2], strict=True)]
        found |= {
            f"{who}_one_per_second": round(median(rates[who, 1]), 1),
            f"{who}_two_per_second": round(median(rates[who, 2]), 1),
            f"{who}_ratio": round(median(ratios), 2),
            f"{who}_ratios": [round(ratio, 2) for ratio in ratios],
        }
    return found


def memory(requests: int) -> dict[str, Any]:
    """Resident memory of each process over many mixed requests; nobody is replaced meanwhile."""
    points: list[dict[str, Any]] = []
    mixed = [(name, other) for kind in FORMATS for name, other in
             zip(corpus.names(kind), ("webp", "jpeg", "avif", "png") * 6, strict=False)]  # fmt: skip
    step = max(1, requests // 20)
    with Ours(corpus.SET, worker_max_jobs="0", worker_max_memory="0") as ours:
        for done in range(0, requests, step):
            addresses = [
                f"{ours.base}/unsafe/rs:fit:{64 + (done + i) % 200}:0/cb:{done + i}/plain/local:///{name}@{kind}"
                for i in range(min(step, requests - done))
                for name, kind in (mixed[(done + i) % len(mixed)],)
            ]
            client.run(addresses, CLIENTS)
            pids = processes.named(ours.process.pid, "mememime-worker")
            points.append({
                "requests": done + len(addresses),
                "front_mib": round(processes.resident(ours.process.pid) / 2**20, 1),
                "workers_mib": sorted(round(processes.resident(pid) / 2**20, 1) for pid in pids),
            })  # fmt: skip
    later = points[len(points) // 4 :]
    growth = slope([(p["requests"], max(p["workers_mib"])) for p in later])
    front = slope([(p["requests"], p["front_mib"]) for p in later])
    return {
        "points": points,
        "worker_growth_mib_per_1000": round(1000 * growth, 3),
        "front_growth_mib_per_1000": round(1000 * front, 3),
    }


async def _stall(base: str, seconds: float) -> list[float]:
    import aiohttp

    found = []
    async with aiohttp.ClientSession() as session:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            async with session.get(base + "/health") as answer:
                await answer.read()
            found.append(time.perf_counter() - begun)
            await asyncio.sleep(0.005)
    return found


def stall(seconds: float) -> dict[str, Any]:
    """How long /health takes at most while all workers render and more requests wait."""
    names = corpus.names("jpeg") * 40
    with Ours(corpus.SET) as ours:
        load = client.asked(ours.addresses(names, "jpeg"), 8)
        try:
            time.sleep(1)
            found = asyncio.run(_stall(ours.base, seconds))
        finally:
            os.killpg(load.pid, signal.SIGKILL)
            load.wait()
    return {"requests": len(found), "p50_ms": round(1000 * percentile(found, 0.5), 1),
            "p99_ms": round(1000 * percentile(found, 0.99), 1), "max_ms": round(1000 * max(found), 1)}  # fmt: skip


def coalesce(waiting: int) -> dict[str, Any]:
    """Many clients, one cold variant: renders and fetches that it costs."""
    name = corpus.names("jpeg")[0]
    with Ours(corpus.SET, prometheus_bind="127.0.0.1:0", log_level="info", log_format="json") as ours:
        log = (corpus.WORK / "mememime.log").read_text()
        line = next(json.loads(text) for text in log.splitlines() if '"service.started"' in text)
        address = ours.base + ours.path(name, "webp", 1)
        before = _counts(line["metrics"])
        found = client.run([address] * waiting, waiting)
        after = _counts(line["metrics"])
    return {
        "clients": waiting,
        "different_bodies": len(set(found.sums)),
        **{f"{kind}s": int(after[kind] - before[kind]) for kind in ("fetch", "render")},
        "slowest_ms": round(1000 * max(found.seconds)),
    }


def _counts(address: str) -> dict[str, float]:
    spans = {"fetch": "downloading", "render": "processing"}
    with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
        text = io.StringIO(answer.read().decode())
    found = dict.fromkeys(spans, 0.0)
    for line in text:
        for kind, span in spans.items():
            if line.startswith(f'request_span_duration_seconds_count{{span="{span}"}}'):
                found[kind] = float(line.split()[-1])
    return found
