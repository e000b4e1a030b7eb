"""The feed of progress: each listener sees every state that lasts, and the last one in any case."""

import asyncio
import contextlib

import pytest

from mememime_proxy.errors import OverloadError
from mememime_proxy.jobs import progress
from mememime_proxy.jobs.model import ChunkOutcome, Items
from mememime_proxy.jobs.progress import ProgressFeed
from mememime_proxy.jobs.repository import delete_ended


@pytest.fixture
async def feed(backend, monkeypatch):
    monkeypatch.setattr(progress, "_INTERVAL", 0.05)
    feed = ProgressFeed(backend.jobs, 3)
    yield feed
    await feed.close()


async def follow(feed, job, version=0):
    return [each async for each in feed.follow(job, version) if each is not None]


async def test_listeners_see_a_job_to_its_end(backend, feed):
    job_id = await backend.create(items=9)
    job = await backend.job(job_id)
    listening = [asyncio.create_task(follow(feed, job)) for _ in range(3)]
    await asyncio.sleep(0)
    assert feed.listeners == 3
    claims = backend.claims()
    claim = await backend.claim(job_id, claims=claims)
    for done in (3, 6):
        claim.chunk.report(done, Items(done=done))
        await claims.renew([claim])
        await asyncio.sleep(0.15)
    last = await claims.finish(claim, ChunkOutcome(counts=Items(done=9)))
    for task in listening:
        seen = await asyncio.wait_for(task, 30)
        assert seen[0] == job
        assert seen[-1] == last
        assert [each.counts.done for each in seen][-3:] == [3, 6, 9]
    assert feed.listeners == 0


async def test_listener_that_knows_the_last_version_gets_nothing_more(backend, feed):
    job_id = await backend.create()
    claims = backend.claims()
    job = await claims.finish(await backend.claim(job_id, claims=claims), ChunkOutcome(counts=Items(done=1)))
    assert await follow(feed, job, job.version) == []
    assert await follow(feed, job, 1) == [job]


async def test_feed_has_a_limit(backend, feed):
    job = await backend.job(await backend.create())
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            assert await anext(await stack.enter_async_context(contextlib.aclosing(feed.follow(job, 0)))) == job
        with pytest.raises(OverloadError):
            await anext(feed.follow(job, 0))
    assert feed.listeners == 0
    assert await asyncio.wait_for(anext(feed.follow(job, 0)), 30) == job


async def test_listener_of_a_removed_job_ends(backend, feed):
    job_id = await backend.create()
    job = await backend.job(job_id)
    listening = asyncio.create_task(follow(feed, job))
    await asyncio.sleep(0)
    await backend.jobs.cancel(job_id, None)
    await delete_ended(backend.database, backend.clock() + 1000, 1)
    seen = await asyncio.wait_for(listening, 30)
    assert [each.state for each in seen] in (["queued"], ["queued", "cancelled"])
