import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceError, SourceForbiddenError, SourceUnreachableError
from mememime_proxy.sources.http.url import MAX_LENGTH, follow, parse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://example.com/a b.jpg", "http://example.com/a%20b.jpg"),
        ("http://example.com/a%20b.jpg?x=1#part", "http://example.com/a%20b.jpg?x=1"),
        ("https://example.com:8443/ä", "https://example.com:8443/%C3%A4"),
        ("http://[2606:4700::1]/x", "http://[2606:4700::1]/x"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
        ("HTTP://EXAMPLE.com:80", "http://example.com/"),
        ("https://example.com:443?a=b%2Fc", "https://example.com/?a=b%2Fc"),
        ("http://example.com/a..b/...?../x", "http://example.com/a..b/...?../x"),
        ("http://example.com/\udcff", "http://example.com/%FF"),
        ("http://bücher.example/x", "http://xn--bcher-kva.example/x"),
    ],
)
def test_parse_of_a_web_url_returns_it(text, shown):
    assert str(parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://user@example.com/",
        "http://user:word@example.com/",
        "http://example.com@evil.example/",
        "http://@example.com/",
        "http://example.com\\@evil.example/",
        "http://example.com/\r\nHost: evil",
        "http://example.com/\x00",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://127.0.0.1.0x1/",
        "http://[fe80::1%25eth0]/",
        "http://example.com/allowed/../secret",
        "http://example.com/allowed/%2e%2E/secret",
        "http://example.com/allowed/x%2f..%2Fsecret",
        "http://example.com/..%5csecret",
        "http://example.com/..",
    ],
)
def test_parse_of_a_dangerous_url_is_forbidden(text):
    with pytest.raises(SourceForbiddenError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["", "example.com/x", "ftp://example.com/", "file:///etc/passwd", "http:///x", "http://:80/", "//a/b",
             "http://a:99999/", "http://a:25/", "http://a:0/", "https://a:6667/", "http://[::1/", "http://[2001*db8::1]/",
             "http://" + "a" * MAX_LENGTH]
)  # fmt: skip
def test_parse_of_another_url_is_unreachable(text):
    with pytest.raises(SourceUnreachableError):
        parse(text)


@given(st.from_regex(r"[!-~]{0,40}", fullmatch=True))
def test_parse_leaves_path_and_query_unchanged(rest):
    text = "http://example.com/" + rest.partition("#")[0]
    try:
        url = parse(text)
    except SourceError:
        return
    legal = not re.search(r'%(?![0-9A-Fa-f]{2})|["<>^`{|}\[\]]', text)
    assert (str(url).rstrip("?") == text.rstrip("?")) == legal
    assert str(parse(str(url))) == str(url)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "http://example.com/b"),
        ("b?x=%2F", "http://example.com/folder/b?x=%2F"),
        ("../b", "http://example.com/b"),
        ("?q", "http://example.com/folder/a?q"),
        ("//other.example/b", "http://other.example/b"),
        ("https://other.example/b#part", "https://other.example/b"),
        ("/\xe4".encode("latin-1").decode("utf-8", "surrogateescape"), "http://example.com/%E4"),
    ],
)
def test_follow_returns_the_target(location, target):
    assert str(follow(parse("http://example.com/folder/a"), location)) == target


@given(st.text(max_size=60))
def test_follow_of_any_location_returns_a_web_url_or_raises(location):
    try:
        url = follow(parse("http://example.com/folder/a"), location)
    except SourceError:
        return
    assert url.scheme in {"http", "https"}
    assert url.host
    assert url.user is None


@given(st.text(max_size=60))
def test_parse_of_any_text_returns_a_url_or_raises(rest):
    try:
        url = parse("http://" + rest)
    except SourceError:
        return
    assert url.scheme == "http"
    assert url.user is None
    assert url.host
