"""Pictures that URLs name: fetched once, held, and never left out where they cannot be had."""

import asyncio
import contextlib

import pytest

from mememime_proxy.errors import SourceNotFoundError, WatermarkError
from mememime_proxy.formats.effects_plan import Mark, Watermark
from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.plan import Plan
from tests.support.provider_chain import PLAN, ProxyCore
from tests.support.waiting import wait_until

MARKED = Plan(source=PLAN.source, width=10, watermark=Watermark(1.0), mark=Mark(url="http://h/mark.png"))


def widths(plan, count):
    return [
        Plan(source=plan.source, width=width, watermark=plan.watermark, mark=plan.mark) for width in range(1, count)
    ]


async def test_picture_goes_with_the_job_and_is_fetched_once():
    core = ProxyCore()
    for plan in widths(MARKED, 4):
        await core.get(plan)
    assert core.pool.pictures == [1, 1, 1]
    assert [url for url, *_ in core.picture_source.requests] == ["http://h/mark.png"]
    assert core.count("cache_hits_total", cache="watermarks") == 2


async def test_picture_is_fetched_while_the_original_is():
    core = ProxyCore()
    core.source.gate.clear()
    core.picture_source.gate.clear()
    request = asyncio.create_task(core.get(MARKED))
    await wait_until(lambda: core.source.requests and core.picture_source.requests)
    assert core.pool.plans == []
    core.source.gate.set()
    core.picture_source.gate.set()
    await request
    assert core.pool.pictures == [1]
    assert len(core.picture_source.requests) == 1


@pytest.mark.parametrize("gone", [True, False])
async def test_original_that_cannot_be_had_is_the_error_whatever_becomes_of_the_picture(gone):
    core = ProxyCore()
    core.source.error = SourceNotFoundError("no original")
    core.picture_source.error = SourceNotFoundError("no mark") if gone else None
    if not gone:
        core.picture_source.gate.clear()  # it is still fetched
    with pytest.raises(SourceNotFoundError, match="no original"):
        await core.get(MARKED)


async def test_request_that_may_need_no_render_fetches_no_picture():
    core = ProxyCore()
    first = await core.get(MARKED)
    core.clock.now += 9
    core.caches.pictures.drop_source("http://h/mark.png")
    assert (await core.get(MARKED)).etag == first.etag
    assert len(core.picture_source.requests) == 1


@pytest.mark.parametrize("fallback", [None, b"sorry"])
async def test_picture_that_cannot_be_had_is_an_error_and_no_fallback(fallback):
    core = ProxyCore(fallback_image=fallback)
    core.picture_source.error = SourceNotFoundError("gone")
    with pytest.raises(WatermarkError, match=r"mark.png.*gone"):
        await core.get(MARKED)
    assert core.pool.plans == []


async def test_empty_picture_is_an_error():
    core = ProxyCore()
    core.picture_source.body = b""
    with pytest.raises(WatermarkError, match="no picture"):
        await core.get(MARKED)


async def test_fallback_picture_has_the_mark_of_the_url():
    core = ProxyCore(fallback_image=b"sorry")
    core.source.error = SourceNotFoundError("gone")
    result = await core.get(MARKED)
    assert result.is_fallback
    assert core.pool.pictures == [1]


async def test_mark_that_is_off_is_not_fetched():
    core = ProxyCore()
    await core.get(Plan(source=PLAN.source, mark=MARKED.mark))
    assert core.picture_source.requests == []
    assert core.pool.pictures == [0]


async def test_purge_of_a_mark_fetches_it_again():
    core = ProxyCore()
    first, second = widths(MARKED, 3)
    await core.get(first)
    await core.purge.run("http://h/mark.png")
    await core.get(second)
    assert len(core.picture_source.requests) == 2


FALLBACK = Plan(source=PLAN.source, width=10, saving=Saving(fallback_url="http://h/sorry.png"))


@pytest.mark.parametrize("configured", [None, b"configured"])
async def test_fallback_picture_of_the_url_stands_for_the_original(configured):
    core = ProxyCore(fallback_image=configured)
    core.source.error = SourceNotFoundError("gone")
    result = await core.get(FALLBACK)
    assert (result.is_fallback, result.status) == (True, 200)
    assert [url for url, *_ in core.picture_source.requests] == ["http://h/sorry.png"]
    assert result.source_size == len(core.picture_source.body)
    with pytest.raises(SourceNotFoundError) if configured is None else contextlib.nullcontext():
        await core.get(Plan(source=PLAN.source, width=10))


async def test_fallback_picture_that_cannot_be_had_is_the_error_of_the_original():
    core = ProxyCore()
    core.source.error, core.picture_source.error = SourceNotFoundError("gone"), SourceNotFoundError("gone, too")
    with pytest.raises(SourceNotFoundError) as caught:
        await core.get(FALLBACK)
    assert caught.value.detail == "gone"
