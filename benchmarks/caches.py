"""What a request costs by where its answer comes from: a render, one of a kept original, memory, a store.

Originals are fetched by HTTP from a process of its own, whose CPU is not counted. Four services, each with one of the
caches, run side by side and take turns.
"""

from __future__ import annotations

import contextlib
import http.server
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import client, corpus, processes
from benchmarks.bare import BOX
from benchmarks.servers import PROCESSES, Ours
from benchmarks.statistics import median, percentile, spread

_CLIENTS = 4
_NOTHING = {"originals_cache_size": "0", "variants_cache_size": "0", "source_freshness": "3600"}
MODES: dict[str, dict[str, str]] = {
    "cold": _NOTHING,
    "source-cached": _NOTHING | {"originals_cache_size": "512"},
    "variant-cached in memory": _NOTHING | {"variants_cache_size": "256"},
    "variant store": _NOTHING | {"cache_use": "fs"},
}
"""What each service keeps."""
_REPEATS = {"cold": 1, "source-cached": 1, "variant-cached in memory": 40, "variant store": 20}
"""How often a round goes through the photographs: the kernel counts CPU in steps of 10 ms."""


class _Counted(Ours):
    """A service that tells how often it rendered."""

    def __init__(self, mode: str, store: str) -> None:
        settings = MODES[mode]
        if "cache_use" in settings:
            settings = settings | {"cache_fs_root": store}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._metrics = f"127.0.0.1:{probe.getsockname()[1]}"
        super().__init__(corpus.SET, PROCESSES, **settings, prometheus_bind=self._metrics)
        self.name = f"mememime-{mode.replace(' ', '-')}"

    def renders(self) -> int:
        """Renders so far: the proof of where answers came from."""
        with urllib.request.urlopen(f"http://{self._metrics}/", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith('request_span_duration_seconds_count{span="processing"}'):
                    return int(float(line.split()[-1]))
        return 0


@contextlib.contextmanager
def origin(folder: Path) -> Iterator[str]:
    """A web server of ``folder``; yields its address."""
    command = [sys.executable, "-m", "benchmarks.caches", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.send_signal(signal.SIGKILL)


def _addresses(server: Ours, base: str, number: int) -> list[str]:
    """The photographs in a box; another one for each ``number``."""
    box = BOX - number
    return [f"{server.base}/unsafe/rs:fit:{box}:{box}/plain/{base}/{name}@webp" for name in corpus.names("jpeg")]


def _stored(folder: str) -> int:
    return sum(1 for path in Path(folder).rglob("*") if path.is_file() and len(path.name) == 32)


def caches(rounds: int) -> dict[str, Any]:
    """Requests a CPU second of the whole process tree, and times of answers, by where they come from."""
    names = corpus.names("jpeg")
    rows: dict[str, dict[str, list[float]]] = {mode: {"cpu": [], "rate": [], "seconds": []} for mode in MODES}
    store = tempfile.mkdtemp(prefix="store-", dir=corpus.WORK)
    try:
        with contextlib.ExitStack() as stack:
            base = stack.enter_context(origin(corpus.SET))
            servers = {mode: stack.enter_context(_Counted(mode, store)) for mode in MODES}
            for server in servers.values():  # processes get warm, and what is kept from now on
                client.run(_addresses(server, base, 0), _CLIENTS)
            deadline = time.monotonic() + 30
            while _stored(store) < len(names):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{_stored(store)} of {len(names)} results were stored")
                time.sleep(0.1)
            for number in range(1, rounds + 1):
                for mode, server in servers.items():
                    # Where pictures are rendered, it must be ones that nobody has; elsewhere, ones that are kept.
                    asked = _addresses(server, base, number if _REPEATS[mode] == 1 else 0) * _REPEATS[mode]
                    before = processes.usage(server.process.pid).cpu
                    found = client.run(asked, _CLIENTS)
                    rows[mode]["cpu"].append((processes.usage(server.process.pid).cpu - before) / len(asked))
                    rows[mode]["rate"].append(len(asked) / found.wall)
                    rows[mode]["seconds"] += found.seconds
            renders = {mode: server.renders() for mode, server in servers.items()}
    finally:
        shutil.rmtree(store, ignore_errors=True)
    return {mode: _row(row) | {"renders": renders[mode]} for mode, row in rows.items()}


def _row(found: dict[str, list[float]]) -> dict[str, Any]:
    cpu = median(found["cpu"])
    return {
        "per_cpu_second": round(1 / cpu, 1),
        "cpu_ms": round(1000 * cpu, 3),
        "spread": round(spread(found["cpu"]), 3),
        "per_second": round(median(found["rate"]), 1),
        **{f"p{int(100 * q)}_ms": round(1000 * percentile(found["seconds"], q), 1) for q in (0.5, 0.95, 0.99)},
    }


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        del format, args


def _serve(folder: str) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
