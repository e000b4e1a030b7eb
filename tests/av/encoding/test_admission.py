"""Limits and costs of results of films and sound, from facts."""

from dataclasses import replace

import pytest

from mememime_proxy.av.encoding.admission import (
    check_codecs,
    check_cost,
    check_limits,
    codecs_of,
    cost_of,
    result_frames,
    wanted_seconds,
)
from mememime_proxy.av.film_facts import FilmFacts, StreamFacts
from mememime_proxy.errors import LimitError, TooLongError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan, VideoAnimation
from mememime_proxy.plan import Plan

CONFIG = FilmConfig()
PICTURES = StreamFacts("video", "h264", fps=25.0, width=1280, height=720)
SOUND = StreamFacts("audio", "aac", frequency=48_000, channels=2)


def film(seconds=10.0, *streams):
    return FilmFacts("mp4", seconds, 0.0, streams or (PICTURES, SOUND), {})


def plan(name="mp4", **options):
    fields = {key: options.pop(key) for key in ("width", "height") if key in options}
    return Plan(format=name, media=MediaPlan(**options), **fields)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 100),
        ({"clip_start": 30.0}, 70),
        ({"clip_start": 30.0, "clip_duration": 20.0}, 20),
        ({"clip_start": 90.0, "clip_duration": 20.0}, 10),
        ({"clip_start": -5.0}, 5),
        ({"clip_start": -200.0}, 100),
        ({"clip_start": 200.0}, 0),
    ],
)
def test_wanted_seconds_are_those_of_the_clip_within_the_film(options, expected):
    assert wanted_seconds(MediaPlan(**options), 100.0) == expected


def test_film_without_a_duration_counts_by_its_clip():
    assert wanted_seconds(MediaPlan(clip_duration=6.0), 0.0) == 6


@pytest.mark.parametrize(
    ("facts", "wanted", "named"),
    [
        (film(5 * 3600.0), plan("mp3"), "MEMEMIME_AV_MAX_DURATION"),
        (film(3 * 3600.0), plan("webm"), "MEMEMIME_AV_MAX_FRAMES"),
        (film(10.0, PICTURES, StreamFacts("audio", channels=9)), plan(), "9 channels"),
        (film(10.0, StreamFacts("audio", frequency=384_000)), plan("wav"), "384000 Hz"),
    ],
)
def test_original_over_a_limit_is_refused(facts, wanted, named):
    with pytest.raises(LimitError, match=named):
        check_limits(facts, wanted, CONFIG)


def test_clip_of_a_long_film_is_within_the_limits():
    check_limits(film(5 * 3600.0), plan(clip_start=60.0, clip_duration=6.0), CONFIG)


def test_frames_of_a_result_follow_its_rate():
    assert result_frames(film(), plan(), CONFIG) == 250
    assert result_frames(film(), plan(fps=10.0), CONFIG) == 100
    assert result_frames(film(), plan(fps=50.0), CONFIG) == 250
    assert result_frames(film(), plan(fps=50.0, fps_exact=True), CONFIG) == 500
    assert result_frames(film(), plan(speed=2.0), CONFIG) == 125
    assert result_frames(film(), plan("mp3"), CONFIG) == 0
    assert result_frames(film(), plan("gif", video_animation=VideoAnimation(1, 100, 7, 32, 18)), CONFIG) == 7
    assert result_frames(film(10.0, StreamFacts("video", fps=120.0, width=4, height=2)), plan(), CONFIG) == 600


def test_cost_is_that_of_the_specification():
    # 250 frames of 0.9216 MP: decoded at 300, encoded at 60 MP/s, and ten seconds of AAC at 60 s/s.
    assert cost_of(film(), plan(), CONFIG) == pytest.approx(230.4 / 300 + 230.4 / 60 + 10 / 60)
    assert cost_of(film(), plan(audio_codec="none", encoder_speed=9), CONFIG) == pytest.approx(
        230.4 / 300 + 230.4 / 170
    )
    assert cost_of(film(), plan("webm", audio_codec="none"), CONFIG) == pytest.approx(230.4 / 300 + 230.4 / 100)
    half = cost_of(film(), plan(audio_codec="none", height=360), CONFIG)
    assert half == pytest.approx(230.4 / 300 + 57.6 / 60)
    assert cost_of(film(), plan("mov", video_codec="copy", audio_codec="copy"), CONFIG) == 0
    assert cost_of(film(), plan("m3u8"), CONFIG) == 0
    assert cost_of(film(600.0), plan("opus"), CONFIG) == 5
    assert cost_of(film(600.0), plan("opus", loudness=(-16, -1)), CONFIG) == 8
    assert cost_of(film(600.0), plan("json"), CONFIG) == pytest.approx(1.2)


def test_result_over_seven_tenths_of_the_time_is_refused():
    check_cost(film(40.0), plan(), CONFIG)
    with pytest.raises(TooLongError, match="a request has 21"):
        check_cost(film(60.0), plan(), CONFIG)
    check_cost(film(60.0), plan(), replace(CONFIG, speed=2.0))
    check_cost(film(60.0), plan(), replace(CONFIG, timeout=60.0))


def test_codecs_that_the_operator_does_not_allow_are_refused():
    free = replace(CONFIG, codecs=("vp9", "av1", "opus"))
    check_codecs(plan("webm"), free)
    check_codecs(plan("mov", video_codec="copy", audio_codec="copy"), free)
    with pytest.raises(UnsupportedFormatError, match=r"h264: MEMEMIME_AV_CODECS allows vp9, av1, opus"):
        check_codecs(plan("mp4"), free)
    with pytest.raises(UnsupportedFormatError, match="mp3"):
        check_codecs(plan("mp3"), free)


def test_codec_of_a_plan_goes_before_that_of_its_output():
    assert codecs_of(plan("webm")) == ("av1", "opus")
    assert codecs_of(plan("webm", video_codec="vp9", audio_codec="none")) == ("vp9", "none")
