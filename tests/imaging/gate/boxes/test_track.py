"""The track of an AVIF sequence: frames that are counted, checked one by one, and that share no data."""

import struct
from dataclasses import replace

import pytest

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.imaging.codecs.frames.test_avif import animation

CONFIG = RenderConfig(avif_animation=True)
LIMITS = ImageLimits(max_animation_frames=10)


def test_track_frames_are_counted_up_to_the_limit():
    header, _ = inspect(animation(), LIMITS, CONFIG)
    assert (header.pages, header.animated, header.loop) == (4, True, 0)
    assert inspect(animation(), replace(LIMITS, max_animation_frames=2), CONFIG)[0].pages == 3
    assert inspect(animation(), LIMITS, RenderConfig())[0].pages == 1


def test_track_without_a_repeating_edit_list_is_shown_once():
    data = animation().replace(b"elst\x01\x00\x00\x01", b"elst\x01\x00\x00\x00")
    assert inspect(data, LIMITS, CONFIG)[0].loop == 1


def test_track_with_a_larger_later_frame_is_refused():
    small, large = animation(size=(64, 48)), animation(size=(1600, 1200))
    start = large.index(b"mdat") + 4
    data = bytearray(small)
    offset, (sizes,) = data.index(b"stco") + 12, struct.unpack_from(">I", small, small.index(b"stsz") + 12)
    assert sizes == 4
    first = struct.unpack_from(">I", large, large.index(b"stsz") + 16)[0]
    struct.pack_into(">I", data, offset, len(data))
    struct.pack_into(">4I", data, data.index(b"stsz") + 16, first, first, first, first)
    data += large[start : start + first] * 4
    with pytest.raises(LimitError):
        inspect(bytes(data), LIMITS, CONFIG)


def test_track_whose_chunks_are_the_same_bytes_again_and_again_is_refused():
    data = bytearray(animation())
    struct.pack_into(">2I", data, data.index(b"stsz") + 8, len(data), 1_000_000)
    struct.pack_into(">I", data, data.index(b"stsc") + 16, 1)
    table = data.index(b"stco")
    assert data[table + 20 : table + 24] == b"stss"  # of which this table takes the place
    struct.pack_into(">I", data, table - 4, 40)
    struct.pack_into(">7I", data, table + 8, 6, *[0] * 6)
    with pytest.raises(LimitError):
        inspect(bytes(data), LIMITS, CONFIG)
