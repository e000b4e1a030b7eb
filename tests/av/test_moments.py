"""The frame at a moment, in each container: numbers in the pixels say which one it is."""

from fractions import Fraction

import pytest

from mememime_proxy.av.films import open_pictures
from mememime_proxy.av.frame_png import to_png
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import MomentKind, VideoMoment
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source, frame_of
from tests.support.films import CONTAINERS, GOP, RATE, container_film, film_bytes, number_in

LAST = 49
SECONDS = [0, 0.04, 0.399, 0.4, 0.5, 1, 1.01, 1.96, 1.99, 3600]


def shown(content, moment, **more):
    return number_in(frame_of(content, Plan(video_moment=moment, **more)).body)


@pytest.mark.parametrize("container", CONTAINERS)
def test_frame_is_the_one_on_screen(container):
    content = container_film(container)
    for seconds in SECONDS:
        expected = min(int(seconds * RATE + 1e-6), LAST)
        assert shown(content, VideoMoment(value=seconds)) == expected, seconds


@pytest.mark.parametrize("container", [name for name in CONTAINERS if name != "mpg"])
def test_key_frame_is_the_last_one_before(container):
    content = container_film(container)
    for seconds in SECONDS:
        expected = min(int(seconds * RATE + 1e-6), LAST) // GOP * GOP
        assert shown(content, VideoMoment(value=seconds), video_key_frames=True) == expected, seconds


def test_moment_from_the_end_and_in_per_cent():
    content = container_film("mp4")
    assert shown(content, VideoMoment(value=-0.5)) == 37
    assert shown(content, VideoMoment(value=-99)) == 0
    assert shown(content, VideoMoment(MomentKind.PERCENT, 50)) == 25
    assert shown(content, VideoMoment(MomentKind.PERCENT, 100)) == LAST


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_variable_rate_is_exact(container):
    times = [0, 1, 2, 30, 31, 40, 90, 91, 92, 93]
    content = film_bytes(container, frames=len(times), times=times)
    for time in range(95):
        expected = max(number for number, start in enumerate(times) if start <= time)
        assert shown(content, VideoMoment(value=time / RATE + 0.001)) == expected, time


def test_film_that_begins_late_counts_from_its_start():
    content = film_bytes("mpegts", times=[100 + number for number in range(50)])
    assert shown(content, VideoMoment(value=0)) == 0
    assert shown(content, VideoMoment(value=1)) == RATE


def test_auto_shows_the_first_key_frame_that_is_neither_dark_nor_flat():
    content = film_bytes("mp4", frames=200, first=0b1111_1111_0000)
    dark = film_bytes("mp4", frames=20)
    assert shown(content, VideoMoment(MomentKind.AUTO)) == 0b1111_1111_0000
    assert shown(dark, VideoMoment(MomentKind.AUTO)) in range(3)


def test_auto_passes_over_dark_frames():
    numbers = [0] * 20 + [0b1010_1010_1010_10] * 380
    content = film_bytes("mp4", frames=400, numbers=numbers)
    assert shown(content, VideoMoment(MomentKind.AUTO)) == 0b1010_1010_1010_10


def test_frames_before_damage_are_shown():
    content = container_film("ts")
    assert shown(content[: len(content) // 2], VideoMoment(value=0.5)) == 12


def test_frame_is_the_same_each_time():
    first, second = (frame_of(container_film("mp4"), Plan(video_moment=VideoMoment(value=1))).body for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("number", [0, 9, 10, 33, 80])
def test_frames_from_a_moment_begin_before_it_and_leave_none_out(name, number):
    moment = Fraction(2 * number + 1, 2 * RATE)
    with byte_source(container_film(name)) as source, open_pictures(source, FilmConfig()) as grabber:
        frames = list(grabber.frames_from(moment))
    shown = [number_in(to_png(frame, None, 1 << 20)[0]) for _, frame in frames]
    assert shown == list(range(shown[0], 50))
    assert shown[0] <= number
    # Containers round times, some to milliseconds; of MPEG-PS, FFmpeg guesses them after a seek.
    assert name == "mpg" or all(
        abs(time - Fraction(each, RATE)) < Fraction(1, 500) for each, (time, _) in zip(shown, frames, strict=True)
    )
