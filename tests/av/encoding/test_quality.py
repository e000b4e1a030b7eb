from fractions import Fraction

import pytest

from mememime_proxy.av.encoding.quality import av1_crf, bit_rate_cap, h264_crf, hevc_crf, svt_preset, x264_preset


def test_quality_70_is_the_default_of_each_codec():
    assert (h264_crf(70), hevc_crf(70), av1_crf(70)) == (h264_crf(0), hevc_crf(0), av1_crf(0)) == (23, 28, 35)


def test_more_quality_is_a_lower_factor_within_the_range_of_each_codec():
    for crf, low, high in ((h264_crf, 17, 35), (hevc_crf, 22, 40), (av1_crf, 23, 63)):
        values = [crf(quality) for quality in range(1, 101)]
        assert values == sorted(values, reverse=True)
        assert (min(values), max(values)) == (low, high)


def test_presets_follow_the_speed():
    assert [x264_preset(speed) for speed in (9, 7, 4, 0)] == ["ultrafast", "veryfast", "medium", "placebo"]
    presets = [svt_preset(speed) for speed in range(10)]
    assert presets == sorted(presets)
    assert (presets[4], presets[7], presets[9]) == (7, 10, 13)


@pytest.mark.parametrize(
    ("size", "rate", "cap"),
    [
        ((426, 240), 30, 400_000),
        ((100, 100), 25, 400_000),
        ((640, 360), 30, 800_000),
        ((720, 1280), 25, 2_800_000),
        ((1280, 720), 50, 4_200_000),
        ((1000, 500), 25, 2_800_000),
        ((7680, 4320), 25, 64_000_000),
    ],
)
def test_cap_is_that_of_the_shorter_side(size, rate, cap):
    assert bit_rate_cap(*size, Fraction(rate)) == cap
