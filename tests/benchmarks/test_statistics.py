import pytest

from benchmarks.statistics import median, percentile, slope, spread


def test_middle_and_spread():
    assert median([3, 1, 2]) == 2
    assert spread([8, 10, 12]) == pytest.approx(0.2)
    assert spread([0, 0]) == 0


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 5), (0.95, 10), (0.99, 10), (0.1, 1), (1.0, 10)])
def test_percentiles_are_values_that_were_there(share, expected):
    assert percentile(list(range(10, 0, -1)), share) == expected


def test_the_slope_of_a_line():
    assert slope([(0, 1), (10, 6), (20, 11)]) == pytest.approx(0.5)
    assert slope([(5, 1)]) == 0
