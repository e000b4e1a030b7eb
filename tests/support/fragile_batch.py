"""``mememime work`` with a batch command whose items note that they ran; one of them kills the worker."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from mememime_proxy.batch.commands import COMMANDS, BatchCommand, WorkEstimate
from mememime_proxy.batch.model import BatchHandler, BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.parts import BatchParts
from mememime_proxy.batch.spec import JOB_KIND, BatchSpec
from mememime_proxy.batch.worker import batch_kinds
from mememime_proxy.jobs.model import NewChunk, NewJob
from mememime_proxy.resources.job_worker import JobWorkerService
from mememime_proxy.service import process
from mememime_proxy.settings.settings import Settings

COMMAND, FATAL = "fragile", "fatal"


def fragile_job(folder: Path, chunks: Sequence[Sequence[str]]) -> NewJob:
    """Return a batch of items by their names; each notes its name in ``folder``."""
    return NewJob(
        kind=JOB_KIND, tenant="default", credential="key:admin",
        chunks=[NewChunk(payload=[[name] for name in names], items=len(names)) for names in chunks],
        input={"command": COMMAND, "parameters": str(folder), "input": "test", "name": COMMAND},
    )  # fmt: skip


def notes(folder: Path) -> list[str]:
    """Return the names of items that ran."""
    path = folder / "notes"
    return path.read_text("utf-8").split() if path.exists() else []


class _FragileHandler:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.asynccontextmanager
    async def chunk(self, _items: Sequence[BatchItem]) -> AsyncIterator[_FragileHandler]:
        yield self

    def units(self, _item: BatchItem) -> Sequence[str]:
        return ("",)

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        with (self._folder / "notes").open("a", encoding="utf-8") as file:
            file.write(f"{item.source}\n")
        if item.source == FATAL:
            os.kill(os.getpid(), signal.SIGKILL)
        return (UnitOutcome(source=item.source, unit="", state=UnitState.DONE),)


def _estimate(_settings: Settings, _spec: BatchSpec) -> WorkEstimate:
    return WorkEstimate(lambda _item: 1, 1.0)


@contextlib.asynccontextmanager
async def _open(_parts: BatchParts, spec: BatchSpec) -> AsyncIterator[BatchHandler]:
    yield _FragileHandler(Path(spec.parameters))


if __name__ == "__main__":
    assert sys.argv[1:] == ["work"]
    COMMANDS[COMMAND] = BatchCommand(name=COMMAND, estimate=_estimate, open=_open)
    process.run(partial(JobWorkerService, more_kinds=batch_kinds), None, keys_needed=False)
