from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.av.encoding.rate_grid import RateGrid, choose_rate

rates = st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60), Fraction(7, 3)])
times = st.lists(st.fractions(0, 4, max_denominator=90_000), min_size=1, max_size=60).map(sorted)


def shown(times, number, rate):
    """The rule, as it is written: the last source frame before (n + ½)/r, else the first."""
    earlier = [index for index, time in enumerate(times) if time < (number + Fraction(1, 2)) / rate]
    return max(earlier, default=0)


@given(times, rates, st.integers(0, 120), st.integers(0, 120))
def test_any_range_of_the_grid_is_that_of_the_rule(times, rate, first, count):
    placed = list(RateGrid(rate).place(zip(times, range(len(times)), strict=True), first, first + count))
    assert placed == [(number, shown(times, number, rate)) for number in range(first, first + count)]


@given(times, rates, st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_ranges_side_by_side_are_the_whole(times, rate, lengths):
    grid, frames = RateGrid(rate), list(zip(times, range(len(times)), strict=True))
    parts, start = [], 0
    for length in lengths:
        # A later range may begin with any source frame that is not behind its first one.
        begin = shown(times, start, rate)
        parts += grid.place(frames[begin:], start, start + length)
        start += length
    assert parts == list(grid.place(frames, 0, start))


@given(rates, st.integers(1, 500), st.integers(-400, 400))
def test_a_film_of_the_same_rate_is_shown_frame_by_frame_in_spite_of_rounded_times(rate, count, error):
    grid = RateGrid(rate)
    times = [number / rate + Fraction(error, 1000) / rate for number in range(count)]
    assert [source for _, source in grid.place(zip(times, range(count), strict=True), 0, count)] == list(range(count))


def test_one_frame_more_than_is_shown_is_taken():
    taken = []

    def frames():
        for number in range(100):
            taken.append(number)
            yield Fraction(number, 25), number

    assert len(list(RateGrid(Fraction(25)).place(frames(), 0, 10))) == 10
    assert taken == list(range(11))


def test_times_that_fall_count_as_those_before():
    frames = [(Fraction(0), "a"), (Fraction(2), "b"), (Fraction(1), "c"), (Fraction(3), "d")]
    assert [each for _, each in RateGrid(Fraction(1)).place(frames, 0, 5)] == ["a", "a", "c", "d", "d"]


def test_without_a_source_frame_nothing_is_shown():
    assert list(RateGrid(Fraction(25)).place([], 0, 10)) == []


@given(rates, st.integers(1, 10_000_000))
def test_a_duration_in_microseconds_has_as_many_frames_as_the_exact_one(rate, count):
    microseconds = round(count / rate * 1_000_000)
    assert RateGrid(rate).count(microseconds / 1_000_000) == count


@pytest.mark.parametrize(("duration", "frames"), [(0, 1), (0.01, 1), (1, 25), (1.02, 26), (1.04, 26)])
def test_a_frame_that_is_cut_short_is_counted(duration, frames):
    assert RateGrid(Fraction(25)).count(duration) == frames


@pytest.mark.parametrize(
    ("guessed", "average", "rate"),
    [
        (Fraction(30000, 1001), Fraction(25), Fraction(30000, 1001)),
        (None, Fraction(24), Fraction(24)),
        (Fraction(0), None, Fraction(25)),
        (Fraction(120), None, Fraction(60)),
        (Fraction(120000, 1001), None, Fraction(60000, 1001)),
        (Fraction(1000), None, Fraction(1000, 32)),
        (Fraction(90_000_001, 3_000_000), None, Fraction(30)),
        (Fraction(1, 10_000_000), None, Fraction(1, 1001)),
    ],
)
def test_rate_is_the_containers_within_the_limit(guessed, average, rate):
    assert choose_rate(guessed, average, 60) == rate
