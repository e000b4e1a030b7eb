"""A batch beside a proxy under load: the latency of the proxy's renders with it and without it, by turns."""

from __future__ import annotations

import itertools
import json
import random
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import pyvips

from benchmarks.load import requester
from benchmarks.statistics import median, percentile
from tests.support.batch_process import start_batch
from tests.support.child_process import stop_process, wait_for_start
from tests.support.proxy_process import ProxyProcess

_SAMPLE: Final = Path(__file__).parents[2] / "config" / "samples" / "astronaut.jpg"
_PATH: Final = "/unsafe/rs:fit:300/mb:{}/plain/local:///a.jpg@webp"
"""With a limit of bytes that no result reaches: each is a variant of its own, which no cache has."""
_numbers = itertools.count(2_000_000)
_LOADS: Final = (0.5, 0.8)
"""Shares of the proxy's capacity."""
_CALIBRATION: Final = 4.0
_ITEMS: Final = 20_000
_PHASE: Final = 8.0
"""Seconds."""


def beside(rounds: int) -> dict[str, dict[str, Any]]:
    """Rows by load: p95 without and with a batch, their ratio, and what the batch has made meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = folder / "originals"
        originals.mkdir()
        pyvips.Image.thumbnail(str(_SAMPLE), 1200, size="both").jpegsave(str(originals / "a.jpg"), Q=88)
        (folder / "input.csv").write_text(
            "source,options\n" + "".join(f"local:///a.jpg,w:400/mb:{1_000_000 + number}\n" for number in range(_ITEMS))
        )
        with ProxyProcess(folder / "proxy", allow_unsigned="1", local_filesystem_root=str(originals)) as proxy:
            capacity = _capacity(proxy.port)
            rows = {f"load {load}": _rounds(folder, proxy, capacity * load, rounds) for load in _LOADS}
    return {name: {"capacity a second": round(capacity, 1)} | row for name, row in rows.items()}


def _capacity(port: int) -> float:
    paths = [_PATH.format(next(_numbers)) for _ in range(20_000)]
    answers = requester.collect(requester.closed_loop(port, paths, 4, _CALIBRATION))
    return len(answers.status) / answers.wall


def _rounds(folder: Path, proxy: ProxyProcess, rate: float, rounds: int) -> dict[str, Any]:
    alone, together, made = [], [], []
    for number in range(rounds):
        alone.append(_p95(proxy.port, rate, f"a{rate:.0f}-{number}"))
        with _batch(folder, proxy) as log:
            before = _done(log)
            together.append(_p95(proxy.port, rate, f"b{rate:.0f}-{number}"))
            made.append((_done(log) - before) / _PHASE)
    return {
        "p95 alone, ms": round(1000 * median(alone), 1),
        "p95 with a batch, ms": round(1000 * median(together), 1),
        "ratio": round(median(together) / median(alone), 2),
        "variants of the batch a second": round(median(made), 1),
    }


def _p95(port: int, rate: float, name: str) -> float:
    rng, plan, at = random.Random(name), [], 0.0
    while at < _PHASE:
        at += rng.expovariate(rate)
        plan.append((at, _PATH.format(next(_numbers))))
    answers = requester.collect(requester.open_loop(port, plan))
    assert set(answers.status) <= {200, 429, 503}, set(answers.status)
    return percentile(answers.seconds, 0.95)


@contextmanager
def _batch(folder: Path, proxy: ProxyProcess) -> Iterator[Path]:
    """Run a batch that gives way to the proxy, from its first variants on; its store is its own each time."""
    log = folder / "batch.log"
    store = tempfile.mkdtemp(dir=folder)
    process = start_batch(
        log, ("render", "--from", "input.csv", "--format", "webp"), cache_use="fs", cache_fs_root=store,
        local_filesystem_root=str(folder / "originals"), batch_yields_to=f"http://127.0.0.1:{proxy.metrics_port}/",
    )  # fmt: skip
    try:
        wait_for_start(process, lambda: _done(log) > 0, log, 60.0)
        yield log
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        stop_process(process, signal.SIGINT)
        psutil.wait_procs(children, 30)


def _done(log: Path) -> int:
    """Return how many variants the batch had made when it wrote its last line, at most two seconds ago."""
    lines = [line for line in log.read_text("utf-8").splitlines() if line.startswith('{"event": "progress"')]
    return int(json.loads(lines[-1])["done"]) if lines else 0
