"""Sprites: which frames, where they are, how they are fitted."""

import io
from fractions import Fraction

import numpy as np
import pytest
import pyvips
from PIL import Image

from mememime_proxy.av.sprite import MAX_TILES, tile_size
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.plan import Plan
from tests.support.av_sources import frame_of
from tests.support.films import HEIGHT, WIDTH, container_film, film_bytes, number_in

FILM = container_film("mp4")
START = VideoMoment(value=0.0)


def sprite(content=FILM, moment=START, **tile):
    made = VideoTile(**({"step": -1.0, "columns": 3, "rows": 2, "width": WIDTH, "height": HEIGHT} | tile))
    variant = frame_of(content, Plan(video_moment=moment, video_tile=made))
    return pyvips.Image.new_from_buffer(variant.body, "")


def numbers_in(image, columns, rows):
    width, height = image.width // columns, image.height // rows
    tiles = [
        image.crop(column * width, row * height, width, height) for row in range(rows) for column in range(columns)
    ]
    return [number_in(tile.pngsave_buffer()) for tile in tiles]


def test_negative_step_spreads_the_frames_over_the_film():
    image = sprite()
    assert (image.width, image.height) == (3 * WIDTH, 2 * HEIGHT)
    # A sixth of two seconds is eight and a third frames.
    assert numbers_in(image, 3, 2) == [0, 8, 16, 25, 33, 41]


def test_positive_step_is_in_seconds_from_the_moment():
    assert numbers_in(sprite(step=0.2, moment=VideoMoment(value=0.4)), 3, 2) == [10, 15, 20, 25, 30, 35]


def test_frames_closer_than_those_of_the_film_repeat():
    assert numbers_in(sprite(step=0.02), 3, 2) == [0, 0, 1, 1, 2, 2]


def test_key_frames_are_taken_where_they_are_wanted():
    tile = VideoTile(-1.0, 3, 2, WIDTH, HEIGHT)
    variant = frame_of(FILM, Plan(video_moment=START, video_tile=tile, video_key_frames=True))
    assert numbers_in(pyvips.Image.new_from_buffer(variant.body, ""), 3, 2) == [0, 0, 10, 20, 30, 40]


def test_tiles_past_the_end_are_black_or_left_out():
    assert numbers_in(sprite(step=0.8), 3, 2) == [0, 20, 40, 0, 0, 0]
    image = sprite(step=0.8, trim=True)
    assert (image.width, image.height) == (3 * WIDTH, HEIGHT)
    image = sprite(step=1.2, trim=True)
    assert (image.width, image.height) == (2 * WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("tile", "size"),
    [
        ({}, (112, 32)),
        ({"extend": True}, (112, 100)),
        ({"fill": True}, (112, 100)),
    ],
)
def test_tile_has_the_sides_of_a_fitted_frame_unless_it_is_filled_up(tile, size):
    made = VideoTile(-1.0, 2, 1, 112, 100, **tile)
    assert tile_size((WIDTH, HEIGHT), made) == size
    image = sprite(columns=2, rows=1, width=112, height=100, **tile)
    assert (image.width, image.height) == (2 * size[0], size[1])


def test_extended_tile_has_black_bars():
    content = film_bytes(numbers=[(1 << 14) - 1] * 50)
    pixels = sprite(content, columns=1, rows=1, width=112, height=100, extend=True).numpy()
    assert pixels[:30].max() < 10
    assert pixels[40:60].min() > 240
    assert pixels[-30:].max() < 10


@pytest.mark.parametrize(("focus", "bright"), [(0.0, True), (1.0, False)])
def test_filled_tile_shows_what_is_in_focus(focus, bright):
    content = film_bytes(numbers=[0b1111111] * 50)  # white on the left, black on the right
    pixels = sprite(content, columns=1, rows=1, width=32, height=32, fill=True, focus_x=focus).numpy()
    assert bool(np.mean(pixels) > 128) is bright


def test_sprite_of_an_upright_film_has_upright_tiles():
    image = sprite(film_bytes(rotation=90, aspect=Fraction(1)), columns=2, rows=1, width=64, height=224)
    assert (image.width, image.height) == (2 * HEIGHT, WIDTH)


def test_sprite_is_a_picture_of_the_pipeline():
    tile = VideoTile(-1.0, 2, 2, 50, 50)
    body = frame_of(FILM, Plan(video_moment=START, video_tile=tile)).body
    assert Image.open(io.BytesIO(body)).format == "PNG"


def test_sprite_past_the_limits_is_refused():
    with pytest.raises(LimitError):
        sprite(columns=MAX_TILES, rows=2, width=1, height=1)
    with pytest.raises(LimitError):
        sprite(columns=100, rows=10, width=1000, height=1000)
