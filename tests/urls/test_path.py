from __future__ import annotations

import pytest

from mememime_proxy.errors import PathError
from mememime_proxy.urls.path import MAX_LENGTH, repair, split


@pytest.mark.parametrize(
    ("target", "prefix", "path"),
    [
        ("/s/w:1/plain/x", "", "/s/w:1/plain/x"),
        ("/s/w:1/plain/x?a=1?b#c", "", "/s/w:1/plain/x"),
        ("/s/plain/%3F", "", "/s/plain/%3F"),
        ("/img/s/plain/x", "/img", "/s/plain/x"),
        ("/img/s/plain/x", "img/", "/s/plain/x"),
        ("/a/b/s/plain/x?q", "/a/b", "/s/plain/x"),
        ("/img/img/s", "/img", "/img/s"),
        ("/", "", "/"),
    ],
)
def test_path_split_removes_prefix_and_query(target, prefix, path):
    assert split(target, prefix) == path


@pytest.mark.parametrize("target", ["/", "/im", "/img", "/imgs/s/plain/x", "/s/img/plain/x", "/%69mg/s/x", "?/img/"])
def test_path_outside_the_prefix_is_refused(target):
    with pytest.raises(PathError):
        split(target, "/img")


def test_path_above_the_maximum_length_is_refused():
    assert split("/" + "a" * (MAX_LENGTH - 1) + "?" + "q" * 100)
    with pytest.raises(PathError, match="more than"):
        split("/" + "a" * MAX_LENGTH)


@pytest.mark.parametrize(
    ("path", "repaired"),
    [
        ("w%3A1/plain/http:/a/b", "w:1/plain/http://a/b"),
        ("w%3a1/plain/http://a/b", "w%3a1/plain/http://a/b"),  # lower case is not a colon
        ("w:1/plain/local:/a", "w:1/plain/local:///a"),
        ("plain/local:/a%3Ab", "plain/local:///a%3Ab"),
        ("plain/locals:/a", "plain/locals://a"),
        ("w%3A1/aHR0cDovL2E%3A", "w:1/aHR0cDovL2E:"),
        ("plain/http:/a/b:/c", "plain/http:/a/b://c"),  # the last one only
        ("plain/http:///a", "plain/http:///a"),
        ("plain/http:/", "plain/http:/"),
        ("plain/:/a", "plain/:/a"),
        ("plain/a b:/c", "plain/a b:/c"),  # not past white space
        ("plain/a\x0bb:/c", "plain/a\x0bb://c"),  # which does not include the vertical tab
        ("plain/a:/\n", "plain/a://\n"),
        ("x/plain/a%3Ab/plain/c:/d", "x/plain/a%3Ab/plain/c://d"),  # cut at the first
        ("xplain/a%3Ab", "xplain/a:b"),
        ("w:1/plain", "w:1/plain"),
        ("w%3A1/plain/", "w:1/plain/"),
        ("", ""),
    ],
)
def test_path_normalised_by_a_client_is_repaired(path, repaired):
    assert repair(path) == repaired
