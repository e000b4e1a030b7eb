import io

import pytest

from mememime_proxy.av.frame_png import upright_rgb
from mememime_proxy.av.streams.fitting import fit, fit_all
from tests.support.films import av, film_bytes, np


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_are_upright(rotation):
    with av.open(io.BytesIO(film_bytes(rotation=rotation, frames=1, first=5))) as film:
        frame = next(film.decode(video=0))
    size = (112, 32) if rotation % 180 == 0 else (32, 112)
    found = fit(frame, *size).to_ndarray(format="gray").astype(int)
    assert np.abs(found - upright_rgb(frame, *size, deep=False)[:, :, 0]).max() <= 2


def test_a_frame_that_comes_again_is_fitted_once():
    frames = [av.VideoFrame.from_ndarray(np.zeros((90, 80), np.uint8), format="yuv420p") for _ in range(2)]
    found = list(fit_all([(3, frames[0]), (4, frames[0]), (5, frames[1])], 40, 20))
    assert [number for number, _ in found] == [3, 4, 5]
    assert found[0][1] is found[1][1]
    assert found[1][1] is not found[2][1]


def test_full_range_becomes_limited():
    white = av.VideoFrame.from_ndarray(np.full((60, 40), 255, np.uint8), format="yuvj420p")
    white.color_range = 2
    assert fit(white, 40, 40).to_ndarray()[0, 0] == 235
