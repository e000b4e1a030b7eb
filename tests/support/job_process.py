"""``mememime work`` as a process of its own, with kinds of jobs that sleep and that end their worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import Chunk, ChunkOutcome, Items, NewChunk, NewJob
from mememime_proxy.resources.job_worker import JobWorkerService, WorkerParts
from mememime_proxy.service import process
from tests.support.service_process import ServiceProcess

_STEP = 0.1


class JobWorkerProcess(ServiceProcess):
    """A running worker, on the database of a resource service."""

    command = "work"
    bind = "MEMEMIME_PROMETHEUS_BIND"

    def __init__(self, folder: Path, database_url: str, program: str = "tests.support.job_process", **settings: str):
        super().__init__(folder, program, database_url=database_url, **{"job_concurrency": "2", **settings})


def steps(folder: Path, chunks: int, items: int, kind: str = "steps", **fields: Any) -> NewJob:
    """Return a job of some chunks that take a tenth of a second for each item, and note each in ``folder``."""
    return NewJob(
        kind=kind, tenant="default", credential="key:admin",
        chunks=[NewChunk(payload=number, items=items) for number in range(chunks)], input=str(folder), **fields,
    )  # fmt: skip


def noted(folder: Path) -> list[str]:
    """Return what the handlers have noted: ``chunk/item``, or ``chunk/cancelled``."""
    return [line for path in sorted(folder.glob("notes-*")) for line in path.read_text("utf-8").splitlines()]


def _note(chunk: Chunk, text: object) -> None:
    with (Path(chunk.job_input) / f"notes-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write(f"{chunk.payload}/{text}\n")


async def _run_steps(chunk: Chunk) -> ChunkOutcome:
    try:
        for item in range(chunk.position, chunk.items):
            await asyncio.sleep(_STEP)
            _note(chunk, item)
            chunk.report(item + 1, Items(done=item + 1))
    except asyncio.CancelledError:
        _note(chunk, "cancelled")
        raise
    return ChunkOutcome(counts=Items(done=chunk.items))


async def _kill_worker(chunk: Chunk) -> ChunkOutcome:
    _note(chunk, "killed")
    os.kill(os.getpid(), signal.SIGKILL)
    return ChunkOutcome(counts=Items())


@contextlib.asynccontextmanager
async def _kinds(_parts: WorkerParts) -> AsyncIterator[Sequence[JobKind]]:
    yield JobKind(name="steps", run=_run_steps), JobKind(name="poison", run=_kill_worker)


if __name__ == "__main__":
    assert sys.argv[1:] == ["work"]
    process.run(partial(JobWorkerService, more_kinds=_kinds), None, keys_needed=False)
