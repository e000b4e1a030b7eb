import pytest

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.storage.conditions import bounds, http_date, is_unchanged
from mememime_proxy.storage.protocol import ObjectInfo, Span

DAY = "Tue, 14 Nov 2023 22:13:20 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
INFO = ObjectInfo(key="k", size=10, etag='"a"', last_modified=DAY)


def test_dates_are_as_http_has_them():
    assert http_date(1_700_000_000.999) == DAY


@pytest.mark.parametrize(
    ("tags", "date", "unchanged"),
    [
        ("", "", False),
        ('"a"', "", True),
        ('W/"a"', "", True),
        ('"b", "a"', "", True),
        ("*", "", True),
        ('"b"', "", False),
        ('"b"', LATER, False),
        ("", DAY, True),
        ("", LATER, True),
        ("", "Tue, 14 Nov 2023 22:13:19 GMT", False),
        ("", "no date", False),
    ],
)
def test_conditions_are_judged_as_rfc_9110_says(tags, date, unchanged):
    assert is_unchanged(INFO, tags, date) is unchanged


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (None, (0, 10)),
        (Span(0, 0), (0, 1)),
        (Span(9, 9), (9, 10)),
        (Span(4, 99), (4, 10)),
        (Span(4, None), (4, 10)),
        (Span(None, 3), (7, 10)),
        (Span(None, 30), (0, 10)),
    ],
)
def test_bounds(span, found):
    assert bounds(span, 10) == found


@pytest.mark.parametrize("span", [Span(10, None), Span(10, 12), Span(None, 0), Span(5, 3)])
def test_a_span_without_a_byte_is_an_error(span):
    with pytest.raises(RangeNotSatisfiableError):
        bounds(span, 10)


def test_an_empty_object_has_no_span_but_is_one():
    assert bounds(None, 0) == (0, 0)
    with pytest.raises(RangeNotSatisfiableError):
        bounds(Span(0, None), 0)
