"""The provider that shows a film by one of its frames."""

import asyncio
import os
from dataclasses import replace

import pytest

from mememime_proxy.errors import (
    FormatDisabledError,
    MissingDecoderError,
    OriginalForbiddenError,
    ShuttingDownError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import FORMATS, containers
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.output_rules import FormatPreference, OriginalPolicy
from mememime_proxy.memfd import memfd
from mememime_proxy.proxy.variants.films import FrameProvider
from mememime_proxy.sources.model import Original, SourceState
from tests.support.films import container_film, number_in
from tests.support.provider_chain import PLAN, FakeProvider, ProxyCore, make_request

STATE = SourceState('"1"')


def original_of(content):
    return Original(memfd("original", content), len(content), STATE)


class Following(FakeProvider):
    """A next provider that reads the original."""

    async def get(self, request):
        self.content = os.pread(request.original.fd, 1 << 24, 0)
        return await super().get(request)


@pytest.fixture
async def core():
    made = ProxyCore()
    yield made
    await made.films.close()


def provider(core, following, films=None):
    return FrameProvider(films or core.films, core.settings, core.metrics, following)


async def show(core, plan, content=None, films=None):
    following = Following()
    with original_of(container_film("mp4") if content is None else content) as original:
        request = make_request(plan, seconds=30, original=original, state=STATE)
        await provider(core, following, films).get(request)
    (passed_on,) = following.requests
    return passed_on, following.content


async def test_picture_is_passed_on_as_it_is(core):
    passed_on, content = await show(core, PLAN, b"\xff\xd8\xff\xe0 and so on")
    assert passed_on.plan is PLAN
    assert content.startswith(b"\xff\xd8")
    assert core.films.pool is None, "no worker for films is started"


async def test_film_is_passed_on_as_its_frame(core):
    plan = replace(PLAN, video_moment=VideoMoment(value=0.5), skip_processing=("png",))
    passed_on, content = await show(core, plan)
    assert number_in(content) == 12
    assert passed_on.key == make_request(plan).key, "it is the variant of the film"
    assert (passed_on.plan.format, passed_on.plan.skip_processing) == ("jpeg", ())
    assert passed_on.original.size == len(container_film("mp4"))
    assert "frame" in dict(passed_on.spans.seconds)
    assert core.films.stats().jobs == 1


async def test_format_of_the_url_and_of_the_client_stay(core):
    passed_on, _ = await show(core, replace(PLAN, format="webp"))
    assert passed_on.plan.format == "webp"
    passed_on, _ = await show(core, replace(PLAN, preference=FormatPreference(prefer_avif=True)))
    assert passed_on.plan.format == ""


async def test_installation_without_the_extra_names_it(core, monkeypatch):
    monkeypatch.setattr(containers, "MODULE", "no_such_module")
    with pytest.raises(MissingDecoderError, match="av") as caught:
        await show(core, PLAN)
    assert caught.value.status == 422
    assert caught.value.code == "image.decoder_missing"


async def test_films_that_are_switched_off_are_refused(core):
    off = ProxyCore(enable_video_thumbnails="0")
    with pytest.raises(FormatDisabledError, match="MEMEMIME_ENABLE_VIDEO_THUMBNAILS"):
        await show(core, PLAN, films=off.films)


async def test_closed_pool_starts_no_workers(core):
    await core.films.close()
    with pytest.raises(ShuttingDownError):
        await core.films.get_for("mp4")


async def test_concurrent_films_share_the_start_of_the_workers(core):
    first, second = await asyncio.gather(core.films.get_for("mp4"), core.films.get_for("mkv"))
    assert first is second is core.films.pool


async def test_animation_may_have_as_many_frames_as_its_url_asks_for(core):
    media = MediaPlan(clip_start=0.5, clip_duration=1, fps=5)
    passed_on, _ = await show(core, replace(PLAN, media=media))
    plan = passed_on.plan
    assert (plan.format, plan.limits.max_animation_frames, plan.skip_processing) == ("webp", 5, ())


async def test_raw_of_a_film_is_forbidden_where_places_are_stripped(core):
    plan = replace(PLAN, original_policy=OriginalPolicy.STRIP, skip_processing=tuple(FORMATS))
    with pytest.raises(OriginalForbiddenError, match="strip"):
        await show(core, plan, container_film("ts"))
    assert core.films.pool is None


async def test_storyboard_of_a_picture_is_refused(core):
    with pytest.raises(UnsupportedFormatError, match="storyboard"):
        await show(core, replace(PLAN, media=MediaPlan(member="sb/0.jpg")), b"\xff\xd8\xff\xe0 and so on")


async def test_facts_of_a_film_go_with_its_next_job_until_it_changes(core):
    core.films.learn(make_request(PLAN, state=STATE), b"facts")
    assert (await core.films.job("frame", make_request(replace(PLAN, width=9), state=STATE))).facts == b"facts"
    assert (await core.films.job("frame", make_request(PLAN, state=SourceState('"2"')))).facts == b""
    core.films.learn(make_request(PLAN, state=SourceState("")), b"facts")
    assert (await core.films.job("frame", make_request(PLAN, state=SourceState("")))).facts == b""


async def test_what_a_source_knows_of_a_film_is_asked_for_once_and_once_more_for_its_loudness(core):
    answers, asked = [b"tables", b"tables and loudness"], []

    async def film_facts():
        asked.append(True)
        return answers[len(asked) - 1]

    loud = replace(PLAN, media=MediaPlan(loudness=(-16.0, -1.0)))
    with original_of(b"film") as original:
        original.film_facts = film_facts
        for plan, facts, count in (
            (PLAN, b"tables", 1), (PLAN, b"tables", 1), (loud, b"tables and loudness", 2),
            (loud, b"tables and loudness", 2), (PLAN, b"tables and loudness", 2),
        ):  # fmt: skip
            job = await core.films.job("frame", make_request(plan, original=original, state=STATE))
            assert (job.facts, len(asked)) == (facts, count)


async def test_what_a_job_found_out_stays_where_the_source_knows_nothing(core):
    async def film_facts():
        return b""

    loud = replace(PLAN, media=MediaPlan(loudness=(-16.0, -1.0)))
    with original_of(b"film") as original:
        original.film_facts = film_facts
        core.films.learn(make_request(PLAN, original=original, state=STATE), b"found")
        job = await core.films.job("frame", make_request(loud, original=original, state=STATE))
        assert job.facts == b"found"


async def test_quarantine_of_a_film_is_ended_by_the_workers_for_films(core):
    assert core.films.forgive(PLAN.source) == 0
    await core.films.get_for("mp4")
    assert core.films.forgive(PLAN.source) == 0, "there is none"
