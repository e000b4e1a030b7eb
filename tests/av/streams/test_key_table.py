"""The table of a film's key frames says what its index says."""

import pytest

from mememime_proxy.av.opening import container_in, open_film
from mememime_proxy.av.streams import key_table
from mememime_proxy.av.streams.key_table import keys_of, read_keys
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.film_config import FilmConfig
from tests.support.av_sources import byte_source
from tests.support.films import film_bytes

CONFIG = FilmConfig()


def tables_of(content, container):
    """The table, and the answers of the index and of the table for times before, at and behind each key frame."""
    with byte_source(content) as source, open_film(source, container_in(source), CONFIG) as film:
        table, next_key = read_keys(film, container, CONFIG)
        times, time = [-1, 0, 1], -(1 << 40)
        while (found := next_key(time)) is not None:
            times += (found - 1, found, found + 1)
            time = found + 1
        known = keys_of(table)
        return table, [next_key(time) for time in times], [known(time) for time in times]


@pytest.mark.parametrize(("kind", "container"), [("mp4", "mp4"), ("matroska", "mkv")])
def test_table_answers_as_the_index(kind, container):
    table, index, known = tables_of(film_bytes(kind, frames=60, gop=7), container)
    assert known == index
    assert known[-1] is None
    assert len(table.deltas) == 9
    assert (table.first_decoded is None) == (container == "mkv")


def test_too_many_key_frames_have_no_table(monkeypatch):
    monkeypatch.setattr(key_table, "_MAX_KEYS", 3)
    table, index, known = tables_of(film_bytes("mp4", frames=60, gop=7), "mp4")
    assert table.deltas == ()
    assert len(set(index)) > 3
    assert set(known) == {None}


def test_container_without_an_index_is_refused():
    with pytest.raises(LimitError, match="index"):
        tables_of(film_bytes("mpegts", frames=30), "ts")
