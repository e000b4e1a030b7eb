import asyncio
import json
from dataclasses import replace

import pytest

from mememime_proxy.errors import (
    BrokenImageError,
    OverloadError,
    RenderTimeoutError,
    SourceStatusError,
    SourceTooLargeError,
)
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Gravity, GravityType, Plan, RenderConfig
from mememime_proxy.proxy.model import NotModified
from mememime_proxy.proxy.variants.families import Families
from mememime_proxy.proxy.variants.keys import content_etag, make_etag
from mememime_proxy.proxy.variants.rendering import (
    HEAD,
    FallbackProvider,
    FetchProvider,
    RenderProvider,
    ResultSaver,
    VariantRenderer,
)
from mememime_proxy.proxy.variants.url_pictures import UrlPictures
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import JobResult
from tests.support.films import container_film
from tests.support.provider_chain import KEYS, PLAN, FakeProvider, ProxyCore, make_entry, make_request

KEY = KEYS.key(PLAN)


def make_renderer(core):
    return VariantRenderer(core.pool, core.metrics, core.films, UrlPictures(core.caches.pictures, 0))


def make_render(core, **more):
    renderer = make_renderer(core)
    families = Families(core.caches.pixels, RenderConfig())
    results = ResultSaver(core.cache, **more)
    return RenderProvider(renderer, families, results, lambda plan, preset: replace(plan, width=len(preset)))


def make_fallback(core, following, status=0, image=b"sorry"):
    return FallbackProvider(
        make_renderer(core),
        UrlPictures(core.caches.pictures, 0),
        image,
        status,
        core.metrics,
        following,
    )


def fetched(validator='"1"', body=b"original", **original):
    state = SourceState(validator)
    return {"original": Original(memfd("test", body), len(body), state, **original), "state": state}


async def test_fetch_provider_passes_the_original_on():
    core, following = ProxyCore(), FakeProvider()
    result = await FetchProvider(core.caches.originals, core.cache, following).get(make_request())
    assert result is following.result
    assert following.requests[0].original.size == len(core.source.body)
    assert following.requests[0].state == SourceState('"1"')
    assert [name for name, _ in following.requests[0].spans.seconds] == ["fetch"]


async def test_fetch_provider_confirms_an_entry_in_the_same_state():
    core, following, entry = ProxyCore(), FakeProvider(), make_entry(validator='"1"')
    provider = FetchProvider(core.caches.originals, core.cache, following)
    assert await provider.get(make_request(entry=entry)) == entry.result
    assert (core.source.sent, following.requests) == (0, [])
    assert core.caches.memory.get(KEY) is entry
    core.source.etag = '"2"'
    core.clock.now += 9
    assert await provider.get(make_request(entry=entry)) is following.result


async def test_fetch_provider_answers_304_where_the_client_has_the_present_state():
    core, following = ProxyCore(), FakeProvider()
    provider = FetchProvider(core.caches.originals, core.cache, following)
    expected = NotModified(make_etag(KEY, '"1"'), SourceState('"1"'), has_all_headers=False)
    assert await provider.get(make_request(client_validator='"1"')) == expected
    old_entry = make_entry(validator='"0"')
    assert await provider.get(make_request(client_validator='"1"', entry=old_entry)) == replace(
        expected, has_all_headers=True
    )
    assert await provider.get(make_request(client_validator='"0"')) is following.result


async def test_fetch_provider_passes_the_limit_of_the_plan_on():
    core = ProxyCore()
    limits = replace(PLAN.limits, max_src_file_size=10)
    with pytest.raises(SourceTooLargeError):
        await FetchProvider(core.caches.originals, core.cache, FakeProvider()).get(
            make_request(replace(PLAN, limits=limits))
        )


DESCRIPTION = replace(PLAN, info=InfoFields())


async def test_fetch_provider_reads_the_first_bytes_for_a_description():
    core, following = ProxyCore(), FakeProvider()
    core.source.body = bytes(5 << 20)
    provider = FetchProvider(core.caches.originals, core.cache, following)
    await provider.get(make_request(DESCRIPTION))
    original = following.requests[0].original
    assert (original.size, original.head) == (5 << 20, HEAD)
    assert core.metrics.source_bytes._value.get() == HEAD == 256 << 10
    assert core.caches.originals._originals.currsize == 0
    await provider.get(make_request(replace(PLAN, info=InfoFields(average=True))))
    assert following.requests[1].original.head == 0
    for more in ({"pages": PageRange(1)}, {"hashsum": "md5:0"}):
        await provider.get(make_request(replace(DESCRIPTION, **more)))
        assert following.requests.pop().original.head == 0
    # It is held whole now.
    await provider.get(make_request(DESCRIPTION))
    assert (following.requests[2].original.head, core.source.sent) == (0, 2)


async def test_fetch_provider_fetches_the_rest_where_the_first_bytes_do_not_answer():
    core = ProxyCore()
    core.source.body = bytes(1 << 20)

    class Refusing(FakeProvider):
        async def get(self, request):
            self.requests.append(request)
            if request.original.head:
                raise BrokenImageError("a file that ends too soon")
            return self.result

    following = Refusing()
    result = await FetchProvider(core.caches.originals, core.cache, following).get(make_request(DESCRIPTION))
    assert result is following.result
    assert [request.original.head for request in following.requests] == [HEAD, 0]


