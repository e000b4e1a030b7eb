import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.sources.ranges import UNSATISFIABLE, byte_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=9-", (9, 10)),
        ("bytes=3-99", (3, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes= 2-3 ", (2, 4)),
        ("bytes=10-", UNSATISFIABLE),
        ("bytes=10-12", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=3-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_what_a_header_asks_of_ten_bytes(header, wanted):
    assert byte_range(header, 10) == wanted


def test_an_empty_file_has_no_range():
    assert byte_range("bytes=0-", 0) == UNSATISFIABLE


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,20}-\d{0,20}"), st.integers(0, 1000))
def test_a_range_is_within_the_file(header, size):
    wanted = byte_range(header, size)
    assert wanted is None or wanted == UNSATISFIABLE or 0 <= wanted[0] < wanted[1] <= size
