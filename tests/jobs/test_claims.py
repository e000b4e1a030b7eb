"""Claims: one worker at a time, true counts, and an end for what ends its workers."""

import asyncio

import pytest
from sqlalchemy import update

from mememime_proxy.errors import ImageError, JobTimeoutError, SourceTimeoutError
from mememime_proxy.jobs.claims import LEASE, Busy, ChunkClaim, ChunkLostError
from mememime_proxy.jobs.model import ChunkOutcome, Items
from mememime_proxy.jobs.retries import MAX_IDLE_LOSSES, MAX_LOSSES, MAX_TRIES, NO_ITEM, retry_budget
from mememime_proxy.jobs.schema import JOBS
from mememime_proxy.resources.database.schema import TENANTS

DONE = ChunkOutcome(counts=Items(done=1))


async def test_claim_of_many_workers_succeeds_once(backend):
    job_id = await backend.create()
    found = await asyncio.gather(*(backend.claim(job_id) for _ in range(8)))
    assert sorted(type(each).__name__ for each in found) == ["Busy"] * 7 + ["ChunkClaim"]
    job = await backend.job(job_id)
    assert (job.state, job.losses, job.started is not None) == ("running", 0, True)


async def test_claim_of_what_is_not_there_or_has_ended_is_none(backend):
    assert await backend.claim("0" * 32) is None
    job_id = await backend.create()
    claims = backend.claims()
    await claims.finish(await backend.claim(job_id, claims=claims), DONE)
    assert await backend.claim(job_id) is None
    assert (await backend.job(job_id)).state == "done"


async def test_claim_is_busy_until_the_lease_lapses(backend):
    job_id = await backend.create()
    claims = backend.claims()
    claim = await backend.claim(job_id, claims=claims)
    busy = await backend.claim(job_id)
    assert 0 < busy.seconds <= LEASE / 1000
    backend.ahead += LEASE - 1000
    assert await claims.renew([claim]) == []
    backend.ahead += LEASE - 1000
    assert isinstance(await backend.claim(job_id), Busy)
    backend.ahead += 2000
    other_claims = backend.claims()
    other = await backend.claim(job_id, claims=other_claims)
    assert isinstance(other, ChunkClaim)
    assert await claims.renew([claim]) == [claim]
    for end in (claims.finish(claim, DONE), claims.cancel(claim), claims.release(claim), claims.fail(claim, OSError())):
        with pytest.raises(ChunkLostError):
            await end
    job = await other_claims.finish(other, DONE)
    assert (job.state, job.counts, job.losses) == ("done", Items(done=1), 1)


async def test_chunk_that_loses_three_workers_fails(backend):
    job_id = await backend.create(2)
    for _ in range(MAX_LOSSES):
        assert isinstance(await backend.claim(job_id), ChunkClaim)
        backend.ahead += LEASE + 1
    assert await backend.claim(job_id) is None
    assert (await backend.chunk(job_id)).state == "failed"
    job = await backend.job(job_id)
    assert (job.state, job.error_code, job.losses) == ("running", "job.worker_lost", MAX_LOSSES - 1)
    claims = backend.claims()
    job = await claims.finish(await backend.claim(job_id, 1, claims), DONE)
    assert (job.state, job.chunks_done, job.chunks_failed) == ("failed", 1, 1)


async def test_chunk_that_comes_further_each_time_survives_the_loss_of_many_workers(backend):
    job_id = await backend.create(items=20)
    for position in range(1, 10):
        claims = backend.claims()
        claim = await backend.claim(job_id, claims=claims)
        assert claim.chunk.position == position - 1
        claim.chunk.report(position, Items(done=position))
        await claims.renew([claim])
        assert (await backend.job(job_id)).counts == Items(done=position)
        backend.ahead += LEASE + 1
    claims = backend.claims()
    claim = await backend.claim(job_id, claims=claims)
    job = await claims.finish(claim, ChunkOutcome(counts=Items(17, 2, 1)))
    assert (job.state, job.counts, job.losses) == ("done", Items(17, 2, 1), 9)


async def _lose(backend, job_id, *items):
    """Claim a chunk of a kind that isolates items, begin some, report those before as done, and lose its worker."""
    claims = backend.claims("test")
    claim = await backend.claim(job_id, claims=claims)
    for item in items:
        claim.chunk.report(item, Items(done=item))
        await claims.begin_item(claim, item)
    backend.ahead += LEASE + 1
    return claim.chunk


