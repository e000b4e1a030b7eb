"""Samples by time: clicks at whole seconds, in each container, at each rate, wherever reading begins."""

import io
import os
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.sound.reader import open_sound
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.memfd import memfd
from tests.support.films import numbered
from tests.support.sound_reading import sample_reader, samples_of
from tests.support.sounds import CONTAINERS, add_sound, click_times, clicks, container_sound, make_sound, tone

SECONDS = 12.3
MILLISECOND = 0.001


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("rate", [44100, 48000])
def test_clicks_are_at_whole_seconds_wherever_reading_begins(name, rate):
    content, delay = container_sound(name), CONTAINERS[name].delay
    samples = samples_of(content, rate=rate)
    assert click_times(samples, rate) == pytest.approx([second + delay for second in range(13)], abs=MILLISECOND)
    assert abs(samples.shape[1] / rate - SECONDS) < 0.06  # the last packet of some codecs is filled up
    padded = np.pad(samples, ((0, 0), (0, rate)))
    with sample_reader(content, rate=rate) as reader:
        for first in (3 * rate + 17, 9 * rate - 1, 11 * rate + rate // 2):
            part = reader.read_exactly(first, rate)
            assert np.abs(part - padded[:, first : first + rate]).max() < 1e-3, first  # decoders of AC-3 dither
        before = reader.read_exactly(-8192, 8192 + rate)
    assert not before[:, :8000].any()
    assert np.abs(before[:, 8192:] - padded[:, :rate]).max() < 1e-4


def film(container, codec, *, late=0.0, gap=(0, 0), rate=44100, layout="stereo"):
    """A film of 20 s whose sound begins ``late`` and has a gap, in seconds."""
    buffer = io.BytesIO()
    samples = clicks(20, rate, 6 if layout == "5.1" else 2)
    with av.open(buffer, "w", format=container) as file:
        pictures = file.add_stream("flv" if container == "flv" else "mpeg4", rate=25)
        pictures.width, pictures.height, pictures.codec_context.gop_size = 224, 64, 100
        stream = file.add_stream(codec, rate=rate, layout=layout)
        done = round(late * rate)
        for number in range(500):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(pictures.encode(frame))
            end = (number + 1) * rate // 25
            if end > done:
                if not gap[0] <= number / 25 < gap[1]:
                    add_sound(file, stream, samples[:, done:end], rate, done)
                done = end
        file.mux(pictures.encode())
        file.mux(stream.encode())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "late"),
    [("mp4", "aac", 0), ("matroska", "aac", 0), ("mp4", "aac", 3), ("matroska", "aac", 3), ("mpegts", "mp2", 3),
     ("mov", "pcm_s16le", 3), ("matroska", "flac", 3), ("flv", "aac", 0), ("avi", "pcm_s16le", 0)],
)  # fmt: skip
def test_sound_of_a_film_begins_when_it_does(container, codec, late):
    content = film(container, codec, late=late)
    samples = samples_of(content, rate=48000)
    delay = 1024 / 44100 if container == "flv" else 0
    assert click_times(samples, 48000) == pytest.approx([second + delay for second in range(late, 20)], abs=MILLISECOND)
    assert np.abs(samples[:, : max(0, late * 48000 - 2048)]).max(initial=0) < 0.01
    with sample_reader(content, rate=48000) as reader:
        for second in (1, 6, 13):
            part = reader.read_exactly(second * 48000 - 100, 48000)
            assert np.abs(part - samples[:, second * 48000 - 100 :][:, :48000]).max() < 1e-4, second


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_gap_is_silent_and_moves_nothing(container):
    content = film(container, "flac", gap=(5.5, 9.5))
    samples = samples_of(content)
    assert click_times(samples, 44100) == pytest.approx([0, 1, 2, 3, 4, 5, *range(10, 20)], abs=MILLISECOND)
    with sample_reader(content) as reader:
        inside = reader.read_exactly(7 * 44100, 4 * 44100)
    assert np.array_equal(inside, samples[:, 7 * 44100 : 11 * 44100])


