"""Conditional requests: tags and dates as RFC 9110 writes them, and the order of evaluation."""

import subprocess
import sys
from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from mememime_proxy.service.conditional import (
    ANY,
    Decision,
    Preconditions,
    Representation,
    any_strong_match,
    any_weak_match,
    evaluate,
    if_range_holds,
    is_modified_since,
    parse_etags,
    parse_http_date,
    strong_match,
    weak_match,
)

BEFORE, NOW, AFTER = (f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (36, 37, 38))
CURRENT = Representation('"a"', NOW)

opaque = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_characters='"\x7f'), max_size=12)
tags = st.builds('{}"{}"'.format, st.sampled_from(["", "W/"]), opaque)
separators = st.text(st.sampled_from(" \t,"), max_size=4).map(lambda text: f",{text}")
dates = st.integers(0, 253402300799)
"""Seconds since 1970 up to the end of the year 9999."""


@given(st.lists(st.tuples(separators, tags), max_size=8))
def test_parse_etags_list_returns_each_tag(listed: list[tuple[str, str]]):
    header = "".join(separator + tag for separator, tag in listed)
    assert parse_etags(header) == tuple(tag for _, tag in listed)


@given(st.text(max_size=60) | st.text(st.sampled_from('W/"a, *\t'), max_size=30))
def test_parse_etags_any_text_returns_entity_tags(header: str):
    for tag in parse_etags(header):
        assert tag == ANY or parse_etags(tag) == (tag,)
        assert tag in header


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        ("*", (ANY,)),
        ('""', ('""',)),
        ('"a,b", W/"c"', ('"a,b"', 'W/"c"')),
        (', ,"a",, "b" ,', ('"a"', '"b"')),
        ('"a", b, "c"', ('"a"',)),
        ('"a" "b"', ()),
        ('"a", *', ('"a"',)),
        ('w/"a"', ()),
        ("a", ()),
    ],
)
def test_parse_etags_example_returns_tags(header: str, expected: tuple[str, ...]):
    assert parse_etags(header) == expected


@given(tags, tags)
def test_etag_comparisons_follow_the_table_of_the_rfc(first: str, second: str):
    same = first.removeprefix("W/") == second.removeprefix("W/")
    weak = first.startswith("W/") or second.startswith("W/")
    assert weak_match(first, second) is same
    assert strong_match(first, second) is (same and not weak)
    assert any_weak_match(first, ('"another"', second)) is (same or first.removeprefix("W/") == '"another"')
    assert any_strong_match(first, (second,)) is strong_match(first, second)


def test_etag_comparisons_empty_text_matches_nothing():
    assert not weak_match("", "")
    assert not strong_match("", "")


@given(dates)
def test_http_date_formatted_is_parsed_back(seconds: int):
    assert parse_http_date(formatdate(seconds, usegmt=True)) == seconds


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_http_date_each_form_of_the_rfc_is_parsed(text: str):
    assert parse_http_date(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "0", '"a"', "yesterday", "Sun, 31 Feb 1994 08:49:37 GMT", "1994-11-06"])
def test_http_date_other_text_is_none(text: str):
    assert parse_http_date(text) is None


@given(st.text(max_size=40) | st.text(st.sampled_from("Sun, 06Nov1994:+-GMT"), max_size=40))
def test_http_date_any_text_is_parsed_or_none(text: str):
    seconds = parse_http_date(text)
    assert seconds is None or isinstance(seconds, int)


@pytest.mark.parametrize(
    ("date", "last_modified", "expected"),
    [(BEFORE, NOW, True), (NOW, NOW, False), (AFTER, NOW, False), ("never", NOW, True), (NOW, "", True)],
)
def test_is_modified_since_compares_seconds(date: str, last_modified: str, expected: bool):
    assert is_modified_since(date, last_modified) is expected


