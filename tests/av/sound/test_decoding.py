"""Tracks that are damaged, truncated, or have long gaps."""

import io

import av
import numpy as np
import pytest

from mememime_proxy.av.sound.decoding import mixed_channels
from mememime_proxy.errors import BrokenImageError, LimitError
from tests.support.sound_reading import sample_reader, samples_of
from tests.support.sounds import add_sound, container_sound, make_sound, tone


def test_truncated_file_is_no_whole_result_and_its_start_is_read():
    content = make_sound(tone(12.3), format="flac", codec="flac")
    cut = content[: len(content) * 2 // 3]
    with pytest.raises(BrokenImageError, match="ends after"):
        samples_of(cut, strict=True)
    with sample_reader(cut) as reader:
        assert reader.read_exactly(0, 48000).any()
    assert samples_of(container_sound("m4a"), strict=True).shape[1] == round(12.3 * 48000)


def test_damaged_packets_are_no_whole_result():
    noise = np.random.default_rng(1).normal(0, 0.2, (2, 480000))
    content = bytearray(make_sound(noise, format="flac", codec="flac"))
    for at in range(len(content) // 4, len(content) * 3 // 4, 5000):
        content[at : at + 200] = bytes(200)
    with pytest.raises(BrokenImageError):
        samples_of(bytes(content), strict=True)


def test_single_damaged_packet_is_passed_over():
    content = bytearray(make_sound(tone(30, 44100), 44100, format="mp3", codec="libmp3lame"))
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    assert abs(samples_of(bytes(content), strict=True).shape[1] - 30 * 44100) <= 2 * 1152


def test_gap_of_more_than_a_minute_is_refused():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        stream = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        add_sound(file, stream, tone(1, 8000, 1), 8000)
        add_sound(file, stream, tone(1, 8000, 1), 8000, 1_000_000 * 8000)
    with pytest.raises(LimitError, match="missing"):
        samples_of(buffer.getvalue())


@pytest.mark.parametrize(
    ("present", "limit", "mixed"), [(1, 2, 1), (2, 2, 2), (4, 6, 2), (6, 6, 6), (8, 6, 6), (8, 2, 2), (6, 1, 1)]
)
def test_channels_that_are_mixed_to(present, limit, mixed):
    assert mixed_channels(present, limit) == mixed


@pytest.mark.parametrize("layout", ["3.0", "4.0", "5.0", "5.1(side)", "6.1", "7.1"])
def test_every_layout_is_mixed_to_stereo(layout):
    channels = av.AudioLayout(layout).nb_channels
    assert samples_of(make_sound(tone(0.2, channels=channels), layout=layout)).shape == (2, 9600)
