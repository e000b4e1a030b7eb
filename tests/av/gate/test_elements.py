"""The gate for Matroska: how many texts pass, and where they are looked for."""

import pytest

from mememime_proxy.av.gate.elements import MAX_TAGS, check_elements
from mememime_proxy.errors import LimitError, SourceTooLargeError
from tests.hostile.films import ebml, elements
from tests.hostile.films.ebml import SEEK_HEAD, TAGS, TRACKS, clusters, element, matroska, number, text
from tests.support.av_sources import byte_source
from tests.support.films import container_film


def check(content):
    with byte_source(content) as source:
        check_elements(source)


def tags(count):
    one = element(0x67C8, text(0x45A3, "N") + text(0x4487, "x"))
    return element(TAGS, element(0x7373, one * count))


@pytest.mark.parametrize("name", ["mkv", "webm"])
def test_film_passes(name):
    check(container_film(name))


def test_as_many_texts_as_are_allowed_pass_and_one_more_does_not():
    check(matroska([tags(MAX_TAGS)]))
    with pytest.raises(LimitError, match="texts"):
        check(matroska([tags(MAX_TAGS + 1)]))


def test_texts_within_texts_count():
    with pytest.raises(LimitError):
        check(elements.deep_tags())


@pytest.mark.parametrize("in_between", [b"", clusters([0])])
def test_texts_behind_the_frames_count_where_a_seek_head_leads_there(in_between):
    def film(position, count):
        entry = element(0x4DBB, element(0x53AB, TAGS) + element(0x53AC, position.to_bytes(8, "big")))
        before = [element(SEEK_HEAD, entry), element(TRACKS, ebml.track_entry()), clusters([0]), in_between]
        at = len(ebml.info(2000.0)) + sum(map(len, before))
        return matroska([*before, tags(count)]), at

    _, at = film(0, 1)
    check(film(at, MAX_TAGS)[0])
    with pytest.raises(LimitError):
        check(film(at, MAX_TAGS + 1)[0])


def test_seek_heads_in_a_circle_end():
    check(elements.cyclic_seek_head())


def test_too_many_elements_are_refused():
    with pytest.raises(LimitError, match="elements"):
        check(matroska([number(0xEC, 0) * 30_000]))


@pytest.mark.parametrize("content", [b"", bytes(64), matroska()[:30], b"\x1a\x45\xdf\xa3" + b"\xff" * 64])
def test_what_is_no_film_is_left_to_the_demuxer(content):
    check(content)


def test_failure_of_the_source_is_raised():
    with byte_source(container_film("mkv")) as source:
        source.failure = SourceTooLargeError("too much")
        with pytest.raises(SourceTooLargeError):
            check_elements(source)