@pytest.mark.parametrize(
    ("conditions", "safe", "expected"),
    [
        # No condition, and conditions that are met.
        ({}, True, Decision.PROCEED),
        ({"if_match": '"a"'}, True, Decision.PROCEED),
        ({"if_match": '"b", "a"'}, False, Decision.PROCEED),
        ({"if_match": "*"}, False, Decision.PROCEED),
        ({"if_none_match": '"b"'}, True, Decision.PROCEED),
        ({"if_modified_since": BEFORE}, True, Decision.PROCEED),
        ({"if_unmodified_since": NOW}, False, Decision.PROCEED),
        ({"if_range": '"a"'}, True, Decision.PROCEED),
        ({"if_range": NOW}, True, Decision.PROCEED),
        # Step 1: If-Match compares strongly and comes first.
        ({"if_match": '"b"'}, True, Decision.FAILED),
        ({"if_match": 'W/"a"'}, False, Decision.FAILED),
        ({"if_match": "a"}, False, Decision.FAILED),
        ({"if_match": '"b"', "if_none_match": '"a"'}, True, Decision.FAILED),
        # Step 2: If-Unmodified-Since, without If-Match; a text that is no date is ignored.
        ({"if_unmodified_since": BEFORE}, True, Decision.FAILED),
        ({"if_unmodified_since": BEFORE, "if_match": '"a"'}, True, Decision.PROCEED),
        ({"if_unmodified_since": "never"}, True, Decision.PROCEED),
        # Step 3: If-None-Match compares weakly.
        ({"if_none_match": '"a"'}, True, Decision.NOT_MODIFIED),
        ({"if_none_match": 'W/"a"'}, True, Decision.NOT_MODIFIED),
        ({"if_none_match": '"b,c", W/"a"'}, True, Decision.NOT_MODIFIED),
        ({"if_none_match": "*"}, True, Decision.NOT_MODIFIED),
        ({"if_none_match": '"a"'}, False, Decision.FAILED),
        ({"if_none_match": "*"}, False, Decision.FAILED),
        # Step 4: If-Modified-Since, without If-None-Match, of GET and HEAD alone.
        ({"if_modified_since": NOW}, True, Decision.NOT_MODIFIED),
        ({"if_modified_since": NOW, "if_none_match": '"b"'}, True, Decision.PROCEED),
        ({"if_modified_since": NOW}, False, Decision.PROCEED),
        ({"if_modified_since": "never"}, True, Decision.PROCEED),
        # Step 5: If-Range.
        ({"if_range": '"b"'}, True, Decision.IGNORE_RANGE),
        ({"if_range": 'W/"a"'}, True, Decision.IGNORE_RANGE),
        ({"if_range": AFTER}, True, Decision.IGNORE_RANGE),
        ({"if_range": "a"}, True, Decision.IGNORE_RANGE),
        ({"if_range": '"b"', "if_none_match": '"a"'}, True, Decision.NOT_MODIFIED),
    ],
)
def test_evaluate_existing_representation_follows_the_order(conditions: dict[str, str], safe: bool, expected: Decision):
    assert evaluate(Preconditions(**conditions), CURRENT, safe=safe) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, Decision.PROCEED),
        ({"if_match": "*"}, Decision.FAILED),
        ({"if_match": '"a"'}, Decision.FAILED),
        ({"if_none_match": "*"}, Decision.PROCEED),
        ({"if_none_match": '"a"'}, Decision.PROCEED),
        ({"if_unmodified_since": NOW}, Decision.PROCEED),
        ({"if_modified_since": NOW}, Decision.PROCEED),
    ],
)
def test_evaluate_missing_representation_fails_if_match_alone(conditions: dict[str, str], expected: Decision):
    assert evaluate(Preconditions(**conditions), None, safe=False) is expected


def test_evaluate_representation_without_validators_ignores_dates_and_matches_any():
    bare = Representation()
    assert evaluate(Preconditions(if_modified_since=NOW), bare) is Decision.PROCEED
    assert evaluate(Preconditions(if_unmodified_since=NOW), bare) is Decision.PROCEED
    assert evaluate(Preconditions(if_none_match='"a", ""'), bare) is Decision.PROCEED
    assert evaluate(Preconditions(if_none_match=ANY), bare) is Decision.NOT_MODIFIED


def test_if_range_weak_current_tag_does_not_hold():
    assert not if_range_holds('W/"a"', Representation('W/"a"'))
    assert not if_range_holds('"a"', Representation('W/"a"'))
    assert not if_range_holds('"a"', None)


def test_preconditions_several_lines_of_a_list_are_one_list():
    headers = CIMultiDict([("If-None-Match", '"a"'), ("if-none-match", ' W/"b"'), ("If-Range", NOW)])
    conditions = Preconditions.of(headers)
    assert parse_etags(conditions.if_none_match) == ('"a"', 'W/"b"')
    assert conditions == Preconditions(if_none_match='"a", W/"b"', if_range=NOW)
    assert Preconditions.of({"If-Match": "*"}) == Preconditions(if_match=ANY)


def test_modules_of_conditional_requests_load_neither_a_web_server_nor_settings():
    code = (
        "import sys, mememime_proxy.service.conditional, mememime_proxy.service.ranges\n"
        "others = ('aiohttp', 'pydantic', 'structlog', 'mememime_proxy.settings')\n"
        "print([name for name in others if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
