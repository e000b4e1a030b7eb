"""Quality, speed and bit rate of video encoders: from the scales of URLs to those of each encoder."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

DEFAULT_SPEED: Final = 7
FASTEST: Final = 9
_PRESETS: Final = (
    *("placebo", "veryslow", "slower", "slow", "medium", "fast", "faster", "veryfast", "superfast", "ultrafast"),
)
"""Of x264 and x265, from speed 0 on."""
_SVT_PRESETS: Final = (6, 6, 6, 6, 7, 8, 9, 10, 12, 13)
_CAPS: Final = ((240, 400), (360, 800), (480, 1_400), (720, 2_800), (1_080, 5_000), (1_440, 9_000), (2_160, 16_000))
"""kbit/s that a stream has at most, by its shorter side, up to 30 frames a second."""
_USUAL_RATE: Final = 30
_FAST_FACTOR: Final = Fraction(3, 2)
"""Bits of more frames a second."""


def x264_preset(speed: int) -> str:
    """Return the preset of x264 and x265 for a speed, 0 slowest – 9 fastest."""
    return _PRESETS[speed]


def svt_preset(speed: int) -> int:
    """Return the preset of SVT-AV1 for a speed; 10 of speed 7 takes about the time of x264's ``veryfast``."""
    return _SVT_PRESETS[speed]


def h264_crf(quality: int) -> int:
    """Return the constant rate factor of x264 for a quality of 1–100; 0 = 23, which is 70."""
    return min(35, max(17, round(51 - 0.4 * quality))) if quality else 23


def hevc_crf(quality: int) -> int:
    """Return the constant rate factor of x265, whose scale looks alike five steps later; 0 = 28."""
    return h264_crf(quality) + 5


def av1_crf(quality: int) -> int:
    """Return the constant rate factor of SVT-AV1 and of libvpx, which have the same scale; 0 = 35, which is 70."""
    return round(63 - 0.4 * quality) if quality else 35


def bit_rate_cap(width: int, height: int, rate: Fraction) -> int:
    """Return the bits a second that a stream of this size has at most, a table of steps by its shorter side."""
    side = min(width, height)
    kilobits: Fraction | int = next((cap for step, cap in _CAPS if side <= step), 0)
    if not kilobits:
        step, cap = _CAPS[-1]
        kilobits = cap * Fraction(side, step) ** 2
    return int(1000 * kilobits * (_FAST_FACTOR if rate > _USUAL_RATE else 1))
