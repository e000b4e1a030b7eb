"""Kills at random moments while jobs run: of workers, of the resource service and of PostgreSQL.

``python -m tests.support.job_trials --kills 20 --database sqlite``; ``make trials`` runs it on both databases.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.resources.database.engine import Database, now
from tests.support.job_process import JobWorkerProcess, noted, steps
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import ResourceProcess
from tests.support.waiting import wait_until

ITEMS = 20
SLOTS = 2


@dataclass(frozen=True)
class TrialResult:
    """What came of a trial."""

    state: str
    kills: Counter[str]
    """By victim."""
    missing: int
    """Items that no handler has run."""
    repeated: int
    """Items that ran more than once."""
    losses: int
    items_done: int


async def run_trial(folder: Path, kills: int, seed: int, *, postgres: bool) -> TrialResult:
    """Run a job on two workers, and kill one of its processes at each of ``kills`` random moments."""
    rng = random.Random(seed)
    chunks = max(12, 4 * kills)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True)) if postgres else None
        url = server.create() if server else f"sqlite:///{folder}/jobs.sqlite"
        service = stack.enter_context(ResourceProcess(folder / "resources", database_url=url))
        workers = [stack.enter_context(_worker(folder, url, name)) for name in ("a", "b")]
        job_id = await _create(url, folder, chunks)
        victims: dict[str, Callable[[], None]] = {
            "worker a": workers[0].restart, "worker b": workers[1].restart, "resource service": service.restart,
        }  # fmt: skip
        if server is not None:
            victims["postgresql"] = lambda: _restart(server)
        counts: Counter[str] = Counter()

        def document() -> dict[str, object]:
            found: dict[str, object] = service.request("GET", f"/jobs/{job_id}").json
            return found

        for _ in range(kills):
            await asyncio.sleep(rng.uniform(0.5, 3.0))
            name = rng.choice([*victims, "worker a", "worker b"])
            counts[name] += 1
            await asyncio.to_thread(victims[name])
        await wait_until(lambda: document().get("state") in {"done", "failed"}, 60 + 10 * kills)
        found = document()
    ran = Counter(line for line in noted(folder) if not line.endswith("cancelled"))
    expected = {f"{chunk}/{item}" for chunk in range(chunks) for item in range(ITEMS)}
    return TrialResult(
        state=str(found["state"]),
        kills=counts,
        missing=len(expected - set(ran)),
        repeated=sum(count > 1 for count in ran.values()),
        losses=int(str(found["losses"])),
        items_done=dict(found["items"])["done"] - chunks * ITEMS,  # type: ignore[call-overload]
    )


@contextlib.contextmanager
def _worker(folder: Path, url: str, name: str) -> Iterator[JobWorkerProcess]:
    with JobWorkerProcess(folder / name, url, job_concurrency=str(SLOTS), graceful_stop_timeout="1") as worker:
        yield worker


def _restart(server: PostgresServer) -> None:
    server.stop(signal.SIGQUIT)
    time.sleep(0.5)
    server.start()


async def _create(url: str, folder: Path, chunks: int) -> str:
    """Create the job in a transaction of its own."""
    database = Database(url)
    await database.start()
    queue = JobQueue(database)
    await queue.start()
    async with database.write() as tx:
        job_id = await Jobs(database, queue, now).create(tx, steps(folder, chunks, ITEMS))
    await database.close()
    return job_id


def main() -> None:
    """Run one trial and print its result; fail where something is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(
            run_trial(Path(folder), options.kills, options.seed, postgres=options.database == "postgres")
        )
    print(result)
    assert (result.state, result.missing, result.items_done) == ("done", 0, 0), result


if __name__ == "__main__":
    main()