async def test_losses_are_charged_to_the_item_that_ran_alone(backend):
    job_id = await backend.create(items=9)
    assert not (await _lose(backend, job_id)).runs_one_by_one
    assert (await _lose(backend, job_id, 0, 1)).runs_one_by_one
    assert (await _lose(backend, job_id, 1, 2, 3)).losses.items == {1: 1}
    for count in (1, 2, 3):
        chunk = await _lose(backend, job_id, 3)
        assert (chunk.position, chunk.losses.items) == (3, {1: 1, 3: count})
    claims = backend.claims("test")
    claim = await backend.claim(job_id, claims=claims)
    assert claim.chunk.losses.items == {1: 1, 3: MAX_LOSSES + 1}
    job = await claims.finish(claim, ChunkOutcome(counts=Items(done=8, failed=1)))
    assert (job.state, job.counts, job.losses) == ("done", Items(8, 0, 1), 6)


async def test_losses_before_the_first_item_are_charged_to_none_and_end_at_last(backend):
    job_id = await backend.create(items=9)
    for _ in range(MAX_IDLE_LOSSES):
        chunk = await _lose(backend, job_id)
        assert chunk.losses.items == {}
    assert await backend.claim(job_id, claims=backend.claims("test")) is None
    job = await backend.job(job_id)
    assert (job.state, job.error_code) == ("failed", "job.worker_lost")
    await backend.jobs.retry(job_id, None)
    assert not (await _lose(backend, job_id)).runs_one_by_one


async def test_item_of_a_chunk_that_another_worker_holds_does_not_begin(backend):
    job_id, claims = await backend.create(items=9), backend.claims("test")
    claim = await backend.claim(job_id, claims=claims)
    await asyncio.gather(claims.begin_item(claim, 0), claims.renew([claim]))
    claim.chunk.report(1, Items(done=1))
    await asyncio.gather(claims.begin_item(claim, 1), claims.renew([claim]), claims.begin_item(claim, NO_ITEM))
    assert (await backend.job(job_id)).counts == Items(done=1)
    backend.ahead += LEASE + 1
    await backend.claim(job_id)
    with pytest.raises(ChunkLostError):
        await claims.begin_item(claim, 2)


async def test_error_that_passes_is_tried_again_later_and_five_times_at_most(backend):
    job_id = await backend.create()
    claims = backend.claims()
    for tries in range(1, MAX_TRIES):
        again = await claims.fail(await backend.claim(job_id, claims=claims), SourceTimeoutError("slow"))
        assert 0.5 * 2 ** (tries - 1) <= again.seconds <= 2 ** (tries - 1)
        assert isinstance(await backend.claim(job_id), Busy)
        backend.ahead += int(1000 * again.seconds) + 1
    job = await claims.fail(await backend.claim(job_id, claims=claims), SourceTimeoutError("slow"))
    assert (job.state, job.error_code, job.error_detail, job.retries) == ("failed", "source.timeout", "slow", 4)


async def test_chunk_that_takes_too_long_goes_on_while_it_comes_further(backend):
    job_id, claims = await backend.create(items=9), backend.claims()
    for position in range(1, 2 * MAX_TRIES):
        claim = await backend.claim(job_id, claims=claims)
        claim.chunk.report(position, Items(done=position))
        assert (await claims.fail(claim, JobTimeoutError("slow"))).seconds == 0
    claim = await backend.claim(job_id, claims=claims)
    assert (claim.chunk.position, claim.chunk.tries) == (2 * MAX_TRIES - 1, 0)
    assert (await claims.fail(claim, JobTimeoutError("stuck"))).seconds > 0
    assert (await backend.chunk(job_id)).tries == 1


async def test_error_that_does_not_pass_is_not_tried_again(backend):
    job_id = await backend.create()
    claims = backend.claims()
    job = await claims.fail(await backend.claim(job_id, claims=claims), ImageError("x" * 5000))
    assert (job.state, job.error_code, len(job.error_detail), job.retries) == ("failed", "image.invalid", 1024, 0)


async def test_budget_of_retries_is_of_the_job(backend):
    job_id = await backend.create(40)
    assert retry_budget(40) == 20
    claims = backend.claims()
    repeated = 0
    for number in range(40):
        end = await claims.fail(await backend.claim(job_id, number, claims), SourceTimeoutError())
        repeated += isinstance(end, Busy)
    assert repeated == 20
    assert (await backend.job(job_id)).chunks_failed == 20


