"""What the samples of a frame mean, and what those of the result do; code points of ITU-T H.273."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from av.video.frame import VideoFrame

from mememime_proxy.av.frame_png import HD, HDR, WIDE_PRIMARIES

_FULL_RANGE: Final = 2
_MATRICES: Final = {1: "bt709", 4: "fcc", 5: "bt470", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""Names of matrices in FFmpeg's ``scale``, by code point."""
BT709: Final = (1, 1, 1)
"""Primaries, transfer function and matrix of what is shown as sRGB."""
_BT601: Final = (6, 6, 6)


@dataclass(frozen=True, slots=True)
class FrameColor:
    """The colours of a frame. ``matrix``: '' for RGB."""

    primaries: int
    transfer: int
    matrix: str
    full_range: bool

    @property
    def is_hdr(self) -> bool:
        """PQ or HLG."""
        return self.transfer in HDR

    @property
    def needs_table(self) -> bool:
        """Whether samples have to change to be shown as sRGB."""
        return self.is_hdr or self.primaries in WIDE_PRIMARIES


@dataclass(frozen=True, slots=True)
class ResultColor:
    """The colours of the result, of limited range. ``table``: samples change to them by a table."""

    code_points: tuple[int, int, int]
    matrix: str
    table: bool = False
    deep: bool = False
    """10 bits a channel."""


def color_of(frame: VideoFrame) -> FrameColor:
    """Return what a frame says of its colours, and what its size says where it says nothing."""
    is_rgb = frame.format.is_rgb
    code = int(frame.colorspace)
    default = _MATRICES[1 if frame.height >= HD else 6]
    matrix = "" if is_rgb else _MATRICES.get(code, default)
    full = int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj")
    return FrameColor(int(frame.color_primaries), int(frame.color_trc), matrix, full)


def result_color(color: FrameColor, *, tone_map: bool, keep_hdr: bool) -> ResultColor:
    """Return the colours of the result: shown as sRGB, unless HDR is kept (10 bits) or ``tone_map`` is off."""
    if color.needs_table and (keep_hdr or not tone_map):
        code_points = color.primaries, color.transfer, 9
        return ResultColor(code_points, "bt2020", deep=keep_hdr)
    if color.needs_table:
        return ResultColor(BT709, "bt709", table=True)
    if color.matrix in ("bt470", "smpte170m", "fcc"):
        return ResultColor(_BT601, "smpte170m")
    return ResultColor(BT709, "bt709")
