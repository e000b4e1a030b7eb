from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.urls.source.wildcard import Match, Wildcard


def _as_expression(pattern: str) -> re.Pattern[str]:
    return re.compile("([^/]*)".join(re.escape(part) for part in pattern.split("*")))


@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=14))
def test_wildcard_matches_as_the_regular_expression(pattern, text):
    expected = _as_expression(pattern).match(text)
    found = Wildcard(pattern).match(text)
    assert found == (Match(expected.end(), expected.groups()) if expected else None)


ALLOWED = [
    (
        "https://example.com",
        ["https://example.com", "https://example.com/a", "https://example.com:81/", "https://example.com?q"],
    ),
    ("https://example.com/", ["https://example.com/a"]),
    ("https://example.com/a", ["https://example.com/abc"]),
    ("https://*.example.com/", ["https://a.example.com/x", "https://a.b.example.com/x"]),
    ("https://192.168.", ["https://192.168.0.1/x"]),
    ("https://cdn-*/", ["https://cdn-1.example.com/"]),
    ("http://", ["http://anything/"]),
    ("s3://bucket-", ["s3://bucket-1/x"]),
    ("s3://a", ["s3://abc/x"]),
    ("local://", ["local:///x"]),
    ("local:///*/public/", ["local:///u/public/x"]),
]
REFUSED = [
    (
        "https://example.com",
        [
            "https://example.com.evil.net/",
            "https://example.com@evil.net/",
            "https://example.comx",
            "http://example.com/",
        ],
    ),
    ("https://example.com", ["https://example.com\\@evil.net/", "https://example.com:x@evil.net/"]),
    (
        "https://*.example.com/",
        ["https://evil.net/.example.com/", "https://evil.net?.example.com/", "https://evil.net#.example.com/"],
    ),
    ("https://*.example.com/", ["https://evil.net\\.example.com/", "https://x@a.example.com/", "https://example.com/"]),
    ("local:///*/public/", ["local:///a/b/public/x"]),
]


@pytest.mark.parametrize(("pattern", "text"), [(pattern, text) for pattern, texts in ALLOWED for text in texts])
def test_wildcard_strict_host_matching_url_is_allowed(pattern, text):
    assert Wildcard(pattern, strict_host=True).match(text)


@pytest.mark.parametrize(("pattern", "text"), [(pattern, text) for pattern, texts in REFUSED for text in texts])
def test_wildcard_strict_host_other_url_is_refused(pattern, text):
    assert Wildcard(pattern, strict_host=True).match(text) is None


def test_wildcard_many_stars_do_not_backtrack():
    # As a regular expression this would not end within a lifetime.
    assert Wildcard("*a" * 30 + "b").match("a" * 5000) is None
