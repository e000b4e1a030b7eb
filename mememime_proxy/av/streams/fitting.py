"""Frames of a film as an encoder takes them: scaled, upright, with square pixels, 8 bits a channel, limited range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation

from mememime_proxy.av.moving.color import BT709, ResultColor
from mememime_proxy.av.moving.filters import FrameFilter, Look
from mememime_proxy.av.moving.layout import FrameLayout

_ALGORITHMS: Final = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_PIXELS: Final = "yuv420p"


def fit_all(frames: Iterable[tuple[int, VideoFrame]], width: int, height: int) -> Iterator[tuple[int, VideoFrame]]:
    """Yield frames with their numbers, each fitted to these even sides. One that comes again is fitted once."""
    shown: VideoFrame | None = None
    fitted: VideoFrame | None = None
    for number, frame in frames:
        if fitted is None or frame is not shown:
            shown, fitted = frame, fit(frame, width, height)
        yield number, fitted


def map_all(
    frames: Iterable[tuple[int, VideoFrame]], width: int, height: int, rate: Fraction, aspect: Fraction | None
) -> Iterator[tuple[int, VideoFrame]]:
    """Yield frames of HDR, or with wide primaries, as ``fit_all`` does, in the colours of sRGB: those of their stills.

    ``aspect``: width of the film's pixels by their height.
    """
    layout = FrameLayout(
        crop=None,
        scaled=(width, height),
        rotate=0,
        flip_horizontal=False,
        flip_vertical=False,
        result_crop=None,
        canvas=None,
        background=(0, 0, 0),
        width=width,
        height=height,
        dpr=1.0,
    )
    shown = FrameFilter(layout, Look(color=ResultColor(BT709, "bt709", table=True)), rate, aspect)
    for number, frame in frames:
        yield number, shown.apply(number, frame)


def fit(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """Return a frame, upright, with these even sides, by Lanczos' filter below a half of its own, else bicubic."""
    quarters = round(frame.rotation / 90) % 4
    across, down = (height, width) if quarters % 2 else (width, height)
    is_small = 2 * across < frame.width or 2 * down < frame.height
    algorithm = Interpolation.LANCZOS if is_small else Interpolation.BICUBIC
    scaled = frame.reformat(
        width=across,
        height=down,
        format=_PIXELS,
        dst_color_range=ColorRange.MPEG,
        interpolation=algorithm | _ALGORITHMS,
        threads=1,
    )
    return _rotate(scaled, quarters) if quarters else scaled


def _rotate(frame: VideoFrame, quarters: int) -> VideoFrame:
    """Return a frame turned counterclockwise by right angles."""
    width, height = frame.width, frame.height
    samples = frame.to_ndarray().reshape(-1)
    luma = width * height
    planes: list[np.ndarray[Any, Any]] = [
        samples[:luma].reshape(height, width),
        samples[luma : luma + luma // 4].reshape(height // 2, width // 2),
        samples[luma + luma // 4 :].reshape(height // 2, width // 2),
    ]
    flat = np.concatenate([np.rot90(plane, quarters).reshape(-1) for plane in planes])
    across = height if quarters % 2 else width
    turned = VideoFrame.from_ndarray(flat.reshape(-1, across), format=_PIXELS)
    turned.color_range, turned.colorspace = frame.color_range, frame.colorspace
    turned.color_primaries, turned.color_trc = frame.color_primaries, frame.color_trc
    return turned
