"""The dispatch of results of films and sound."""

import io
import os

import pytest

from mememime_proxy.av import results
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from tests.support.av_sources import byte_source
from tests.support.films import av, container_film, film_bytes

CONFIG = FilmConfig()


@pytest.fixture
def source():
    content = container_film("mp4")
    descriptor = memfd("film", content)
    yield ByteSource(descriptor, len(content))
    os.close(descriptor)


def test_result_is_made_by_the_function_of_its_kind(source, monkeypatch):
    calls = []

    def make_sound(*arguments):
        calls.append(arguments)
        return Variant("mp3")

    monkeypatch.setitem(results.MAKERS, OutputKind.SOUND, make_sound)
    plan = Plan(format="mp3")
    assert results.make(source, plan, CONFIG).format == "mp3"
    assert calls == [(source, plan, CONFIG)]


@pytest.mark.parametrize("format_", ["", "webp"])
def test_picture_is_no_result_of_it(source, format_):
    with pytest.raises(UnsupportedFormatError, match="picture"):
        results.make(source, Plan(format=format_), CONFIG)


@pytest.mark.parametrize(
    ("allowed", "named", "found"),
    [
        (("av1", "opus"), {}, [("video", "av1"), ("audio", "opus")]),
        (("h264", "aac", "av1"), {}, [("video", "h264"), ("audio", "aac")]),
        (("h264", "opus"), {"audio_codec": "none"}, [("video", "h264")]),
    ],
)
def test_film_has_the_first_codecs_that_are_allowed_where_its_url_names_none(allowed, named, found):
    media = MediaPlan(encoder_speed=9, clip_duration=0.2, **named)
    with byte_source(film_bytes("mp4", sound=True)) as source:
        body = results.make(source, Plan(format="mp4", media=media), FilmConfig(codecs=allowed)).body
    with av.open(io.BytesIO(body)) as film:
        assert [(each.type, each.codec_context.codec.canonical_name) for each in film.streams] == found


def test_codec_that_is_named_and_a_format_without_an_allowed_one_are_refused(source):
    config = FilmConfig(codecs=("av1", "opus"))
    with pytest.raises(UnsupportedFormatError, match="h264: MEMEMIME_AV_CODECS allows av1, opus"):
        results.make(source, Plan(format="mp4", media=MediaPlan(video_codec="h264")), config)
    with pytest.raises(UnsupportedFormatError, match="AV_CODECS"):
        results.make(source, Plan(format="webm"), FilmConfig(codecs=("h264", "aac")))
