from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.av.streams.timeline import SOUND_FRAME, SOUND_RATE, grid_timeline, segment_frames, table_timeline

NTSC = Fraction(30000, 1001)
rates = st.sampled_from([Fraction(25), NTSC, Fraction(24000, 1001), Fraction(60), Fraction(1, 2), Fraction(15)])
durations = st.fractions(Fraction(1, 100), 400, max_denominator=1_000_000)


def test_a_segment_lasts_a_whole_number_of_frames():
    timeline = grid_timeline(NTSC, 1001 / NTSC, 6)
    assert segment_frames(NTSC, 6) == 180
    assert timeline.count == 6
    assert timeline.video(1) == (180, 360)
    assert timeline.video(5) == (900, 1001)
    assert timeline.video_seconds()[:2] == [Fraction("6.006")] * 2


@given(rates, durations, st.integers(2, 10))
def test_segments_cover_the_film_without_gaps(rate, duration, seconds):
    timeline = grid_timeline(rate, duration, seconds)
    for kind, end in ((timeline.video, timeline.boundaries[-1]), (timeline.sound, timeline.sound_end)):
        parts = [kind(number) for number in range(timeline.count)]
        assert parts[0][0] == 0
        assert parts[-1][1] == end
        assert all(before[1] == after[0] for before, after in pairwise(parts))
        assert all(first < last for first, last in parts)


@given(rates, durations, st.integers(2, 10))
def test_sound_begins_at_the_first_frame_that_is_not_before_the_pictures(rate, duration, seconds):
    timeline = grid_timeline(rate, duration, seconds)
    for number in range(timeline.count):
        late = Fraction(timeline.sound(number)[0] * SOUND_FRAME, SOUND_RATE) - timeline.video(number)[0] / rate
        assert 0 <= late < Fraction(SOUND_FRAME, SOUND_RATE)
    assert sum(timeline.video_seconds()) == timeline.boundaries[-1] / rate
    assert sum(timeline.sound_seconds()) == Fraction(timeline.sound_end * SOUND_FRAME, SOUND_RATE)


def test_a_last_segment_shorter_than_a_frame_of_sound_has_one():
    timeline = grid_timeline(Fraction(60), Fraction(361, 60), 6)
    assert timeline.video(1) == (360, 361)
    assert timeline.sound(1) == (282, 283)


def test_a_table_decides_where_segments_begin():
    timeline = table_timeline(Fraction(25), 20, (0, 160, 330, 500))
    assert [timeline.video(number) for number in range(3)] == [(0, 160), (160, 330), (330, 500)]


@pytest.mark.parametrize(
    ("rate", "seconds", "frames"), [(NTSC, 2, 60), (Fraction(1, 9), 2, 1), (Fraction(25), 2.5, 62)]
)
def test_segments_have_at_least_a_frame(rate, seconds, frames):
    assert segment_frames(rate, seconds) == frames
