"""Kills at random moments while variants are made: of workers, of the resource service, of the database and the store.

``python -m tests.support.batch_trials --originals 2000 --kills 20``; ``make trials`` runs it. Two ``mememime work`` on
one PostgreSQL write to SeaweedFS, through a proxy that counts the writes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pyvips

from mememime_proxy.urls import UrlBuilder
from tests.support.batch_process import run_batch
from tests.support.fault_proxy import FaultProxy
from tests.support.job_process import JobWorkerProcess
from tests.support.postgres_server import PostgresServer
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess
from tests.support.s3_server import S3Server
from tests.support.service_process import ServiceProcess
from tests.support.waiting import wait_until

WIDTHS = range(24, 104, 8)
"""Ten variants of each original."""
_RECORD = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{32}/[0-9a-f]{32}(\?|$)")
_CLIENTS = 8


@dataclass(frozen=True)
class BatchTrialResult:
    """What came of a trial."""

    state: str
    kills: Counter[str]
    """By victim."""
    missing: int
    """Variants that the store does not have."""
    different: int
    """Variants that are not what a proxy renders."""
    repeated: int
    """Writes of a variant that was written already."""
    losses: int
    items_left: int
    seconds: float
    again: tuple[int, int, int]
    """Units of a second run: done, skipped, failed."""
    seconds_again: float


def make_originals(folder: Path, count: int) -> None:
    """Write ``count`` different pictures."""
    folder.mkdir()
    for number in range(count):
        noise = pyvips.Image.gaussnoise(240, 160, mean=128, sigma=40, seed=number).cast("uchar")
        noise.jpegsave(str(folder / f"{number:05}.jpg"), Q=85)


async def run_trial(folder: Path, originals: int, kills: int, seed: int, *, chunk: float = 1.0) -> BatchTrialResult:
    """Make ten variants of each original on two workers, and kill a process at each of ``kills`` random moments."""
    rng = random.Random(seed)
    make_originals(folder / "originals", originals)
    async with contextlib.AsyncExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        url = server.create()
        s3 = stack.enter_context(S3Server(folder / "s3"))
        os.environ |= {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
        bucket = await asyncio.to_thread(s3.create_bucket)
        counting = await stack.enter_async_context(FaultProxy(s3.endpoint))
        settings = {
            "cache_use": "s3", "cache_bucket": bucket, "cache_s3_endpoint": counting.endpoint,
            "cache_s3_region": s3.region, "local_filesystem_root": str(folder / "originals"), "presets": _presets(),
        }  # fmt: skip
        service = stack.enter_context(ResourceProcess(folder / "resources", database_url=url))
        workers = [stack.enter_context(_worker(folder / name, url, settings)) for name in ("a", "b")]
        words = ["render", "--from", str(folder / "originals"), "--format", "jpg", "--chunk", str(chunk)]
        words += [word for width in WIDTHS for word in ("--preset", f"w{width}")]
        variables = settings | {"database_url": url}
        created = await asyncio.to_thread(run_batch, folder, *words, "--engine", "none", **variables)
        assert created.status == 0, created.output
        job_id, begun = created.lines[0]["id"], time.monotonic()
        victims: dict[str, Callable[[], None]] = {
            "worker a": lambda: _restart_service(workers[0]), "worker b": lambda: _restart_service(workers[1]),
            "resource service": lambda: _restart_service(service),
            "postgresql": lambda: _restart(server), "store": lambda: _restart_store(s3),
        }  # fmt: skip
        counts: Counter[str] = Counter()

        def job() -> dict[str, object]:
            found: dict[str, object] = service.request("GET", f"/jobs/{job_id}").json
            return found

        def done() -> int:
            return dict(job().get("items") or {}).get("done", 0)  # type: ignore[call-overload,no-any-return]

        total = originals * len(WIDTHS)
        for number in range(kills):
            # Each kill comes at a random moment of its share of the work.
            await wait_until(lambda: done() >= total * (number + rng.random()) / (kills + 1), 60 + total / 10)  # noqa: B023
            name = rng.choice([*victims, "worker a", "worker b"])
            counts[name] += 1
            await asyncio.to_thread(victims[name])
        await wait_until(lambda: job().get("state") in {"done", "failed"}, 120 + total / 10)
        seconds = time.monotonic() - begun
        found = job()
        writes = Counter(each.target.partition("?")[0] for each in counting.requests
                         if each.method == "PUT" and _RECORD.search(each.target))  # fmt: skip
        print(f"{found['state']} after {counts}: {writes.total() - len(writes)} of {total} written twice", flush=True)
        begun = time.monotonic()
        again = await asyncio.to_thread(run_batch, folder, *words, **variables)
        seconds_again = time.monotonic() - begun
        missing, different = await _compare(folder, originals, settings)
    items = dict(found["items"])  # type: ignore[call-overload]
    return BatchTrialResult(
        state=str(found["state"]),
        kills=counts,
        missing=missing,
        different=different,
        repeated=writes.total() - len(writes),
        losses=int(str(found["losses"])),
        items_left=items["total"] - items["done"] - items["skipped"],
        seconds=seconds,
        again=again.counts,
        seconds_again=seconds_again,
    )


async def _compare(folder: Path, originals: int, settings: dict[str, str]) -> tuple[int, int]:
    """Return how many variants the store lacks, and how many differ from those of a proxy without a store."""
    common = settings | {"key": KEY, "salt": SALT, "timeout": "60"}
    different = 0
    with (
        ProxyProcess(folder / "with", **common) as stored,
        ProxyProcess(folder / "without", **{**common, "cache_use": ""}) as fresh,
    ):
        pending = [(number, width) for number in range(originals) for width in WIDTHS]

        async def compare(session: aiohttp.ClientSession) -> None:
            nonlocal different
            while pending:
                number, width = pending.pop()
                bodies = set()
                for proxy in (stored, fresh):
                    builder = UrlBuilder(proxy.base, key=KEY, salt=SALT).preset(f"w{width}")
                    bodies.add(await _get(session, builder.build(f"local:///{number:05}.jpg", "jpg")))
                different += len(bodies) != 1

        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for _ in range(_CLIENTS):
                group.create_task(compare(session))
        return int(stored.renders()), different


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    """Return a picture; a proxy that has too much to do is given time."""
    while True:
        async with session.get(url) as response:
            if response.status not in {429, 503}:
                assert response.status == 200, await response.text()
                return await response.read()
        await asyncio.sleep(0.5)


def _presets() -> str:
    return ",".join(f"w{width}=rs:fit:{width}/q:60" for width in WIDTHS)


@contextlib.contextmanager
def _worker(folder: Path, url: str, settings: dict[str, str]) -> Iterator[JobWorkerProcess]:
    with JobWorkerProcess(
        folder, url, "mememime_proxy", graceful_stop_timeout="1", workers="2", **settings
    ) as worker:  # fmt: skip
        yield worker


def _restart_service(service: ServiceProcess) -> None:
    """Kill a service and start it; on a machine with much else to do it may take more than one attempt."""
    try:
        service.restart()
    except OSError:
        service.start()


def _restart(server: PostgresServer) -> None:
    server.stop(signal.SIGQUIT)
    time.sleep(0.5)
    server.start()


def _restart_store(server: S3Server) -> None:
    server.kill()
    server.start()


def main() -> None:
    """Run one trial and print its result; fail where something is missing, different, or made too often."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--originals", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chunk", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(
            run_trial(Path(folder), options.originals, options.kills, options.seed, chunk=options.chunk)
        )
    print(result)
    total = options.originals * len(WIDTHS)
    assert (result.state, result.missing, result.different, result.items_left) == ("done", 0, 0, 0), result
    assert result.repeated <= total / 100, result
    assert result.again == (0, total, 0), result
    assert result.seconds_again <= max(20.0, result.seconds / 20), result


if __name__ == "__main__":
    main()
