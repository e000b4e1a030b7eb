"""Speed, gain, fades and the limit at full scale."""

import numpy as np
import pytest

from mememime_proxy.av.sound.effects import amplify, change_speed, fade, limit
from tests.support.sounds import click_times, tone

RATE = 48000


def blocks(samples, length=1000):
    return (samples[:, begin : begin + length] for begin in range(0, samples.shape[1], length))


def joined(parts):
    return np.concatenate(list(parts), axis=1)


@pytest.mark.parametrize("speed", [0.25, 0.4, 0.5, 0.77, 1, 1.5, 2, 4])
def test_speed_gives_an_exact_length_and_keeps_the_pitch(speed):
    samples = joined(change_speed(blocks(tone(5)), RATE, "stereo", speed))
    assert samples.shape[1] == round(5 * RATE / speed)
    spectrum = np.abs(np.fft.rfft(samples[0]))
    assert np.argmax(spectrum) * RATE / samples.shape[1] == pytest.approx(997, abs=3)


@pytest.mark.parametrize("speed", [0.5, 2])
def test_speed_moves_what_is_heard(speed):
    samples = tone(8) * (np.arange(8 * RATE) % RATE < RATE // 5)
    heard = joined(change_speed(blocks(samples), RATE, "stereo", speed))
    assert click_times(heard, RATE, 0.2) == pytest.approx([second / speed for second in range(8)], abs=0.06)


def test_speed_of_nothing_is_nothing():
    assert list(change_speed(iter(()), RATE, "mono", 2)) == []


def test_gain_is_in_decibels():
    assert joined(amplify(blocks(tone(0.1)), -20)).max() == pytest.approx(tone(0.1).max() / 10, rel=1e-5)


@pytest.mark.parametrize("length", [100, 1000, 3333, 9999])
def test_fades_are_linear_whatever_the_blocks(length):
    ones = np.ones((1, 10000), np.float32)
    samples = joined(fade(blocks(ones, length), 4000, 2000))[0]
    assert samples[:4000] == pytest.approx(np.arange(4000) / 4000, abs=1e-4)
    assert samples[4000:8000] == pytest.approx(1)
    assert samples[8000:] == pytest.approx(np.arange(1999, -1, -1) / 2000, abs=1e-4)


def test_fade_that_is_longer_than_the_sound_ends_in_silence():
    samples = joined(fade(blocks(np.ones((1, 1000), np.float32)), 0, 4000))[0]
    assert samples[0] == pytest.approx(0.25, abs=1e-3)
    assert samples[-1] == 0


def test_limit_is_full_scale():
    assert joined(limit(iter([np.array([[-3, -0.5, 2]], np.float32)]))).tolist() == [[-1, -0.5, 1]]
