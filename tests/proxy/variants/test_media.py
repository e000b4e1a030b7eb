"""The provider of results of films and sound that are no single picture."""

from dataclasses import replace

import pytest

from mememime_proxy.errors import FormatDisabledError, UnsupportedFormatError
from mememime_proxy.memfd import memfd
from mememime_proxy.proxy.variants.keys import make_etag
from mememime_proxy.proxy.variants.media import MediaProvider
from mememime_proxy.proxy.variants.rendering import ResultSaver
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import JobFile, JobResult, WorkerJob
from tests.support.films import container_film
from tests.support.provider_chain import PLAN, FakeProvider, ProxyCore, make_request

STATE = SourceState('"1"')
CLIP = replace(PLAN, width=0, format="mp4")


class EncodingPool:
    """A pool whose workers return a clip."""

    def __init__(self):
        self.jobs = []

    async def run(self, job, *_):
        self.jobs.append(job)
        return JobResult(Variant("mp4", 4, 2, "mkv", 4, 2, body=b"clip"), 0.1, 0.2, facts=b"known")


class RenderingPool:
    """A pool whose workers return a stack of frames."""

    def __init__(self):
        self.jobs = []

    async def run_to_file(self, job, *_):
        self.jobs.append(job)
        return JobFile(Variant("png"), memfd("stack", b"frames"), 6, 0.1, 0.2)


class Films:
    def __init__(self):
        self.encoding = EncodingPool()
        self.containers = []
        self.learned = []

    async def job(self, operation, request):
        return WorkerJob(operation, request.plan)

    def learn(self, request, facts):
        self.learned.append((request.source.url, facts))

    async def get_for(self, container):
        self.containers.append(container)
        return self.encoding


async def provide(plan, content, films=None, core=None, pictures=None):
    core, films, following = core or ProxyCore(), films or Films(), FakeProvider()
    results = ResultSaver(core.cache, with_spans=True)
    provider = MediaProvider(films, pictures or RenderingPool(), core.metrics, results, following)
    original = Original(memfd("original", content), len(content), STATE)
    with original:
        request = make_request(plan, original=original, state=STATE)
        return request, await provider.get(request), films, following


async def test_result_of_a_film_is_made_in_its_pool_and_saved():
    core = ProxyCore()
    request, result, films, following = await provide(CLIP, container_film("mkv"), core=core)
    assert (result.variant.body, result.variant.format) == (b"clip", "mp4")
    assert result.etag == make_etag(request.key, '"1"')
    assert films.containers == ["mkv"]
    assert [(job.operation, job.plan) for job in films.encoding.jobs] == [("media", CLIP)]
    assert films.learned == [(PLAN.source, b"known")]
    assert dict(result.spans)["media"] == 0.2
    assert not following.requests
    assert core.cache.get_from_memory(make_request(CLIP)).result.variant.body == b"clip"


async def test_picture_of_a_film_is_passed_on():
    _, result, films, following = await provide(PLAN, container_film("mkv"))
    assert result is following.result
    assert not films.containers


async def test_picture_that_sound_is_wanted_of_is_refused():
    with pytest.raises(UnsupportedFormatError, match="neither a film nor sound"):
        await provide(replace(CLIP, format="mp3"), b"\xff\xd8\xff\xe0 and so on")


async def test_film_of_a_picture_is_made_of_its_rendered_frames():
    pictures, plan = RenderingPool(), replace(CLIP, width=8, quality=50)
    _, result, films, _ = await provide(plan, b"GIF89a and so on", pictures=pictures)
    assert result.variant.body == b"clip"
    (rendered,), (encoded,) = pictures.jobs, films.encoding.jobs
    assert (rendered.plan.format, rendered.plan.as_stack, rendered.plan.width) == ("png", True, 8)
    assert rendered.plan.background == (255, 255, 255)
    assert rendered.plan.limits.max_animation_frames > 1
    assert encoded.plan == plan


async def test_animation_of_a_picture_is_passed_on():
    media = replace(CLIP.media, clip_duration=2.0, fps=12.0)
    _, result, _, following = await provide(replace(PLAN, media=media), b"\xff\xd8\xff\xe0 and so on")
    assert result is following.result


async def test_films_that_are_switched_off_are_refused():
    core = ProxyCore(enable_video_thumbnails="0")
    with pytest.raises(FormatDisabledError, match="ENABLE_VIDEO_THUMBNAILS"):
        await provide(CLIP, container_film("mp4"), films=core.films, core=core)
