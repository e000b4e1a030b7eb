"""Loudness of known signals, and gains."""

import numpy as np
import pytest

from mememime_proxy.av.film_facts import TrackLoudness
from mememime_proxy.av.sound.loudness import SILENCE, gain_for, measure
from tests.support.sounds import tone


def blocks(samples):
    return (samples[:, begin : begin + 5000] for begin in range(0, samples.shape[1], 5000))


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("level", [-12, -23, -40])
def test_sine_has_its_level(rate, level):
    """EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS."""
    measured = measure(blocks(tone(20, rate, amplitude=10 ** (level / 20), hertz=1000)), rate, "stereo")
    assert measured.integrated == pytest.approx(level, abs=0.1)
    assert measured.true_peak == pytest.approx(level, abs=0.05)


def test_true_peak_is_between_the_samples():
    """BS.1770: a sine of a quarter of the rate at 45 degrees has samples 3 dB below its peak."""
    wave = (0.5 * np.hanning(48000) * np.sin(np.arange(48000) * np.pi / 2 + np.pi / 4)).astype(np.float32)[None]
    assert 20 * np.log10(wave.max()) == pytest.approx(-9.03, abs=0.01)
    assert measure(blocks(wave), 48000, "mono").true_peak == pytest.approx(-6.02, abs=0.1)


def test_silence_has_no_loudness_and_gets_no_gain():
    for samples in (np.zeros((2, 96000), np.float32), np.zeros((2, 0), np.float32)):
        measured = measure(blocks(samples), 48000, "stereo")
        assert measured.integrated == SILENCE
        assert gain_for(measured, -16, -1) == 0


def test_gain_stops_at_the_peak():
    assert gain_for(TrackLoudness(-18.8, -2.81, 0), -16, -1) == pytest.approx(1.81)
    assert gain_for(TrackLoudness(-30, -20, 0), -16, -1) == 14
    assert gain_for(TrackLoudness(-10, 0, 0), -23, -1) == -13
