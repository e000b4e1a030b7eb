"""Spectrograms: a tone is a line at its frequency, at any length of sound."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.av.sound.drawing.spectrogram import draw_spectrogram
from tests.support.sounds import tone

RATE = 8000


def picture(samples, width=100, height=128):
    blocks = (samples[:, begin : begin + 5000] for begin in range(0, samples.shape[1], 5000))
    image = pyvips.Image.new_from_buffer(draw_spectrogram(blocks, width, height), "")
    assert (image.width, image.height) == (width, height)
    return image.numpy()[:, :, :3].astype(int).sum(axis=2)


@pytest.mark.parametrize("seconds", [2, 30, 600])
def test_tone_is_a_line_at_its_frequency_and_time(seconds):
    samples = np.concatenate((tone(seconds / 2, RATE, 1, 1, 1000), tone(seconds / 2, RATE, 1, 1, 3000)), axis=1)
    light = picture(samples)
    for column, hertz in ((10, 1000), (40, 1000), (60, 3000), (90, 3000)):
        assert light[:, column].argmax() == pytest.approx(128 - 128 * hertz / 4000, abs=2)
        assert light[:, column].max() > 600
        assert np.sort(light[:, column])[100] < 60


def test_silence_is_dark_and_short_sound_is_drawn():
    assert picture(np.zeros((1, RATE), np.float32)).max() < 10
    assert picture(tone(0.02, RATE, 1, 1, 1000)).max() > 100
    assert picture(np.zeros((1, 0), np.float32)).max() < 10
