from fractions import Fraction

import pytest

from mememime_proxy.av.encoding.levels import av1_level, h264_level
from mememime_proxy.errors import LimitError


@pytest.mark.parametrize(
    ("size", "rate", "level"),
    [
        ((426, 240), 30, 21),
        ((640, 360), 30, 30),
        ((854, 480), 30, 31),
        ((1280, 720), 30, 31),
        ((720, 1280), 30, 31),
        ((1280, 720), 60, 32),
        ((1920, 1080), 30, 40),
        ((1920, 1080), 60, 42),
        ((3840, 2160), 30, 51),
        ((3840, 2160), 60, 52),
        ((4096, 64), 30, 40),
        ((1280, 720), Fraction(30000, 1001), 31),
    ],
)
def test_h264_level_is_the_lowest_that_holds_the_frames(size, rate, level):
    assert h264_level(*size, Fraction(rate)) == level


def test_h264_level_holds_the_bits():
    assert h264_level(640, 360, Fraction(30), 12_500_000) == 30
    assert h264_level(640, 360, Fraction(30), 12_500_001) == 31


@pytest.mark.parametrize(("side", "rate", "level"), [(240, 30, 0), (360, 30, 1), (720, 30, 5), (1080, 60, 9)])
def test_av1_level_is_the_lowest_that_holds_the_frames(side, rate, level):
    assert av1_level(side * 16 // 9, side, Fraction(rate)) == level


@pytest.mark.parametrize("level", [h264_level, av1_level])
def test_frames_that_no_level_holds_are_refused(level):
    with pytest.raises(LimitError, match="is more than"):
        level(16384, 16384, Fraction(60))
