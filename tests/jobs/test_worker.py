"""Workers of one process: they run, repeat, cancel, stop and recover."""

import asyncio
import contextlib
import logging

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from mememime_proxy.errors import ImageError, SourceTimeoutError
from mememime_proxy.jobs import queue as queue_module
from mememime_proxy.jobs import retries
from mememime_proxy.jobs.claims import LEASE
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import ChunkOutcome, Items, NewChunk, NewJob
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.resources.database.engine import Database
from tests.resources.conftest import TEMPLATE
from tests.support.job_backend import TENANT, JobBackend
from tests.support.waiting import wait_until


class Recorder:
    """A kind of job whose handler notes what it runs, and that waits or fails as the test says."""

    def __init__(self, name="test", **options):
        self.ran, self.running, self.most = [], 0, 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.errors = []
        self.cancelled = 0
        self.kind = JobKind(name=name, run=self.run, **options)

    async def run(self, chunk):
        self.running += 1
        self.most = max(self.most, self.running)
        self.ran.append((chunk.key.job, chunk.payload))
        try:
            await self.gate.wait()
            if self.errors:
                raise self.errors.pop(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return ChunkOutcome(counts=Items(done=chunk.items))


@pytest.fixture
def recorder():
    return Recorder()


async def test_worker_runs_every_chunk_once(backend, recorder):
    ended = []
    async with backend.worker(recorder.kind, on_end=lambda: ended.append(1)):
        job_id = await backend.create(12, items=3)
        job = await backend.wait(job_id, "done")
    assert sorted(recorder.ran) == [(job_id, number) for number in range(12)]
    assert (job.counts, job.retries, job.losses) == (Items(done=36), 0, 0)
    assert job.created <= job.started <= job.ended
    assert ended == [1]


async def test_worker_runs_what_was_queued_before_it_started(backend, recorder):
    job_id = await backend.create(5)
    async with backend.worker(recorder.kind):
        await backend.wait(job_id, "done")
    assert len(recorder.ran) == 5


async def test_two_workers_share_and_hold_their_limits(backend):
    first, second = Recorder(), Recorder()
    first.gate.clear()
    second.gate.clear()
    job_id = await backend.create(9)
    async with backend.worker(first.kind, slots=2), backend.worker(second.kind, slots=3):
        await wait_until(lambda: (first.running, second.running) == (2, 3))
        first.gate.set()
        second.gate.set()
        await backend.wait(job_id, "done")
    assert sorted(number for _, number in first.ran + second.ran) == list(range(9))
    assert (first.most, second.most) == (2, 3)


async def test_limit_of_a_kind_holds_and_leaves_slots_to_others(backend, recorder):
    limited = Recorder("limited", concurrency=1)
    limited.gate.clear()
    slow = await backend.create(4, kind="limited", priority=50)
    async with backend.worker(limited.kind, recorder.kind, slots=3):
        await wait_until(lambda: limited.running == 1)
        await backend.wait(await backend.create(6), "done")
        assert limited.running == 1
        limited.gate.set()
        await backend.wait(slow, "done")
    assert limited.most == 1


async def test_limit_of_a_kind_holds_over_all_workers_of_a_postgresql(postgres):
    database = Database(postgres.create(TEMPLATE))
    await database.start()
    backend = JobBackend(database)
    await backend.start()
    limited = Recorder("limited", concurrency=2)
    limited.gate.clear()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(backend.worker(limited.kind, slots=2))
        job_id = await backend.create(12, kind="limited")
        await wait_until(lambda: limited.running == 2)
        limited.gate.set()
        await backend.wait(job_id, "done")
    await database.close()
    assert (limited.most, len(limited.ran)) == (2, 12)


async def test_urgent_job_goes_first(backend, recorder):
    recorder.gate.clear()
    first = await backend.create()
    async with backend.worker(recorder.kind, slots=1):
        await wait_until(lambda: recorder.running == 1)
        later, urgent = await backend.create(3), await backend.create(3, priority=10)
        recorder.gate.set()
        await backend.wait(later, "done")
    order = [job_id for job_id, _ in recorder.ran]
    assert order == [first, *3 * [urgent], *3 * [later]]


async def test_error_that_passes_is_tried_again(backend, recorder, monkeypatch):
    monkeypatch.setattr(retries, "_FIRST_DELAY", 0.05)
    recorder.errors = [SourceTimeoutError("slow"), ConnectionResetError("gone")]
    async with backend.worker(recorder.kind):
        job_id = await backend.create()
        job = await backend.wait(job_id, "done")
    assert (len(recorder.ran), job.retries, job.error_code) == (3, 2, "")


@pytest.mark.parametrize(
    ("error", "code"), [(ImageError("broken"), "image.invalid"), (ValueError("a bug"), "service.internal_error")]
)
async def test_error_that_does_not_pass_fails_the_job(backend, recorder, error, code):
    recorder.errors = [error]
    async with backend.worker(recorder.kind, slots=1):
        job_id = await backend.create(3)
        job = await backend.wait(job_id, "failed")
    assert (job.error_code, job.chunks_done, job.chunks_failed) == (code, 2, 1)
    assert str(error) in job.error_detail


async def test_chunk_that_takes_too_long_is_cancelled_and_tried_again(backend, monkeypatch):
    monkeypatch.setattr(retries, "_FIRST_DELAY", 0.05)
    recorder = Recorder(timeout=0.3)
    recorder.gate.clear()
    async with backend.worker(recorder.kind):
        job_id = await backend.create()
        await wait_until(lambda: recorder.cancelled == 1)
        recorder.gate.set()
        job = await backend.wait(job_id, "done")
    assert (job.retries, recorder.cancelled) == (1, 1)
    assert (await backend.chunk(job_id)).error_code == "job.timeout"


async def test_cancellation_reaches_the_handlers(backend, recorder):
    recorder.gate.clear()
    async with backend.worker(recorder.kind):
        job_id, other = await backend.create(5), await backend.create()
        await wait_until(lambda: recorder.running == 2)
        assert (await backend.jobs.cancel(job_id, None)).state == "cancelling"
        job = await backend.wait(job_id, "cancelled")
        assert (recorder.cancelled, job.chunks_cancelled) == (2, 5)
        recorder.gate.set()
        await backend.wait(other, "done")


async def test_retry_runs_what_failed_alone(backend, recorder):
    recorder.errors = [ImageError("once")]
    async with backend.worker(recorder.kind, slots=1):
        job_id = await backend.create(4, items=2)
        assert (await backend.wait(job_id, "failed")).counts == Items(done=6)
        assert (await backend.jobs.retry(job_id, None)).state == "queued"
        job = await backend.wait(job_id, "done")
    assert (job.counts, job.error_code, len(recorder.ran)) == (Items(done=8), "", 5)


async def test_worker_that_stops_gives_chunks_back(backend, recorder):
    recorder.gate.clear()
    async with backend.worker(recorder.kind, stop_after=0.1):
        job_id = await backend.create(2)
        await wait_until(lambda: recorder.running == 2)
    job = await backend.job(job_id)
    assert (job.state, job.losses, job.retries, recorder.cancelled) == ("running", 0, 0, 2)
    recorder.gate.set()
    async with backend.worker(recorder.kind):
        job = await backend.wait(job_id, "done")
    assert (job.losses, len(recorder.ran)) == (0, 4)


async def test_worker_that_stops_lets_chunks_end(backend, recorder):
    recorder.gate.clear()
    async with backend.worker(recorder.kind):
        job_id = await backend.create()
        await wait_until(lambda: recorder.running == 1)
        asyncio.get_running_loop().call_later(0.3, recorder.gate.set)
    assert ((await backend.job(job_id)).state, recorder.cancelled) == ("done", 0)


async def test_lost_lease_cancels_the_handler_and_changes_nothing(backend, recorder):
    recorder.gate.clear()
    async with backend.worker(recorder.kind):
        job_id = await backend.create()
        await wait_until(lambda: recorder.running == 1)
        backend.ahead += LEASE + 1
        claims = backend.claims()
        claim = await backend.claim(job_id, claims=claims)
        await wait_until(lambda: recorder.cancelled == 1)
        await claims.finish(claim, ChunkOutcome(counts=Items(done=1)))
        assert (await backend.job(job_id)).state == "done"


async def test_chunk_of_a_lost_worker_runs_elsewhere(backend, recorder):
    job_id = await backend.create()
    await backend.claim(job_id)
    backend.ahead += LEASE + 1
    async with backend.worker(recorder.kind):
        job = await backend.wait(job_id, "done")
    assert (job.losses, len(recorder.ran)) == (1, 1)


async def test_chunk_of_an_unknown_kind_waits_for_a_worker_that_knows_it(backend, recorder):
    job_id, other = await backend.create(kind="other"), await backend.create()
    async with backend.worker(recorder.kind):
        await backend.wait(other, "done")
        assert (await backend.job(job_id)).state == "queued"


async def test_lost_queue_is_filled_again(backend, recorder):
    job_id = await backend.create(3)
    if backend.database.dialect == "postgresql":
        async with backend.database.write() as tx:
            assert (await tx.execute(text("DELETE FROM job_queue"))).rowcount == 3
    async with backend.worker(recorder.kind):
        await backend.wait(job_id, "done")
    assert len(recorder.ran) == 3


async def test_job_of_a_rolled_back_transaction_never_was(backend, recorder):
    async def in_vain():
        async with backend.database.write() as tx:
            await backend.jobs.create(tx, await new_job(backend))
            raise RuntimeError("in vain")

    with pytest.raises(RuntimeError):
        await in_vain()
    async with backend.worker(recorder.kind):
        await backend.wait(await backend.create(), "done")
    assert len(recorder.ran) == 1
    if backend.database.dialect == "postgresql":
        async with backend.database.read() as tx:
            assert (await tx.execute(text("SELECT count(*) FROM job_queue"))).scalar() == 0


async def new_job(backend):
    return NewJob(kind="test", tenant=TENANT, credential="", chunks=[NewChunk(payload=None, items=1)])


async def test_queue_of_a_worker_in_the_same_process_is_woken(backend, recorder):
    queue = backend.queue
    async with backend.worker(recorder.kind, queue=queue):
        await backend.wait(await backend.create(3), "done")
    assert len(recorder.ran) == 3


async def test_queue_connects_with_the_arguments_of_the_url(postgres):
    database = Database(postgres.create() + "?ssl=disable&prepared_statement_cache_size=50")
    await JobQueue(database).start()
    assert postgres.sql("SELECT count(*) FROM job_queue", database.url.database) == "0"


async def test_queue_starts_more_than_once(backend):
    await asyncio.gather(*(JobQueue(backend.database).start() for _ in range(3)))


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.WARNING)


async def test_delivery_that_ends_in_a_fault_is_logged_and_repeated(backend, recorder, monkeypatch):
    monkeypatch.setattr(queue_module, "_AFTER_FAULT", 0.1)
    faults = [RuntimeError("a fault of the worker")]
    queue = JobQueue(backend.database)
    async with backend.worker(recorder.kind, queue=queue) as worker:
        claim = worker._claims.claim

        async def faulty(key):
            if faults:
                raise faults.pop()
            return await claim(key)

        monkeypatch.setattr(worker._claims, "claim", faulty)
        with capture_logs() as lines:
            await backend.wait(await backend.create(), "done")
    assert faults == []
    assert "queue.delivery_failed" in {line["event"] for line in lines}
