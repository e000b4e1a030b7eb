"""Facts of films and sound."""

import msgspec
import pytest
from msgspec import structs

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.film_facts import FilmFacts, KeyTable, decode_facts, encode_facts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.formats.film_config import FilmConfig
from tests.support.av_sources import byte_source
from tests.support.films import CONTAINERS, HEIGHT, WIDTH, container_film, film_bytes, wave


def look(content):
    with byte_source(content) as source:
        return FilmReader(FilmConfig()).look(source)


@pytest.mark.parametrize("container", CONTAINERS)
def test_film_tells_its_streams(container):
    facts = look(container_film(container))
    assert facts.container == container.rpartition(".")[2]
    (stream,) = facts.streams
    assert (stream.type, stream.width, stream.height) == ("video", WIDTH, HEIGHT)
    assert stream.fps == pytest.approx(25)
    assert facts.duration == pytest.approx(2, abs=0.3)


def test_film_with_sound_tells_both():
    facts = look(film_bytes(sound=True))
    video, audio = facts.streams
    assert (video.codec, audio.codec) == ("h264", "aac")
    assert (audio.frequency, audio.channels, audio.layout) == (48000, 2, "stereo")


def test_sound_tells_its_rate():
    facts = look(wave(0.5))
    assert facts.container == "wav"
    (stream,) = facts.streams
    assert (stream.type, stream.codec, stream.frequency, stream.channels) == ("audio", "pcm_s16le", 8000, 1)
    assert facts.duration == pytest.approx(0.5)


def test_tags_tell_no_place():
    facts = look(film_bytes(tags={"title": "A film", "location": "+47.3+008.5/"}))
    assert facts.tags["title"] == "A film"
    assert not any("location" in name for name in facts.tags)


def test_long_tags_are_cut():
    facts = look(film_bytes(tags={"comment": "x" * 100_000}))
    assert len(facts.tags["comment"]) == 1024


def test_facts_survive_the_wire():
    facts = look(film_bytes(sound=True))
    assert msgspec.json.decode(msgspec.json.encode(facts), type=FilmFacts) == facts


def test_facts_that_are_kept_come_back_and_too_many_are_not_kept():
    facts = FilmFacts("mp4", 2.5, 0.0, (), {"title": "x"}, (4, 2))
    assert decode_facts(encode_facts(facts)) == facts
    assert encode_facts(None) == b""
    assert decode_facts(b"") is None
    many = FilmFacts("mp4", 2.5, 0.0, (), {str(number): "x" * 1024 for number in range(60)})
    assert encode_facts(many) == b""
    keys = KeyTable("avc1", (1, 90_000), 0, 0, 2, 0, 0, 1, 1, tuple(range(1 << 15, 1 << 16)))
    assert decode_facts(encode_facts(structs.replace(facts, keys=keys))) == facts, "a large table alone is left out"


def test_facts_of_another_version_are_none():
    assert decode_facts(msgspec.msgpack.encode({"container": "mp4"})) is None
    assert decode_facts(b"\xc1") is None


def test_known_facts_are_not_looked_for_again():
    source = ByteSource(-1, 0)
    source.facts = FilmFacts("mp4", 2.5, 0.0, (), {"title": "x"})
    assert FilmReader(FilmConfig()).look(source) is source.facts
