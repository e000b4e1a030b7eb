"""A part of a film as it is coded: whole groups of pictures, from a key frame on, nothing of what it tells."""

import io

import av
import pytest

from mememime_proxy.av.moving.clip import span_of
from mememime_proxy.av.moving.remux import check_copy, copy_part
from mememime_proxy.av.moving.transcode import finished, open_output
from mememime_proxy.av.opening import container_in, open_film
from mememime_proxy.errors import LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from tests.support.av_sources import byte_source
from tests.support.films import container_film, film_bytes
from tests.support.moving import numbers_of, times_of


def copied(content, format_="mp4", start=0.0, duration=0.0, max_size=1 << 20):
    file = io.BytesIO()
    with byte_source(content) as source, open_film(source, container_in(source), FilmConfig()) as film:
        streams = [film.streams.video[0], *film.streams.audio[:1]]
        check_copy(format_, streams)
        with open_output(file, format_) as target:
            frames = copy_part(film, streams, target, file, span_of(start, duration, 2.0), max_size)
    return frames, finished(file, format_)


@pytest.mark.parametrize("container", ["mp4", "fragmented.mp4", "mkv", "ts", "flv", "mov"])
def test_copy_has_each_frame_at_its_time(container):
    frames, body = copied(container_film(container))
    assert (frames, numbers_of(body)) == (50, list(range(50)))
    assert times_of(body) == pytest.approx([number / 25 for number in range(50)], abs=0.002)


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "flv"])
def test_copy_of_a_part_begins_at_the_key_frame_before_it(container):
    _, body = copied(container_film(container), start=0.96, duration=0.4)
    numbers = numbers_of(body)
    assert numbers[0] == 20
    assert set(range(20, 34)) <= set(numbers)
    assert numbers == sorted(numbers)
    assert times_of(body)[0] == pytest.approx(0, abs=0.001)


def test_copy_keeps_sound_beside_the_pictures_and_no_tags():
    content = film_bytes("mp4", sound=True, tags={"title": "secret", "location": "+48.8577+002.295/"})
    _, body = copied(content, start=0.4)
    with av.open(io.BytesIO(body)) as film:
        sound = next(film.decode(audio=0))
        assert float(sound.pts * sound.time_base) == pytest.approx(0, abs=0.03)
        assert film.duration / av.time_base == pytest.approx(1.6, abs=0.06)
    assert b"secret" not in body
    assert b"48.85" not in body


def test_copy_into_a_format_that_does_not_hold_the_codec_is_refused():
    with pytest.raises(UnsupportedFormatError):
        copied(container_film("mp4"), "webm")
    assert copied(container_film("webm"), "webm")[0] == 50
    with pytest.raises(LimitError):
        copied(container_film("mp4"), max_size=500)
