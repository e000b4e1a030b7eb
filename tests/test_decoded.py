"""What pixels are worth, and which shrink a reduction allows."""

import pytest

from mememime_proxy.decoded import is_worth_keeping, step_down


@pytest.mark.parametrize(
    ("reduction", "shrink"), [(0.5, 1), (1.99, 1), (2, 2), (3.99, 2), (4, 4), (7.9, 4), (8, 8), (100, 8)]
)
def test_shrink_is_the_largest_that_the_reduction_allows(reduction, shrink):
    assert step_down(reduction, (8, 4, 2)) == shrink
    assert step_down(reduction, ()) == 1


@pytest.mark.parametrize(
    ("size", "seconds", "is_worth"),
    [(8_000_000, 0.04, True), (1000, 0.003, False), (8_000_000, 0.01, False), (2_000_000, 0.01, True)],
)
def test_pixels_are_worth_memory_where_decoding_is_slow(size, seconds, is_worth):
    assert is_worth_keeping(size, seconds) is is_worth