async def test_renderer_tells_workers_the_size_of_a_file_of_which_the_first_bytes_came():
    core = ProxyCore()
    renderer = make_renderer(core)
    request = make_request(DESCRIPTION, **fetched(head=4))
    await renderer.render(request, request.plan, request.original.fd)
    assert core.pool.operations == [f"info:{len(b'original')}"]


async def test_render_provider_renders_and_saves_the_variant():
    core = ProxyCore()
    request = make_request(**fetched())
    result = await make_render(core).get(request)
    assert (result.variant.body, result.etag, result.source_size) == (b"10 original", make_etag(KEY, '"1"'), 8)
    assert core.caches.memory.get(KEY).result is result
    assert result.spans == ()
    assert (await make_render(core, with_spans=True).get(request)).spans[:2] == (("queue", 0.1), ("render", 0.2))


async def test_render_provider_without_validator_makes_the_etag_of_the_content():
    core = ProxyCore()
    result = await make_render(core).get(make_request(**fetched("#digest")))
    assert result.etag == content_etag(b"10 original")


async def test_render_provider_without_validator_makes_the_etag_of_the_content_before_it_was_signed():
    core, results = ProxyCore(), []
    for body in (b"signed once", b"signed again"):
        job = JobResult(Variant(body=body, unsigned_digest=b"unsigned"), 0.0, 0.0)
        saver = ResultSaver(core.cache)
        results.append(await saver.save(make_request(**fetched("#digest")), job, 8))
    assert results[0].etag == results[1].etag == content_etag(b"unsigned")


async def test_render_provider_marks_a_variant_of_a_stale_state_and_saves_it_unmarked():
    core = ProxyCore()
    request = make_request(**(fetched() | {"state": SourceState('"1"', stale=True)}))
    assert (await make_render(core).get(request)).state.stale
    assert not core.caches.memory.get(KEY).result.state.stale


async def test_render_provider_applies_options_of_the_source():
    core = ProxyCore()
    plan = Plan(source="alias://front", takes_preset=True, follows_focus=True)
    await make_render(core).get(make_request(plan, **fetched(focus=(0.25, 0.5), preset="card")))
    assert (core.pool.plans[0].width, core.pool.plans[0].gravity) == (4, Gravity(GravityType.FOCUS_POINT, 0.25, 0.5))


async def test_render_provider_after_the_deadline_renders_nothing():
    core = ProxyCore()
    with pytest.raises(RenderTimeoutError):
        await make_render(core).get(make_request(seconds=-1, **fetched()))
    assert core.pool.plans == []


@pytest.mark.parametrize(("status", "expected"), [(0, 404), (200, 200)])
async def test_fallback_provider_renders_the_fallback_picture_after_a_source_error(status, expected):
    core = ProxyCore()
    result = await make_fallback(core, FakeProvider(SourceStatusError(upstream=404)), status).get(make_request())
    assert (result.variant.body, result.status, result.is_fallback) == (b"10 sorry", expected, True)
    assert result.etag == content_etag(b"10 sorry")
    assert len(core.caches.memory) == 0


async def test_fallback_provider_raises_other_errors():
    with pytest.raises(BrokenImageError):
        await make_fallback(ProxyCore(), FakeProvider(BrokenImageError("no"))).get(make_request())


async def test_renderer_counts_renders_that_are_announced_together_ahead_of_each_other():
    core = ProxyCore()
    renderer = make_renderer(core)
    for _ in range(3):
        renderer.announce(make_request())
    renderer.announce(make_request(entry=make_entry()))
    assert core.pool.checks == [0, 1, 2]
    await asyncio.sleep(0)
    renderer.announce(make_request())
    assert core.pool.checks == [0, 1, 2, 0]


async def test_renderer_that_refuses_does_not_count_the_render():
    core = ProxyCore()
    renderer = make_renderer(core)
    core.pool.refusal = OverloadError("full")
    with pytest.raises(OverloadError):
        renderer.announce(make_request())
    core.pool.refusal = None
    renderer.announce(make_request())
    assert core.pool.checks == [0, 0]


async def test_description_of_a_film_is_made_by_the_workers_for_films():
    core = ProxyCore()
    request = make_request(replace(PLAN, info=InfoFields()), 30, **fetched(body=container_film("mp4")))
    try:
        with request.original:
            result = await make_render(core).get(request)
        described = json.loads(result.variant.body)
        assert described["mime_type"] == "video/mp4"
        assert core.films.stats().jobs == 1
        assert (await core.films.job("film_info", request)).facts
    finally:
        await core.films.close()
    assert not core.pool.plans


async def test_fallback_picture_stands_for_no_description():
    core, error = ProxyCore(), SourceStatusError(404)
    with pytest.raises(SourceStatusError):
        await make_fallback(core, FakeProvider(error)).get(make_request(replace(PLAN, info=InfoFields())))
