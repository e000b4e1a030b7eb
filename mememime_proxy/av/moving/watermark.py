"""The operator's watermark over moving pictures: of the size and at the place that it has on a still."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.effects_plan import REPEAT, Watermark
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.watermark import mark_plan, mark_position, mark_tiles
from mememime_proxy.plan import ImageLimits

Pixels = np.ndarray[Any, Any]

_DEMUXERS: Final = {"png": "png_pipe", "jpeg": "jpeg_pipe", "webp": "webp_pipe", "bmp": "bmp_pipe"}
"""Of pictures that FFmpeg reads, by format."""


class WatermarkPicture:
    """The watermark, decoded once."""

    def __init__(self, data: bytes, opacity: float = 1.0) -> None:
        """``opacity``: that of the operator, times which that of a plan counts.

        Raises UnsupportedFormatError for a format that FFmpeg does not read, such as SVG.
        """
        self._pixels = _decode(data)
        self._opacity = opacity

    def on(self, width: int, height: int, watermark: Watermark, dpr: float) -> tuple[VideoFrame, int, int]:
        """Return it for frames of this size, with the left and top of its place."""
        size = width, height
        mark = self._sized(watermark, size, dpr)
        sides = mark.shape[1], mark.shape[0]
        if watermark.position == REPEAT:
            across, down, left, top = mark_tiles(size, sides)
            mark = np.tile(mark, (down, across, 1))[top : top + height, left : left + width]
            left = top = 0
        else:
            left, top = mark_position(watermark, size, sides, dpr)
        mark = mark.copy()
        mark[..., 3] = np.rint(mark[..., 3] * min(1.0, watermark.opacity * self._opacity))
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(mark), format="rgba")
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        return frame, left, top

    def _sized(self, watermark: Watermark, size: tuple[int, int], dpr: float) -> Pixels:
        plan = mark_plan(watermark, size, dpr, ImageLimits())
        height, width = self._pixels.shape[:2]
        geometry = calculate(width, height, 1, plan)
        mark = _resized(self._pixels, geometry.scaled_width, geometry.scaled_height)
        gap = geometry.padding(plan.padding)
        if not gap:
            return mark
        return np.pad(mark, ((gap.top, gap.bottom), (gap.left, gap.right), (0, 0)))


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Scale; colours of transparent pixels do not bleed into visible ones."""
    if pixels.shape[:2] == (height, width):
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    multiplied = np.concatenate((np.rint(pixels[..., :3] * alpha).astype(np.uint8), pixels[..., 3:]), axis=2)
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(multiplied), format="rgba")
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    scaled = frame.reformat(width=width, height=height, format="rgba", interpolation=flags, threads=1).to_ndarray()
    share = np.maximum(scaled[..., 3:].astype(np.float32), 1) / 255
    colors = np.clip(np.rint(scaled[..., :3] / share), 0, 255).astype(np.uint8)
    return np.concatenate((colors, scaled[..., 3:]), axis=2)


def _decode(data: bytes) -> Pixels:
    name = sniff(data)
    if name not in _DEMUXERS:
        raise UnsupportedFormatError(f"a watermark in {(name or 'an unknown format').upper()} is not laid over films")
    try:
        with av.open(io.BytesIO(data), "r", format=_DEMUXERS[name]) as file:
            pixels: Pixels = next(file.decode(video=0)).to_ndarray(format="rgba")
            return pixels
    except (FFmpegError, StopIteration) as error:
        raise UnsupportedFormatError("the watermark cannot be laid over films") from error