async def test_release_counts_as_no_attempt(backend):
    job_id = await backend.create(items=5)
    for _ in range(2 * MAX_LOSSES):
        claims = backend.claims()
        claim = await backend.claim(job_id, claims=claims)
        claim.chunk.report(2, Items(done=2))
        await claims.release(claim)
    job, chunk = await backend.job(job_id), await backend.chunk(job_id)
    assert (job.losses, job.retries, job.counts) == (0, 0, Items(done=2))
    assert (chunk.state, chunk.position, chunk.lease_owner) == ("queued", 2, None)


async def test_finish_writes_in_its_transaction_or_not_at_all(backend):
    job_id = await backend.create()
    claims, other_claims = backend.claims(), backend.claims()
    claim = await backend.claim(job_id, claims=claims)

    def outcome(name, error=None):
        async def finish(tx):
            await tx.execute(TENANTS.insert().values(name=name, created=0))
            if error is not None:
                raise error

        return ChunkOutcome(counts=Items(done=1), finish=finish)

    with pytest.raises(ValueError, match="in vain"):
        await claims.finish(claim, outcome("a", ValueError("in vain")))
    backend.ahead += LEASE + 1
    other = await backend.claim(job_id, claims=other_claims)
    with pytest.raises(ChunkLostError):
        await claims.finish(claim, outcome("b"))
    await other_claims.finish(other, outcome("c"))
    async with backend.database.read() as tx:
        assert set((await tx.execute(TENANTS.select())).scalars()) & {"a", "b", "c"} == {"c"}


async def test_cancelled_job_ends_when_its_last_chunk_does(backend):
    job_id = await backend.create(3)
    claims = backend.claims()
    first, second = [await backend.claim(job_id, number, claims) for number in (0, 1)]
    job = await backend.jobs.cancel(job_id, None)
    assert (job.state, job.chunks_cancelled) == ("cancelling", 1)
    assert await claims.cancelling({job_id, "0" * 32}) == {job_id}
    assert (await claims.finish(first, DONE)).state == "cancelling"
    assert (await claims.cancel(second)).state == "cancelled"
    job = await backend.job(job_id)
    assert (job.chunks_done, job.chunks_cancelled, job.counts) == (1, 2, Items(done=1))


async def test_cancelled_job_whose_worker_is_lost_ends(backend):
    job_id = await backend.create()
    await backend.claim(job_id)
    assert (await backend.jobs.cancel(job_id, None)).state == "cancelling"
    backend.ahead += LEASE + 1
    assert await backend.claim(job_id) is None
    assert (await backend.job(job_id)).state == "cancelled"


async def test_error_of_a_cancelled_job_is_not_tried_again(backend):
    job_id = await backend.create()
    claims = backend.claims()
    claim = await backend.claim(job_id, claims=claims)
    await backend.jobs.cancel(job_id, None)
    assert (await claims.fail(claim, SourceTimeoutError())).state == "failed"


async def test_counts_of_many_workers_add_up(backend):
    job_id = await backend.create(30, items=4)

    async def work(numbers):
        claims = backend.claims()
        for number in numbers:
            claim = await backend.claim(job_id, number, claims)
            claim.chunk.report(1, Items(done=1))
            await claims.renew([claim])
            await claims.finish(claim, ChunkOutcome(counts=Items(2, 1, 1)))

    await asyncio.gather(*(work(range(start, 30, 5)) for start in range(5)))
    job = await backend.job(job_id)
    assert (job.state, job.counts, job.chunks_done) == ("done", Items(60, 30, 30), 30)


@pytest.mark.parametrize("end", ["finish", "fail", "release"])
async def test_counts_of_a_commit_whose_answer_was_lost_are_added_once(backend, end):
    job_id, claims = await backend.create(items=9), backend.claims()
    claim = await backend.claim(job_id, 0, claims)
    claim.chunk.report(4, Items(done=4))
    for _ in range(2):
        await claims.renew([claim])
        claim.stored = Items()  # the database ended after the commit and before its answer
    assert (await backend.job(job_id)).counts == Items(done=4)
    if end == "finish":
        await claims.finish(claim, ChunkOutcome(counts=Items(done=9)))
    elif end == "fail":
        await claims.fail(claim, ImageError("damaged"))
    else:
        await claims.release(claim)
    assert (await backend.job(job_id)).counts == Items(done=9 if end == "finish" else 4)


async def test_row_that_vanished_is_nothing_to_do(backend):
    job_id = await backend.create()
    async with backend.database.write() as tx:
        await tx.execute(update(JOBS).values(state="done"))
    assert isinstance(await backend.claim(job_id), ChunkClaim)
