"""A sprite: frames of a film at equal steps, row by row in one picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame

from mememime_proxy.av.frame_png import color_of, encode_png, is_deep, upright_rgb, upright_size
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.film_still import MomentKind, VideoMoment, VideoTile

Pixels = np.ndarray[Any, Any]

MAX_TILES: Final = 1000


def make_sprite(
    grabber: FrameGrabber, tile: VideoTile, first: VideoMoment, max_pixels: int, *, key_frames: bool
) -> tuple[bytes, int, int]:
    """Return the sprite as a PNG, with its width and height; the first frame is the one at ``first``.

    Raises LimitError past ``max_pixels`` or ``MAX_TILES``, BrokenImageError where there is no frame.
    """
    count = tile.columns * tile.rows
    if count > MAX_TILES:
        raise LimitError(f"{count} tiles are more than {MAX_TILES}")
    canvas: Pixels | None = None
    color = None
    side = (0, 0)
    used = 0
    for number, frame in enumerate(tile_frames(grabber, tile, count, first, key_frames=key_frames)):
        aspect = grabber.stream.sample_aspect_ratio
        if canvas is None:
            side, deep, color = tile_size(upright_size(frame, aspect), tile), is_deep(frame), color_of(frame)
            if side[0] * side[1] * count > max_pixels:
                raise LimitError(f"{count} tiles of {side[0]}×{side[1]} pixels are more than {max_pixels}")
            canvas = np.zeros((tile.rows * side[1], tile.columns * side[0], 3), np.uint16 if deep else np.uint8)
        row, column = divmod(number, tile.columns)
        pixels = fit_tile(frame, aspect, tile, side, deep=canvas.dtype == np.uint16)
        canvas[row * side[1] : (row + 1) * side[1], column * side[0] : (column + 1) * side[0]] = pixels
        used = number + 1
    assert canvas is not None  # noqa: S101 - there is a first frame, or an error
    if tile.trim:
        rows, columns = -(-used // tile.columns), min(used, tile.columns)
        canvas = canvas[: rows * side[1], : columns * side[0]]
    return encode_png(canvas, color)


def tile_size(frame: tuple[int, int], tile: VideoTile) -> tuple[int, int]:
    """Return the sides of all tiles: those that were named, or the ones of a frame that is fitted into them."""
    if tile.extend or tile.fill:
        return tile.width, tile.height
    return _fitted(frame, tile)


def _fitted(frame: tuple[int, int], tile: VideoTile) -> tuple[int, int]:
    scale = min(Fraction(tile.width, frame[0]), Fraction(tile.height, frame[1]))
    return max(1, round(frame[0] * scale)), max(1, round(frame[1] * scale))


def tile_frames(
    grabber: FrameGrabber, tile: VideoTile, count: int, first: VideoMoment, *, key_frames: bool
) -> Iterator[VideoFrame]:
    """Yield the frames, at most ``count``, as far as the film goes."""
    yield grabber.grab(first, key_frames=key_frames)
    start = 0.0 if first.kind is MomentKind.AUTO else grabber.seconds_of(first)
    step = tile.step if tile.step > 0 else grabber.duration / count
    for number in range(1, count):
        seconds = start + number * step
        if not step or (grabber.duration and seconds >= grabber.duration):
            return
        yield grabber.grab(VideoMoment(value=seconds), key_frames=key_frames)


def fit_tile(
    frame: VideoFrame, aspect: Fraction | None, tile: VideoTile, side: tuple[int, int], *, deep: bool
) -> Pixels:
    """Return the pixels of a tile with the sides ``side`` (``tile_size``)."""
    width, height = upright_size(frame, aspect)
    if tile.fill:
        scale = max(Fraction(side[0], width), Fraction(side[1], height))
        size = max(side[0], round(width * scale)), max(side[1], round(height * scale))
        pixels = upright_rgb(frame, *size, deep=deep)
        left = _offset(size[0], side[0], tile.focus_x)
        top = _offset(size[1], side[1], tile.focus_y)
        return pixels[top : top + side[1], left : left + side[0]]
    if not tile.extend:
        return upright_rgb(frame, *side, deep=deep)
    size = _fitted((width, height), tile)
    pixels = np.zeros((side[1], side[0], 3), np.uint16 if deep else np.uint8)
    left, top = (side[0] - size[0]) // 2, (side[1] - size[1]) // 2
    pixels[top : top + size[1], left : left + size[0]] = upright_rgb(frame, *size, deep=deep)
    return pixels


def _offset(whole: int, part: int, focus: float) -> int:
    """Return where a part begins that has the focus point, a share of the whole, in its middle if it can."""
    return min(max(0, round(whole * focus - part / 2)), whole - part)
