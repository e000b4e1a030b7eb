"""Short films: the right frames at the right times, whatever the film is; the numbers in its pixels say which."""

from fractions import Fraction

import pytest

from mememime_proxy.errors import LimitError, MissingStreamError, OptionError
from mememime_proxy.plan import Plan
from tests.support.films import container_film, film_bytes, wave
from tests.support.moving import combing, film_of, frames_of, interlaced, numbers_of, times_of

FRAMES = list(range(50))


@pytest.mark.parametrize("container", ["mp4", "fragmented.mp4", "mov", "mkv", "webm", "ts", "avi", "flv"])
def test_whole_film_has_each_frame_once(container):
    film = film_of(container_film(container), encoder_speed=9)
    assert (film.frames, numbers_of(film.body)) == (50, FRAMES)
    assert times_of(film.body) == pytest.approx([number / 25 for number in FRAMES])


@pytest.mark.parametrize(("format_", "codec"), [("mp4", "hevc"), ("mp4", "av1"), ("webm", "av1"), ("webm", "vp9")])
def test_each_codec_has_each_frame_once(format_, codec):
    film = film_of(container_film("mp4"), format=format_, video_codec=codec, clip_duration=0.4, encoder_speed=9)
    assert numbers_of(film.body) == FRAMES[:10]


@pytest.mark.parametrize("container", ["mp4", "ts"])
@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"clip_start": 0.44, "clip_duration": 0.4}, FRAMES[11:21]),
        ({"clip_start": -0.4}, FRAMES[40:]),
        ({"clip_start": 1.8, "clip_duration": 9}, FRAMES[45:]),
        ({"fps": 5}, FRAMES[2::5]),
        ({"fps": 50, "fps_exact": True, "clip_duration": 0.2}, [number // 2 for number in range(10)]),
        ({"speed": 2}, FRAMES[::2]),
        ({"speed": 0.5, "clip_duration": 0.2}, [number // 2 for number in range(10)]),
    ],
)
def test_part_and_rate_and_speed_show_the_frames_on_screen(container, options, numbers):
    if container == "ts" and options.get("clip_start") == -0.4:
        numbers = FRAMES[40:]
    assert numbers_of(film_of(container_film(container), encoder_speed=9, **options).body) == numbers


def test_film_of_a_variable_rate_shows_at_each_time_the_frame_that_was_on_screen():
    times = [0, 1, 4, 5, 6, 12, 13, 20, 21, 22]
    film = film_of(film_bytes("matroska", frames=10, times=times), fps=25, fps_exact=True, encoder_speed=9)
    shown = [max(number for number, time in enumerate(times) if time <= at) for at in range(23)]
    assert numbers_of(film.body)[:23] == shown


def test_equal_plans_give_equal_bytes():
    for format_ in ("mp4", "webm"):
        first, second = (film_of(container_film("mp4"), format=format_, encoder_speed=9).body for _ in range(2))
        assert first == second


def test_film_begins_with_its_index_and_tells_nothing_of_its_original():
    film = film_of(film_bytes("mp4", tags={"location": "+48.8577+002.295/", "title": "secret"}), encoder_speed=9)
    assert film.body.index(b"moov") < film.body.index(b"mdat")
    assert b"secret" not in film.body
    assert b"48.85" not in film.body


def test_fades_darken_the_first_and_last_frames():
    white = film_bytes("mp4", numbers=[0x3FFF] * 50)
    frames = frames_of(film_of(white, fade_in=0.4, fade_out=0.4, encoder_speed=9).body)
    light = [pixels.mean() for pixels in frames]
    assert light[0] < 30
    assert light[5] == pytest.approx(128, abs=30)
    assert light[25] > 240
    assert light[-1] < 40
    assert light == sorted(light[:25]) + sorted(light[25:], reverse=True) or max(light[12:38]) - min(light[12:38]) < 3


@pytest.mark.parametrize(
    ("plan", "name"),
    [
        (Plan(sharpen=1), "sharpen"),
        (Plan(pixelate=8), "pixelate"),
        (Plan(max_bytes=1000), "max_bytes"),
    ],
)
def test_what_cannot_be_done_to_moving_pictures_is_refused_by_name(plan, name):
    with pytest.raises(OptionError, match=name):
        film_of(container_film("mp4"), plan)


def test_what_does_not_fit_is_refused():
    with pytest.raises(OptionError, match="clip"):
        film_of(container_film("mp4"), clip_start=5)
    with pytest.raises(OptionError, match="video_codec"):
        film_of(container_film("mp4"), video_codec="vp9")
    with pytest.raises(LimitError):
        film_of(container_film("mp4"), max_size=1000)
    with pytest.raises(MissingStreamError):
        film_of(wave())


def test_rate_of_a_film_by_1001_stays_exact():
    content = film_bytes("mp4", rate=Fraction(30000, 1001), frames=31)
    film = film_of(content, encoder_speed=9)
    assert numbers_of(film.body) == list(range(31))
    assert times_of(film.body)[30] == pytest.approx(30 * 1001 / 30000, abs=1e-6)


def test_interlaced_frames_become_whole_ones_and_none_is_lost():
    content = interlaced()
    plain, whole = (frames_of(film_of(content, deinterlace=on).body) for on in (False, True))
    assert len(plain) == len(whole) == 12
    assert combing(whole[6]) < combing(plain[6]) / 3
