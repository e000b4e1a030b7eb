import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.geometry import numbers


@pytest.mark.parametrize(
    ("x", "away", "even"),
    [(0.5, 1, 0), (1.5, 2, 2), (2.5, 3, 2), (-0.5, -1, 0), (-2.5, -3, -2), (2.4999, 2, 2), (-2.6, -3, -3), (7.0, 7, 7)],
)
def test_numbers_two_kinds_of_half(x, away, even):
    assert numbers.round_half_away(x) == away
    assert numbers.round_half_even(x) == even


def test_numbers_just_below_a_half_is_not_lifted_by_adding_a_half():
    x = math.nextafter(0.5, 0)
    assert x + 0.5 == 1.0
    assert numbers.round_half_away(x) == 0


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_rounding_is_total_and_odd(x):
    for rounded in (numbers.round_half_away, numbers.round_half_even):
        assert abs(rounded(x)) <= numbers.CEILING
        assert rounded(-x) == -rounded(x)


@given(st.floats(-1e9, 1e9))
def test_numbers_rounding_returns_a_nearest_integer(x):
    for rounded in (numbers.round_half_away, numbers.round_half_even):
        assert abs(rounded(x) - x) <= 0.5


def test_numbers_zero_scaled_is_zero():
    assert numbers.scale(0, math.inf) == numbers.scale_even(0, math.nan) == 0
    assert numbers.shrink(0, 0.0) == numbers.shrink_even(0, 0.0) == 0


def test_numbers_scaling_and_shrinking():
    assert (numbers.scale(5, 0.5), numbers.scale_even(5, 0.5)) == (3, 2)
    assert (numbers.shrink(5, 2), numbers.shrink_even(5, 2)) == (3, 2)


@pytest.mark.parametrize(("a", "b", "least"), [(0, 0, 0), (0, 3, 3), (3, 0, 3), (2, 3, 2), (3, 2, 2)])
def test_numbers_min_nonzero(a, b, least):
    assert numbers.min_nonzero(a, b) == least
