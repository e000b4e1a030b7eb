"""What is kept of a film or sound that is uploaded, and what is refused."""

import pytest

from mememime_proxy.av.film_facts import decode_facts, encode_facts
from mememime_proxy.av.inspection import inspect_film, measure_loudness
from mememime_proxy.av.results import make
from mememime_proxy.errors import BrokenImageError, ImageError, LimitError, TooLongError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source
from tests.support.films import CONTAINERS, HEIGHT, WIDTH, container_film, film_bytes, wave
from tests.support.sounds import container_sound


def inspect(content, **config):
    with byte_source(content) as source:
        return inspect_film(source, FilmConfig(**config))


@pytest.mark.parametrize("name", CONTAINERS)
def test_film_of_each_container_has_its_facts(name):
    facts = inspect(container_film(name))
    assert (facts.width, facts.height, facts.depth) == (WIDTH, HEIGHT, 8)
    assert facts.media_type.startswith("video/")
    assert [stream.type for stream in facts.streams] == ["video"]


def test_sides_are_those_of_the_upright_picture():
    facts = inspect(film_bytes(rotation=90))
    assert (facts.width, facts.height) == (HEIGHT, WIDTH)


def test_tables_of_a_film_are_found_and_its_loudness_is_measured_when_it_is_asked_for():
    film = film_bytes(frames=60, gop=20, rotation=90, sound=True)
    with byte_source(film) as source:
        inspect_film(source, FilmConfig())
        facts = source.facts
        assert (facts.quarters, facts.upright, facts.loudness) == (1, (HEIGHT, WIDTH), {})
        assert len(facts.keys.deltas) == 3
        measure_loudness(source, FilmConfig())
        assert set(source.facts.loudness) == {"1:2"}


def test_measured_loudness_changes_no_byte_and_spares_a_request_the_measuring():
    sound, config = container_sound("flac"), FilmConfig(timeout=0.1)
    plan = Plan(format="opus", media=MediaPlan(loudness=(-16.0, -1.0), clip_duration=2.0))
    with byte_source(sound) as source:
        expected = make(source, plan, FilmConfig())
    with byte_source(sound) as source, pytest.raises(TooLongError):
        make(source, plan, config)
    with byte_source(sound) as source:
        measure_loudness(source, config)
        known = source.facts
    with byte_source(sound) as source:
        source.facts = decode_facts(encode_facts(known))
        assert make(source, plan, config) == expected
        assert source.facts == known


@pytest.mark.parametrize(("transfer", "color"), [(16, "bt2020-pq"), (18, "bt2020-hlg"), (1, "srgb")])
def test_colours_are_told(transfer, color):
    facts = inspect(film_bytes(pixel_format="yuv420p10le", color=(9, transfer)))
    assert (facts.color_space, facts.depth) == (color, 10)


def test_places_are_not_kept():
    facts = inspect(film_bytes(tags={"location": "+52.5+13.4/", "creation_time": "2024-01-02T03:04:05Z"}))
    assert facts.exif == {"taken": "2024-01-02T03:04:05.000000Z"}
    assert "52.5" not in repr(facts)


def test_title_is_kept_as_text_that_can_be_shown():
    assert inspect(film_bytes(tags={"title": " Sea \u202eand\n sky"})).exif == {"title": "Sea and sky"}
    assert len(inspect(film_bytes(tags={"title": "x" * 900})).exif["title"]) == 200


def test_sound_has_no_sides():
    facts = inspect(wave(1.0))
    assert (facts.media_type, facts.width, facts.height, facts.duration_ms) == ("audio/vnd.wave", 0, 0, 1000)


def test_film_that_ends_before_its_index_does_is_broken():
    content = container_film("moov-first.mp4")
    with pytest.raises(BrokenImageError, match="ends before"):
        inspect(content[:-100])


@pytest.mark.parametrize("content", [b"", b"text", b"ID3" + bytes(5000), b"RIFF\0\0\0\0WAVEfmt " + bytes(50)])
def test_what_cannot_be_decoded_is_refused(content):
    with pytest.raises(ImageError):
        inspect(content)


def test_limits_hold():
    with pytest.raises(LimitError):
        inspect(film_bytes(), max_pixels=WIDTH * HEIGHT - 1)
    with pytest.raises(UnsupportedFormatError):
        inspect(film_bytes("matroska", codec="ffv1"))
