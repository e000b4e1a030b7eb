"""Jobs in the database: whole or not at all, in order, cancelled and retried with true counts, deleted in time."""

import pytest
from sqlalchemy import func, select, text

from mememime_proxy.errors import ImageError, JobNotFoundError, JobStateError
from mememime_proxy.jobs.model import ChunkOutcome, Items, NewChunk, NewJob
from mememime_proxy.jobs.repository import count_jobs, delete_ended
from mememime_proxy.jobs.schema import JOB_CHUNKS
from tests.support.job_backend import TENANT

DONE = ChunkOutcome(counts=Items(done=1))


async def fail(backend, job_id, number=0):
    claims = backend.claims()
    return await claims.fail(await backend.claim(job_id, number, claims), ImageError("broken"))


async def finish(backend, job_id, number=0):
    claims = backend.claims()
    return await claims.finish(await backend.claim(job_id, number, claims), DONE)


async def test_create_stores_all_chunks_and_what_they_share(backend):
    chunks = [NewChunk(payload={"number": number}, items=number) for number in range(1201)]
    new = NewJob(
        kind="test", tenant=TENANT, credential="key:1", chunks=chunks, input=[1], priority=7, webhook="http://x"
    )
    async with backend.database.write() as tx:
        job_id = await backend.jobs.create(tx, new)
    job = await backend.job(job_id)
    assert (job.state, job.chunks, job.items, job.priority, job.version) == ("queued", 1201, 720_600, 7, 1)
    claim = await backend.claim(job_id, 1200)
    assert (claim.chunk.payload, claim.chunk.job_input, claim.chunk.items) == ({"number": 1200}, [1], 1200)


async def test_job_is_found_by_its_name_the_newest_first(backend):
    assert await backend.jobs.find_named("nightly", None) is None
    await backend.create(name="nightly", input={"a": 1})
    second = await backend.create(name="nightly", input={"a": 2})
    found = await backend.jobs.find_named("nightly", TENANT)
    assert (found.id, found.name) == (second, "nightly")
    assert await backend.jobs.find_named("nightly", "another") is None
    assert await backend.jobs.read_input(second) == {"a": 2}
    with pytest.raises(JobNotFoundError):
        await backend.jobs.read_input("none")


async def test_results_of_chunks_are_stored_with_their_end_and_gone_with_a_retry(backend):
    job_id = await backend.create(chunks=3)
    for number in range(2):
        claims = backend.claims()
        claim = await backend.claim(job_id, number, claims)
        claim.chunk.results = [number]
        await (claims.fail(claim, ImageError("broken")) if number else claims.finish(claim, DONE))
    assert [results async for results in backend.jobs.results(job_id)] == [[0], [1]]
    await finish(backend, job_id, 2)
    await backend.jobs.retry(job_id, None)
    assert [results async for results in backend.jobs.results(job_id)] == [[0]]


async def test_create_without_chunks_is_refused(backend):
    async with backend.database.write() as tx:
        with pytest.raises(ValueError, match="a job needs a chunk"):
            await backend.jobs.create(tx, NewJob(kind="test", tenant=TENANT, credential="", chunks=[]))


async def test_find_shows_a_tenant_its_own_jobs_alone(backend):
    job_id = await backend.create()
    assert (await backend.jobs.find(job_id, TENANT)).id == job_id
    for wrong, tenant in ((job_id, "another"), ("0" * 32, TENANT), ("0" * 32, None)):
        for ask in (backend.jobs.find, backend.jobs.cancel, backend.jobs.retry):
            with pytest.raises(JobNotFoundError):
                await ask(wrong, tenant)


async def test_page_has_the_newest_first(backend):
    ids = []
    for kind in ("a", "b", "a", "a"):
        ids.append(await backend.create(kind=kind))
        backend.ahead += 1
    await finish(backend, ids[2])
    page = backend.jobs.page
    assert [job.id for job in await page(None)] == ids[::-1]
    assert [job.id for job in await page(TENANT, limit=2)] == ids[:1:-1]
    assert [job.id for job in await page(TENANT, before=ids[2])] == [ids[1], ids[0]]
    assert [job.id for job in await page(TENANT, kind="a", state="queued")] == [ids[3], ids[0]]
    assert await page("another") == []
    async with backend.database.read() as tx:
        assert await count_jobs(tx) == {("a", "queued"): 2, ("a", "done"): 1, ("b", "queued"): 1}


async def test_cancel_of_a_job_that_waits_ends_it(backend):
    job_id = await backend.create(3, webhook="http://x")
    job = await backend.jobs.cancel(job_id, TENANT)
    assert (job.state, job.chunks_cancelled, job.webhook_state) == ("cancelled", 3, "")
    assert job.ended is not None
    with pytest.raises(JobStateError):
        await backend.jobs.cancel(job_id, TENANT)


async def test_cancel_takes_its_chunks_out_of_a_shared_queue(backend):
    job_id, other = await backend.create(700), await backend.create(2)
    await backend.claim(job_id, 5)
    await backend.jobs.cancel(job_id, TENANT)
    if backend.database.dialect == "postgresql":
        async with backend.database.read() as tx:
            keys = set((await tx.execute(text("SELECT dedupe_key FROM job_queue"))).scalars())
        assert keys == {f"{job_id}:5", f"{other}:0", f"{other}:1"}


async def test_retry_queues_what_is_not_done(backend):
    job_id = await backend.create(4, webhook="http://x")
    with pytest.raises(JobStateError):
        await backend.jobs.retry(job_id, TENANT)
    await finish(backend, job_id)
    await fail(backend, job_id, 1)
    job = await backend.jobs.cancel(job_id, TENANT)
    assert (job.state, job.chunks_done, job.chunks_failed, job.chunks_cancelled) == ("cancelled", 1, 1, 2)
    job = await backend.jobs.retry(job_id, TENANT)
    assert (job.state, job.chunks_done, job.chunks_failed, job.chunks_cancelled) == ("queued", 1, 0, 0)
    assert (job.error_code, job.ended, job.counts) == ("", None, Items(done=1))
    for number in (1, 2, 3):
        job = await finish(backend, job_id, number)
    assert (job.state, job.counts, job.webhook_state) == ("done", Items(done=4), "due")
    with pytest.raises(JobStateError):
        await backend.jobs.retry(job_id, TENANT)


async def test_each_change_has_a_new_version(backend):
    job_id = await backend.create(2)
    versions = [1]
    claims = backend.claims()
    for number in range(2):
        claim = await backend.claim(job_id, number, claims)
        versions.append((await backend.job(job_id)).version)
        claim.chunk.report(1, DONE.counts)
        await claims.renew([claim])
        versions.append((await backend.job(job_id)).version)
        versions.append((await claims.finish(claim, DONE)).version)
    assert versions == sorted(versions)
    assert len(set(versions)) >= 6


async def test_delete_ended_leaves_open_ones_and_due_webhooks(backend):
    done, failed, waiting = await backend.create(), await backend.create(), await backend.create()
    hooked = await backend.create(webhook="http://x")
    await finish(backend, done)
    await fail(backend, failed)
    await finish(backend, hooked)
    now = backend.clock()
    assert await delete_ended(backend.database, now - 60_000, 10) == 0
    assert await delete_ended(backend.database, now + 60_000, 1) == 1
    assert await delete_ended(backend.database, now + 60_000, 10) == 1
    assert {job.id for job in await backend.jobs.find_all([done, failed, waiting, hooked])} == {waiting, hooked}
    async with backend.database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(JOB_CHUNKS))).scalar() == 2