def test_edit_list_that_leaves_out_the_start_is_obeyed():
    content = bytearray(container_sound("m4a"))
    at = content.index(b"elst")
    count, duration, start = struct.unpack_from(">IIi", content, at + 8)
    assert (count, start) == (1, 1024)
    scale = duration / SECONDS
    struct.pack_into(">Ii", content, at + 12, round(duration - 2.25 * scale), 1024 + round(2.25 * 48000))
    samples = samples_of(bytes(content))
    assert samples.shape[1] / 48000 == pytest.approx(SECONDS - 2.25, abs=0.002)
    assert click_times(samples, 48000) == pytest.approx([second - 0.25 for second in range(1, 11)], abs=MILLISECOND)
    with sample_reader(bytes(content)) as reader:
        assert np.abs(reader.read_exactly(6 * 48000, 48000) - samples[:, 6 * 48000 : 7 * 48000]).max() < 1e-4


def test_surround_is_mixed_to_what_is_wanted():
    content = make_sound(clicks(2.5, 48000, 6), format="matroska", codec="ac3", layout="5.1(side)", bit_rate=448000)
    for channels in (1, 2, 6):
        samples = samples_of(content, channels=channels)
        assert samples.shape[0] == channels
        delay = click_times(samples, 48000)[0]  # that of AC-3, which Matroska does not tell here
        assert delay < 0.006
        assert click_times(samples, 48000) == pytest.approx([second + delay for second in range(3)], abs=MILLISECOND)


def test_samples_are_those_of_the_file_bit_by_bit():
    samples = np.random.default_rng(1).integers(-(2**23), 2**23, (2, 30000)).astype(np.float32) / 2**23
    assert np.array_equal(samples_of(make_sound(samples, codec="pcm_s24le")), samples)
    coarse = np.round(samples * 2**15).clip(-(2**15), 2**15 - 1).astype(np.float32) / 2**15
    assert np.array_equal(samples_of(make_sound(coarse, format="flac", codec="flac")), coarse)


def test_conversion_of_the_rate_keeps_the_tone_and_its_phase():
    samples = samples_of(make_sound(tone(3, 44100), 44100, codec="pcm_f32le"), rate=48000)
    expected = tone(3, 48000)
    assert samples.shape == expected.shape
    middle = slice(2000, -2000)
    assert np.abs(samples[:, middle] - expected[:, middle]).max() < 1e-3


def test_parts_that_are_read_apart_fit_together():
    content = make_sound(tone(4, 44100, 1), 44100, format="matroska", codec="flac")
    with sample_reader(content, rate=48000) as reader:
        parts = [reader.read_exactly(first, 10007) for first in range(0, 180000, 10007)]
    joined = np.concatenate(parts, axis=1)[:, : 4 * 48000]
    expected = tone(4, 48000, 1)[:, : joined.shape[1]]
    assert np.abs(joined[:, 1000:-1000] - expected[:, 1000:-1000]).max() < 1e-3


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("matroska", "pcm_s16le"), ("flac", "flac")])
def test_middle_of_a_long_track_is_read_by_ranges(container, codec):
    noise = np.random.default_rng(1).normal(0, 0.2, (1, 8000 * 600)).astype(np.float32)
    content = make_sound(noise, 8000, format=container, codec=codec)
    descriptor, have = memfd("sound", content), []
    source = ByteSource(descriptor, len(content), lambda offset, length: have.append(length))
    with open_sound(source, container.replace("matroska", "mkv"), FilmConfig()) as reader:
        part = reader.read_exactly(8000 * 400, 16000)
    os.close(descriptor)
    assert np.abs(part - noise[:, 8000 * 400 :][:, :16000]).max() < 1e-4
    assert sum(have) < 1 << 20 < len(content) / 4
