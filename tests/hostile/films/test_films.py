"""Each hostile film once by the functions of a worker: what comes of it, CPU time, memory, bytes read, no packet sent.

The bars hold on a busy machine, too. ``python -m tests.hostile.films.trials`` has more changes of more films.
"""

from __future__ import annotations

import contextlib
import socket

import pytest

from mememime_proxy.av.opening import open_film
from mememime_proxy.errors import ImageError
from mememime_proxy.formats.containers import CONTAINERS
from mememime_proxy.formats.film_config import FilmConfig
from tests.hostile.films import texts
from tests.hostile.films.catalogue import FILMS, KINDS, fault, measure
from tests.hostile.films.measuring import CRASH, MIB, Measured, read_film
from tests.hostile.films.mutations import SEEDS, mutations, seed, truncations, written
from tests.hostile.films.records import ANY, PICTURE
from tests.support.av_sources import byte_source

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", FILMS)
def test_film_stays_within_its_bars(name):
    assert not measure(FILMS[name])


def test_names_are_unique():
    assert sum(len(list(kind.records())) for kind in KINDS) == len(FILMS)


def test_a_fault_is_found():
    record = FILMS["mkv-zlib"]
    good = Measured({"info": "9", "frame": "8x8"}, 0.1, MIB, 10, 0)
    assert not fault(record, 10, good)
    for wrong in (
        Measured({"info": "9", "frame": "image.corrupt"}, 0.1, MIB, 10, 0),
        Measured(good.results, 9.0, MIB, 10, 0),
        Measured(good.results, 0.1, 999 * MIB, 10, 0),
        Measured(good.results, 0.1, MIB, 10**9, 0),
        Measured({"all": CRASH}, 0.1, MIB, 10, 11),
        Measured({}, 0.1, MIB, 10, 0),
    ):
        assert fault(record, 10, wrong)


@pytest.mark.parametrize("call", ["socket", "connect"])
def test_process_that_reaches_for_the_network_is_ended(call):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ready:

        def reach(_reader, _source):
            if call == "socket":
                socket.socket()
            else:
                ready.connect(("127.0.0.1", 9))
            return "it could"

        assert read_film(b"", actions={"reach": reach}).signal == 31


@pytest.mark.parametrize("text", [texts.sdp, texts.hls, texts.concat, texts.dash])
def test_text_that_was_taken_for_a_film_leads_nowhere(text):
    """Each demuxer that may be used gets it: none passes it on to another one, or to a protocol."""

    def open_all(_reader, source):
        for container in CONTAINERS:
            with contextlib.suppress(ImageError), open_film(source, container, FilmConfig()) as film:
                assert not [packet for packet in film.demux() if b"localhost" in bytes(packet)]
        return "refused"

    assert read_film(text(), actions={"open": open_all}).results == {"open": "refused"}


def outcomes(contents):
    found = [read_film(content, cpu=10) for content in contents]
    return [
        measured
        for measured in found
        if measured.signal
        or measured.memory > 256 * MIB
        or not {PICTURE if "x" in value else value for name, value in measured.results.items() if name != "info"} <= ANY
    ]


@pytest.mark.parametrize("name", SEEDS)
def test_changed_film_is_refused_or_shows_a_frame(name):
    assert not outcomes(mutations(name, 6))


@pytest.mark.parametrize("name", SEEDS)
def test_film_truncated_at_each_twentieth_is_refused_or_shows_a_frame(name):
    assert not outcomes(truncations(seed(name)))


def test_film_of_our_writers_truncated_at_each_twentieth_is_refused_or_shows_a_frame():
    for content in written().values():
        assert not outcomes(truncations(content))


def test_subtitles_of_an_avi_are_told_and_never_opened():
    """Their packet is a file of another kind; the demuxer may open it as subtitles of a list, and as nothing else."""
    content = texts.avi_with_subtitles(texts.hls())
    with byte_source(content) as source, open_film(source, "avi", FilmConfig()) as film:
        assert [stream.type for stream in film.streams] == ["video", "subtitle"]
        assert len([packet for packet in film.demux(video=0) if packet.size]) == 50
