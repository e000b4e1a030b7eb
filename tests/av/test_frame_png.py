"""A frame as a picture: sides, rotation, colours, bits."""

from fractions import Fraction

import numpy as np
import pytest
import pyvips

from mememime_proxy.av.frame_png import square_size
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.imaging.gate.png import walk
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.av_sources import frame_of
from tests.support.films import HEIGHT, WIDTH, film_bytes, number_in, numbered

AT_ONE = Plan(video_moment=VideoMoment(value=1))


def opened(variant):
    return pyvips.Image.new_from_buffer(variant.body, "")


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (None, (720, 576)),
        (Fraction(1), (720, 576)),
        (Fraction(16, 15), (768, 576)),
        (Fraction(8, 9), (640, 576)),
        (Fraction(1000), (720, 576)),
        (Fraction(1, 1000), (720, 576)),
    ],
)
def test_square_size_scales_the_width(aspect, size):
    assert square_size(720, 576, aspect) == size


def test_frame_has_square_pixels():
    frame = frame_of(film_bytes(aspect=Fraction(4, 3)), AT_ONE)
    image = opened(frame)
    assert (image.width, image.height) == (frame.width, frame.height) == (round(WIDTH * 4 / 3), HEIGHT)
    assert number_in(frame.body) == 25


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frame_is_upright(degrees):
    frame = frame_of(film_bytes(rotation=degrees), AT_ONE)
    image = opened(frame)
    assert (image.width, image.height) == ((WIDTH, HEIGHT) if degrees == 180 else (HEIGHT, WIDTH))
    # The rotation is that of FFmpeg: counterclockwise, by which the stored frame is shown.
    shown = np.rot90(numbered(25), degrees // 90)
    assert np.abs(image.numpy().astype(int) - shown).mean() < 12


def test_frame_is_read_by_the_gate_and_the_pipeline():
    frame = frame_of(film_bytes(), AT_ONE)
    header = walk(memoryview(frame.body))[0]
    assert (header.format, header.width, header.height) == ("png", WIDTH, HEIGHT)
    result = Renderer(RenderConfig()).render(frame.body, Plan(width=WIDTH // 2, format="webp"))
    assert (result.format, result.width, result.damage) == ("webp", WIDTH // 2, "")
    assert number_in(bytes(result.body)) == 25


def test_frame_of_more_than_eight_bits_has_sixteen():
    frame = frame_of(film_bytes(codec="libx264", pixel_format="yuv420p10le"), AT_ONE)
    assert opened(frame).format == "ushort"
    assert number_in(frame.body) == 25
    assert b"cICP" not in frame.body


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_says_so_and_is_tone_mapped_by_the_pipeline(transfer):
    frame = frame_of(film_bytes(pixel_format="yuv420p10le", color=(9, transfer)), AT_ONE)
    assert b"cICP" + bytes((9, transfer, 0, 1)) in frame.body
    result = Renderer(RenderConfig()).render(frame.body, Plan(format="png"))
    assert opened(result).format == "uchar"
    assert number_in(bytes(result.body)) == 25


def test_frame_of_a_wide_gamut_has_its_colours():
    frame = frame_of(film_bytes(color=(9, 1)), AT_ONE)
    assert b"cICP" + bytes((9, 13, 0, 1)) in frame.body


def test_black_and_white_of_video_range_are_those_of_the_picture():
    frame = frame_of(film_bytes(), AT_ONE)
    pixels = opened(frame).numpy()
    assert pixels.min() <= 3
    assert pixels.max() >= 252


def test_frame_past_the_limit_is_refused():
    content = film_bytes()
    with pytest.raises(LimitError, match="MEMEMIME_AV_MAX_RESOLUTION"):
        frame_of(content, max_pixels=WIDTH * HEIGHT - 1)
    with pytest.raises(LimitError):
        frame_of(film_bytes(aspect=Fraction(4, 3)), max_pixels=WIDTH * HEIGHT)
