"""Frames of a film for an animated picture: a stack that the picture pipeline renders as any animation.

Frames are stored no larger than the plan needs them: what a decoder of pictures does where it can load them smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame

from mememime_proxy.av.frame_png import color_of, is_deep, upright_rgb, upright_size
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.av.moving.clip import ClipFrames, output_rate, span_of
from mememime_proxy.av.moving.stack_file import StackWriter
from mememime_proxy.av.sprite import fit_tile, tile_frames, tile_size
from mememime_proxy.errors import BrokenImageError, LimitError, OptionError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoTile
from mememime_proxy.formats.frame_stack import MAX_FRAMES
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.numbers import scale
from mememime_proxy.plan import Plan

Pixels = np.ndarray[Any, Any]

_MILLISECONDS: Final = 1000
_GIF_UNIT: Final = 10
"""Milliseconds in which a GIF counts."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of frames. Sides: nominal ones of a frame."""

    body: bytes
    width: int
    height: int
    frames: int


def make_stack(grabber: FrameGrabber, plan: Plan, config: FilmConfig) -> Stack:
    """Return the frames of the animated picture that a plan asks for.

    Raises OptionError, LimitError where pictures could not have so many frames of this size, BrokenImageError.
    """
    if plan.media.fade_in or plan.media.fade_out:
        raise OptionError("fade: not done to animated pictures")
    return _clip(grabber, plan, config) if plan.media.video_animation is None else _steps(grabber, plan)


def _clip(grabber: FrameGrabber, plan: Plan, config: FilmConfig) -> Stack:
    """Return a part of a film at a number of frames a second."""
    media = plan.media
    stream = grabber.stream
    rate = output_rate(stream.guessed_rate, stream.average_rate, media.fps, exact=media.fps_exact, limit=config.max_fps)
    span = span_of(media.clip_start, media.clip_duration, grabber.duration)
    clip = iter(ClipFrames(grabber, span, rate, speed=media.speed, deinterlace=media.deinterlace))
    first = next(clip, None)
    if first is None:
        raise BrokenImageError("the film has no frame that can be decoded")
    size = upright_size(first[1], stream.sample_aspect_ratio)
    horizontal, vertical = calculate(*size, 1, plan).stored_scale()
    stored = max(1, scale(size[0], min(1.0, horizontal))), max(1, scale(size[1], min(1.0, vertical)))
    deep = is_deep(first[1])
    writer = StackWriter(color_of(first[1]))
    last: tuple[VideoFrame, Pixels] | None = None
    for _, frame in chain([first], clip):
        _check(stored, writer.frames + 1, plan)
        if last is None or last[0] is not frame:
            last = frame, upright_rgb(frame, *stored, deep=deep)
        writer.add(last[1])
    delays = _delays(writer.frames, rate, _GIF_UNIT if plan.format == "gif" else 1)
    return Stack(writer.finish(size, delays, media.loop), *size, writer.frames)


def _steps(grabber: FrameGrabber, plan: Plan) -> Stack:
    """Return frames at equal steps, each fitted to a frame as a sprite's are to its tiles.

    Frames past the end of the film are black, or left out where the plan says ``trim``.
    """
    wanted = plan.media.video_animation
    if wanted is None:
        raise ValueError("a plan without an animation of single frames")
    tile = VideoTile(
        wanted.step,
        wanted.frames,
        1,
        wanted.width,
        wanted.height,
        wanted.extend,
        wanted.trim,
        wanted.fill,
        wanted.focus_x,
        wanted.focus_y,
    )
    count = tile.columns
    _check((tile.width, tile.height), count, plan)
    writer: StackWriter | None = None
    pixels: Pixels | None = None
    side, deep = (0, 0), False
    for frame in tile_frames(grabber, tile, count, plan.video_moment, key_frames=plan.video_key_frames):
        aspect = grabber.stream.sample_aspect_ratio
        if writer is None:
            writer, deep = StackWriter(color_of(frame)), is_deep(frame)
            side = tile_size(upright_size(frame, aspect), tile)
        pixels = fit_tile(frame, aspect, tile, side, deep=deep)
        writer.add(pixels)
    if writer is None or pixels is None:
        raise BrokenImageError("the film has no frame that can be decoded")
    if not tile.trim:
        for _ in range(count - writer.frames):
            writer.add(np.zeros_like(pixels))
    return Stack(writer.finish(side, (wanted.delay,) * writer.frames, plan.media.loop), *side, writer.frames)


def _check(side: tuple[int, int], frames: int, plan: Plan) -> None:
    """Raise LimitError where pictures could not have so many frames of this size."""
    limits, pixels = plan.limits, side[0] * side[1]
    if frames > MAX_FRAMES:
        raise LimitError(f"more than {MAX_FRAMES} frames of an animation")
    if limits.max_animation_frame_resolution > 0:
        if pixels > limits.max_animation_frame_resolution:
            raise LimitError(
                f"{side[0]}×{side[1]} pixels a frame are more than {limits.max_animation_frame_resolution}"
            )
    elif 0 < limits.max_src_resolution < pixels * frames:
        raise LimitError(f"{frames} frames of {side[0]}×{side[1]} pixels are more than {limits.max_src_resolution}")


def _delays(count: int, rate: Fraction, unit: int) -> tuple[int, ...]:
    """Return the delays in milliseconds, in steps of ``unit``: rounded so that frames do not drift."""
    times = (unit * round(Fraction(number * _MILLISECONDS, unit) / rate) for number in range(count + 1))
    return tuple(max(unit, end - begin) for begin, end in pairwise(times))
