"""Batches: what the engine costs beside the renders, whether a worker's memory grows, how long enqueueing takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import pyvips
import uvloop

from mememime_proxy.batch.engines.queue import follow, open_batch_jobs
from mememime_proxy.batch.run import PreparedBatch, RunOptions, prepare
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.batch.worker import batch_kinds
from mememime_proxy.jobs.model import JobRow
from mememime_proxy.resources.job_worker import JobWorkerService
from mememime_proxy.settings.settings import load
from tests.support.child_process import clean_environment
from tests.support.postgres_server import PostgresServer

_SAMPLES: Final = Path(__file__).parents[1] / "config" / "samples"
_TICK: Final = 1.0
_MIB: Final = 1 << 20


def batch(items: int, large: int, enqueued: int) -> dict[str, dict[str, Any]]:
    """Rows for ``items`` variants of a small picture, ``large`` ones of photographs, and ``enqueued`` items."""
    return {
        f"{items} small variants (240 px to 60 px, WebP)": _rendered(items, _small),
        f"{large} variants of photographs (2040 px to 512 px, WebP)": _rendered(large, _photograph),
        f"{enqueued} items enqueued": _enqueued(enqueued),
    }


def _rendered(items: int, make: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        width = make(folder / "originals")
        for number in range(1, items):
            (folder / f"originals/{number:06}.jpg").hardlink_to(folder / "originals/000000.jpg")
        return uvloop.run(_run(folder, width))


def _small(folder: Path) -> int:
    folder.mkdir()
    pyvips.Image.gaussnoise(240, 160, mean=128, sigma=40).cast("uchar").jpegsave(str(folder / "000000.jpg"))
    return 60


def _photograph(folder: Path) -> int:
    folder.mkdir()
    picture = pyvips.Image.thumbnail(str(_SAMPLES / "astronaut.jpg"), 2040, size="both")
    picture.jpegsave(str(folder / "000000.jpg"), Q=90)
    return 512


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("source,options\n")
        file.writelines(f"{line}\n" for line in lines)


async def _run(folder: Path, width: int) -> dict[str, Any]:
    """Run a batch as a job by a worker in this process, on SQLite."""
    values = {
        "DATABASE_URL": f"sqlite:///{folder}/jobs.sqlite",
        "CACHE_USE": "fs",
        "CACHE_FS_ROOT": str(folder / "store"),
        "LOCAL_FILESYSTEM_ROOT": str(folder / "originals"),
        "WORKERS": "2",
        "WORKER_MAX_JOBS": "0",
    }
    settings = load({f"MEMEMIME_{name}": value for name, value in values.items()}, keys_needed=False)
    spec = BatchSpec(
        command="render", parameters={"formats": ("webp",), "options": (f"w:{width}",)}, input=str(folder / "originals")
    )
    prepared = await prepare(settings, spec, RunOptions())
    service = JobWorkerService(settings, batch_kinds)
    await service.start()
    try:
        return await _measure(prepared)
    finally:
        await service.stop()


async def _measure(prepared: PreparedBatch) -> dict[str, Any]:
    me = psutil.Process()
    memory: dict[int, float] = {}
    async with open_batch_jobs(prepared.settings) as jobs:
        job_id, _ = await jobs.enqueue(prepared.spec, prepared.chunks(), prepared.work.units)
        own, workers, begun = time.process_time(), _workers_cpu(me), time.perf_counter()

        def show(job: JobRow) -> None:
            tenth = 10 * job.counts.done // max(1, job.items)
            memory.setdefault(tenth, me.memory_info().rss / _MIB)

        job = await follow(jobs, job_id, show, _TICK)
    own, workers = time.process_time() - own, _workers_cpu(me) - workers
    assert job.counts.done == job.items, job
    first, last = memory[min(each for each in memory if each >= 1)], memory[max(memory)]
    return {
        "ms of CPU in workers": 1000 * workers / job.items,
        "ms of CPU in the engine's process": 1000 * own / job.items,
        "share of the engine": own / (own + workers),
        "variants a second": job.items / (time.perf_counter() - begun),
        "MiB after a tenth": first,
        "MiB at the end": last,
        "growth": last / first - 1,
    }


def _workers_cpu(process: psutil.Process) -> float:
    """Return the CPU time of all processes below this one."""
    total = 0.0
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total


def _enqueued(count: int) -> dict[str, Any]:
    """Measure the command that creates the job of a manifest, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as name, _server() as url:
        folder = Path(name)
        _write(folder / "input.csv", (f"https://example.com/pictures/{number:09}.jpg,w:80" for number in range(count)))
        words = [
            "batch",
            "render",
            "--from",
            str(folder / "input.csv"),
            "--format",
            "webp",
            "--to",
            str(folder / "out"),
        ]
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "mememime_proxy", *words, "--engine", "none"],
            env=clean_environment(MEMEMIME_DATABASE_URL=url),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return {
            "seconds": time.perf_counter() - begun,
            "s of CPU": usage.ru_utime + usage.ru_stime,
            "MiB at most": usage.ru_maxrss / 1024,
        }


@contextmanager
def _server() -> Iterator[str]:
    with PostgresServer() as server:
        yield server.create()
