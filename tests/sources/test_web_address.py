import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceError, SourceForbiddenError, SourceUnreachableError
from mememime_proxy.sources.web_address import MAX_LENGTH, parse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://example.com/a b.jpg", "http://example.com/a%20b.jpg"),
        ("http://example.com/a%20b.jpg?x=1#part", "http://example.com/a%20b.jpg?x=1"),
        ("https://example.com:8443/ä", "https://example.com:8443/%C3%A4"),
        ("http://[2606:4700::1]/x", "http://[2606:4700::1]/x"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
        ("http://bücher.example/x", "http://xn--bcher-kva.example/x"),
    ],
)
def test_what_is_asked_for(text, shown):
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
    ],
)
def test_what_no_picture_needs_is_forbidden(text):
    with pytest.raises(SourceForbiddenError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["", "example.com/x", "ftp://example.com/", "file:///etc/passwd", "http:///x", "http://:80/", "//a/b",
             "http://a:99999/", "http://[::1/", "http://" + "a" * MAX_LENGTH]
)  # fmt: skip
def test_what_is_no_web_address_is_unreachable(text):
    with pytest.raises(SourceUnreachableError):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_error(rest):
    try:
        url = parse("http://" + rest)
    except SourceError:
        return
    assert url.scheme == "http"
    assert url.user is None
    assert url.host
