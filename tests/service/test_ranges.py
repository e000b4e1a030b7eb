"""Range and Content-Range headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.service.ranges import ByteRange, ContentRange, parse_content_range, parse_range, unsatisfied_range

numbers = st.integers(0, 10**18)
ranges = st.one_of(
    st.tuples(numbers, numbers).map(lambda pair: ByteRange(min(pair), max(pair))),
    numbers.map(lambda first: ByteRange(first, None)),
    numbers.map(lambda length: ByteRange(None, length)),
)


@given(ranges)
def test_range_written_is_parsed_back(byte_range: ByteRange):
    assert parse_range(str(byte_range)) == byte_range


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=1-2,4-5", "bytes=a-", "items=0-1", "0-1", "bytes=-٣"]
)
def test_range_other_text_is_ignored(header: str):
    assert parse_range(header) is None


@pytest.mark.parametrize("header", ["bytes=0-4", "Bytes= 0-4 "])
def test_range_unit_and_spaces_are_lenient(header: str):
    assert parse_range(header) == ByteRange(0, 4)


@given(ranges, st.integers(0, 40) | numbers)
def test_range_resolved_is_what_a_slice_returns(byte_range: ByteRange, size: int):
    first, last = byte_range.first, byte_range.last
    wanted = slice(-last if last else size, None) if first is None else slice(first, None if last is None else last + 1)
    start, end, _ = wanted.indices(size)
    if start >= end:
        with pytest.raises(RangeNotSatisfiableError):
            byte_range.resolve(size)
    else:
        assert byte_range.resolve(size) == (start, end)


@given(numbers, st.integers(1, 10**18), st.none() | numbers)
def test_content_range_written_is_parsed_back(start: int, length: int, more: int | None):
    content_range = ContentRange(start, start + length, None if more is None else start + length + more)
    assert parse_content_range(str(content_range)) == content_range
    assert content_range.is_complete is (start == 0 and more == 0)


@pytest.mark.parametrize(
    "header", ["", "bytes */9", unsatisfied_range(9), "bytes 5-4/9", "bytes 0-9/9", "bytes 0-8", "items 0-8/9"]
)
def test_content_range_unsatisfied_or_malformed_is_none(header: str):
    assert parse_content_range(header) is None
