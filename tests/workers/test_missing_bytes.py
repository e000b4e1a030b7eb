"""Jobs that ask for bytes of their original while they run."""

from __future__ import annotations

import asyncio
import os

import pytest

from mememime_proxy.errors import QuarantineError, RenderTimeoutError, SourceStatusError, WorkerCrashError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.plan import Plan
from mememime_proxy.workers import wire
from mememime_proxy.workers.missing_bytes import JobBytes
from mememime_proxy.workers.pool import WorkerJob
from tests.support.films import container_film, number_in

FRAME = WorkerJob("frame", Plan(video_moment=VideoMoment(value=1)))


class HoledFile:
    """A film in a file with holes, which are filled as they are asked for."""

    def __init__(self, content):
        self.content, self.identity, self.requests = content, b"identity", []
        self.error, self.gate, self.cancelled = None, asyncio.Event(), 0
        self.gate.set()
        self._file = os.memfd_create("film")
        os.ftruncate(self._file, len(content))
        self.descriptor = os.open(f"/proc/self/fd/{self._file}", os.O_RDONLY)

    async def fill(self, offset, length):
        self.requests.append((offset, length))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        os.pwrite(self._file, self.content[offset : offset + length], offset)

    def close(self):
        os.close(self._file)
        os.close(self.descriptor)


@pytest.fixture
def holes():
    file = HoledFile(container_film("mp4"))
    yield file
    file.close()


@pytest.fixture
async def films(open_pool):
    observed = await open_pool(size=1, film=FilmConfig())
    await observed.wait_until_complete()
    return observed


async def test_job_gets_the_bytes_that_it_asks_for(films, holes):
    result = await films.pool.run(FRAME, holes.descriptor, 30, missing=holes)
    assert number_in(result.variant.body) == 25
    assert holes.requests == [(0, len(holes.content))]
    assert films.pool.stats().jobs == 1


async def test_error_of_the_source_is_that_of_the_job_and_costs_no_worker(films, holes):
    holes.error = SourceStatusError("the source answered 404", upstream=404)
    pids = films.pool.pids()
    with pytest.raises(SourceStatusError) as caught:
        await films.pool.run(FRAME, holes.descriptor, 30, missing=holes)
    assert caught.value is holes.error
    assert films.pool.pids() == pids


async def test_cancelled_job_asks_for_nothing_more(films, holes):
    holes.gate.clear()
    job = asyncio.create_task(films.pool.run(FRAME, holes.descriptor, 30, missing=holes))
    await films.wait_until(lambda: bool(holes.requests))
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    await films.wait_until(lambda: holes.cancelled == 1)
    await films.wait_until_ended("cancelled")


async def test_deadline_holds_while_bytes_are_waited_for(films, holes):
    holes.gate.clear()
    with pytest.raises(RenderTimeoutError):
        await films.pool.run(FRAME, holes.descriptor, 0.3, missing=holes)
    await films.wait_until(lambda: holes.cancelled == 1)


async def test_film_that_ends_workers_is_known_by_its_source_not_by_its_holes(films, holes):
    for attempt in range(3):
        with pytest.raises(QuarantineError if attempt == 2 else WorkerCrashError):
            await films.pool.run(WorkerJob("segv"), holes.descriptor, 30, missing=holes)
        os.pwrite(holes._file, b"more is there", 10 * attempt)
    assert films.pool.forgive("") == 1


async def test_worker_cannot_write_what_it_reads(films, holes):
    await films.pool.run(FRAME, holes.descriptor, 30, missing=holes)
    # It is never sealed: there are holes to be filled.
    os.pwrite(holes._file, b"x", 0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(holes.descriptor, b"x", 0)


async def test_wrong_requests_are_refused(holes):
    missing = JobBytes(holes)
    for need in (wire.Need(-1, 5), wire.Need(0, 0), wire.Need(0, 1 << 31)):
        assert not missing.request(None, need)
    holes.gate.clear()
    assert missing.request(None, wire.Need(0, 5))
    assert not missing.request(None, wire.Need(0, 5)), "one is under way"
    missing.cancel()
    await asyncio.gather(missing._task, return_exceptions=True)
