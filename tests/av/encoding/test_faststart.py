"""The index before the samples: the same samples, and nothing else moves."""

import io

import av
import pytest

from mememime_proxy.av.encoding.faststart import move_index_first
from tests.support.films import film_bytes
from tests.support.sounds import clicks, decode, make_sound


def packets(content):
    with av.open(io.BytesIO(content)) as file:
        return [(packet.stream_index, packet.pts, bytes(packet)) for packet in file.demux() if packet.size]


@pytest.mark.parametrize("content", [film_bytes(sound=True), make_sound(clicks(3.3, 48000), format="mp4", codec="aac")])
def test_index_is_before_the_samples_and_packets_are_the_same(content):
    moved = move_index_first(content)
    assert content.index(b"moov") > content.index(b"mdat")
    assert moved.index(b"moov") < moved.index(b"mdat")
    assert len(moved) == len(content)
    assert packets(moved) == packets(content)
    assert decode(moved)[0].shape == decode(content)[0].shape


def test_index_that_is_first_stays():
    content = move_index_first(film_bytes())
    assert move_index_first(content) is content
    assert move_index_first(b"no boxes") == b"no boxes"
