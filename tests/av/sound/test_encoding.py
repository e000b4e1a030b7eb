"""Files of sound: exact lengths, clicks where they are, equal bytes, tags, limits."""

import io

import av
import numpy as np
import pytest

from mememime_proxy.av.sound.encoding import SoundTags, encode_sound
from mememime_proxy.av.sound.frames import LAYOUTS
from mememime_proxy.av.sound.outputs import OUTPUTS, bitrate_for
from mememime_proxy.errors import LimitError
from tests.support.sounds import click_times, clicks, decode, tone

RATES = {"opus": 48000, "m4a": 44100, "mp3": 44100, "flac": 44100, "wav": 44100}


def encoded(name, samples, channels=2, **more):
    output = OUTPUTS[name]
    parts = (samples[:, begin : begin + 5000] for begin in range(0, samples.shape[1], 5000))
    more = {"rate": RATES[name], "bitrate": bitrate_for(output, channels)} | more
    return encode_sound(parts, output, layout=LAYOUTS[channels], **more)


KINDS = [(name, channels) for name in OUTPUTS for channels in (1, 2, 6) if channels <= OUTPUTS[name].max_channels]


@pytest.mark.parametrize(("name", "channels"), KINDS)
@pytest.mark.parametrize("seconds", [0.01, 3.3457])
def test_length_is_exact_and_clicks_are_in_place(name, channels, seconds):
    samples = clicks(seconds, RATES[name], channels)
    content = encoded(name, samples, channels)
    heard, rate = decode(content)
    assert rate == RATES[name]
    assert heard.shape == samples.shape
    assert click_times(heard, rate, 0.1) == pytest.approx(click_times(samples, rate, 0.1), abs=0.001)


@pytest.mark.parametrize("name", OUTPUTS)
def test_equal_arguments_give_equal_bytes_without_the_name_of_a_program(name):
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 30000)).astype(np.float32)
    assert encoded(name, noise) == encoded(name, noise)
    assert b"Lavf6" not in encoded(name, noise)


def test_lossless_files_have_the_samples_bit_by_bit():
    samples = np.random.default_rng(1).integers(-(2**23), 2**23, (2, 9000)).astype(np.float32) / 2**23
    coarse = np.random.default_rng(2).integers(-(2**15), 2**15, (2, 9000)).astype(np.float32) / 2**15
    for name in ("flac", "wav"):
        assert np.array_equal(decode(encoded(name, samples, bits=24))[0], samples)
        assert np.array_equal(decode(encoded(name, coarse, bits=16))[0], coarse)


def test_index_of_m4a_is_first():
    content = encoded("m4a", tone(0.5))
    assert content[8:12] == b"M4A "
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("name", OUTPUTS)
def test_tags_are_those_that_were_given(name):
    tags = SoundTags(language="deu", texts={"title": "Für Elise", "artist": "B"})
    with av.open(io.BytesIO(encoded(name, tone(0.1), tags=tags))) as file:
        texts = file.metadata | file.streams.audio[0].metadata
        assert (texts["title"], texts["artist"]) == ("Für Elise", "B")
        assert file.streams.audio[0].language == ("deu" if name in {"m4a", "opus"} else None)


def test_result_that_is_too_large_is_refused():
    with pytest.raises(LimitError, match="10000"):
        encoded("wav", tone(1), max_size=10000)
    with pytest.raises(LimitError):
        encoded("m4a", tone(1), max_size=1000)


def test_bit_rate_is_obeyed():
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 96000)).astype(np.float32)
    for name in ("opus", "m4a", "mp3"):
        small, large = (len(encoded(name, noise, bitrate=rate)) for rate in (48, 160))
        assert 2 < large / small < 4.5
