"""Sample rates and bit rates of each kind of file."""

import pytest

from mememime_proxy.av.sound.outputs import OUTPUTS, bitrate_for, sample_rate_for
from mememime_proxy.errors import UnsupportedFormatError


@pytest.mark.parametrize(
    ("name", "source", "wanted", "rate"),
    [("opus", 44100, 0, 48000), ("m4a", 44100, 0, 48000), ("m4a", 44100, 44100, 44100), ("mp3", 44100, 0, 44100),
     ("mp3", 96000, 0, 48000), ("mp3", 37800, 0, 44100), ("flac", 96000, 0, 48000), ("flac", 96000, 96000, 96000),
     ("wav", 8000, 0, 8000), ("opus", 8000, 16000, 16000)],
)  # fmt: skip
def test_sample_rate(name, source, wanted, rate):
    assert sample_rate_for(OUTPUTS[name], source, wanted) == rate


@pytest.mark.parametrize(
    ("name", "channels", "wanted", "bitrate"),
    [("opus", 1, 0, 32), ("opus", 2, 0, 96), ("opus", 6, 0, 256), ("m4a", 2, 0, 128), ("m4a", 1, 0, 64),
     ("mp3", 2, 0, 0), ("mp3", 2, 320, 320), ("flac", 2, 0, 0), ("opus", 2, 64, 64)],
)  # fmt: skip
def test_bit_rate(name, channels, wanted, bitrate):
    assert bitrate_for(OUTPUTS[name], channels, wanted) == bitrate


def test_what_a_kind_does_not_have_is_refused_and_named():
    with pytest.raises(UnsupportedFormatError, match="44100"):
        sample_rate_for(OUTPUTS["opus"], 48000, 44100)
    with pytest.raises(UnsupportedFormatError, match="320"):
        bitrate_for(OUTPUTS["mp3"], 2, 400)
    with pytest.raises(UnsupportedFormatError, match="loss"):
        bitrate_for(OUTPUTS["wav"], 2, 128)
