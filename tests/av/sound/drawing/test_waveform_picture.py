"""Pictures of waveforms: what is seen in which column."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.av.sound.drawing.waveform_picture import COLOR, columns_of, draw_png, draw_svg

HALVES = np.array([[[-16384, 16384]]] * 50 + [[[0, 0]]] * 50, np.int16)


def pixels(content):
    return pyvips.Image.new_from_buffer(content, "").numpy()


@pytest.mark.parametrize("width", [1, 7, 50, 99, 100, 101, 250])
def test_columns_show_every_pixel(width):
    peaks = np.random.default_rng(1).integers(-30000, 30000, (100, 1, 2)).astype(np.int16)
    columns = columns_of(peaks, width)
    assert columns.shape == (width, 1, 2)
    assert columns[:, :, 0].min() == peaks[:, :, 0].min()
    assert columns[:, :, 1].max() == peaks[:, :, 1].max()
    if width == 100:
        assert np.array_equal(columns, peaks)


def test_png_is_transparent_and_silence_is_a_line():
    image = pixels(draw_png(HALVES, 100, 40, None))
    assert image.shape == (40, 100, 4)
    assert (image[:, :, 3][:, 20] > 0).sum() == 20
    assert image[20, 20].tolist() == [*COLOR, 255]
    assert image[:, 80, 3].astype(int).sum() == pytest.approx(255, abs=2)


def test_png_on_a_background_has_no_transparency():
    image = pixels(draw_png(HALVES, 100, 40, (10, 20, 30)))
    assert image[0, 0].tolist() == [10, 20, 30]
    assert image[20, 20].tolist() == list(COLOR)


def test_channels_are_below_each_other():
    peaks = np.concatenate((HALVES, HALVES[::-1]), axis=1)
    image = pixels(draw_png(peaks, 100, 80, None))[:, :, 3] > 0
    assert image[:40, 20].sum() == 20
    assert image[40:, 80].sum() == 20
    assert image[40:, 20].sum() <= 2


@pytest.mark.parametrize("background", [None, (255, 255, 255)])
def test_svg_shows_the_same(background):
    drawing = draw_svg(HALVES, 100, 40, background)
    drawn = pixels(drawing).astype(int)
    expected = pixels(draw_png(HALVES, 100, 40, background)).astype(int)
    assert drawn.shape[:2] == (40, 100)
    middle = np.r_[5:45, 55:95]
    assert (
        np.abs(
            drawn[:, middle, 3 if background is None else 0] - expected[:, middle, 3 if background is None else 0]
        ).max()
        < 40
    )


def test_nothing_is_a_line():
    assert pixels(draw_png(np.zeros((0, 1, 2), np.int16), 10, 10, None))[5, 5, 3] > 0
