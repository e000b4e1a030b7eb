"""Levels of codecs: the lowest one that holds frames of a size at a rate. Fixed ones, so that playlists can name them.

Sources: ITU-T H.264 table A-1; AV1 Bitstream & Decoding Process Specification, annex A.3.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Final, NamedTuple

from mememime_proxy.errors import LimitError

_MACROBLOCK: Final = 16
_HIGH_FACTOR: Final = Fraction(5, 4)
"""Bit rate of profile High, by that of Main."""


class _H264Level(NamedTuple):
    code: int
    """Ten times the level: what the SPS has."""
    rate: int
    """Macroblocks a second."""
    size: int
    """Macroblocks a frame."""
    bits: int
    """kbit/s, profile Main."""


_H264: Final = (
    _H264Level(21, 19_800, 792, 4_000),
    _H264Level(30, 40_500, 1_620, 10_000),
    _H264Level(31, 108_000, 3_600, 14_000),
    _H264Level(32, 216_000, 5_120, 20_000),
    _H264Level(40, 245_760, 8_192, 20_000),
    _H264Level(41, 245_760, 8_192, 50_000),
    _H264Level(42, 522_240, 8_704, 50_000),
    _H264Level(50, 589_824, 22_080, 135_000),
    _H264Level(51, 983_040, 36_864, 240_000),
    _H264Level(52, 2_073_600, 36_864, 240_000),
    _H264Level(60, 4_177_920, 139_264, 240_000),
    _H264Level(61, 8_355_840, 139_264, 480_000),
    _H264Level(62, 16_711_680, 139_264, 800_000),
)


class _Av1Level(NamedTuple):
    code: int
    """``seq_level_idx``."""
    size: int
    """Samples of luma a frame."""
    width: int
    height: int
    rate: int
    """Samples of luma a second."""


_AV1: Final = (
    _Av1Level(0, 147_456, 2_048, 1_152, 4_423_680),
    _Av1Level(1, 278_784, 2_816, 1_584, 8_363_520),
    _Av1Level(4, 665_856, 4_352, 2_448, 19_975_680),
    _Av1Level(5, 1_065_024, 5_504, 3_096, 31_950_720),
    _Av1Level(8, 2_359_296, 6_144, 3_456, 70_778_880),
    _Av1Level(9, 2_359_296, 6_144, 3_456, 141_557_760),
    _Av1Level(12, 8_912_896, 8_192, 4_352, 267_386_880),
    _Av1Level(13, 8_912_896, 8_192, 4_352, 534_773_760),
    _Av1Level(14, 8_912_896, 8_192, 4_352, 1_069_547_520),
    _Av1Level(16, 35_651_584, 16_384, 8_704, 1_069_547_520),
    _Av1Level(17, 35_651_584, 16_384, 8_704, 2_139_095_040),
    _Av1Level(18, 35_651_584, 16_384, 8_704, 4_278_190_080),
)


def h264_level(width: int, height: int, rate: Fraction, max_rate: int = 0) -> int:
    """Return ten times the level, at least 2.1. ``max_rate``: bits a second that the stream has at most; 0 = any.

    Raises LimitError for frames that no level holds.
    """
    columns, rows = -(-width // _MACROBLOCK), -(-height // _MACROBLOCK)
    size = columns * rows
    for level in _H264:
        fits = size <= level.size and max(columns, rows) ** 2 <= 8 * level.size
        if fits and size * rate <= level.rate and max_rate <= 1000 * level.bits * _HIGH_FACTOR:
            return level.code
    raise LimitError(f"{width}×{height} at {ceil(rate)} frames a second is more than H.264 holds")


def av1_level(width: int, height: int, rate: Fraction) -> int:
    """Return ``seq_level_idx`` of the level. Raises LimitError for frames that no level holds."""
    size = width * height
    for level in _AV1:
        if size <= level.size and width <= level.width and height <= level.height and size * rate <= level.rate:
            return level.code
    raise LimitError(f"{width}×{height} at {ceil(rate)} frames a second is more than AV1 holds")
