from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceUrlError
from mememime_proxy.urls.source.base64url import encode
from mememime_proxy.urls.source.source import SourceUrl, decode_source
from tests.support.url_strategies import ENCRYPTION_KEY

URL = "http://images.dev/lorem/ipsum.jpg?param=value"
TEXT = encode(URL.encode())


@pytest.mark.parametrize(
    ("path", "url", "extension"),
    [
        ("plain/http://a/b.jpg", "http://a/b.jpg", ""),
        ("plain/http://a/b.jpg@png", "http://a/b.jpg", "png"),
        ("plain/http://a/b.jpg@", "http://a/b.jpg", ""),
        ("plain/http%3A%2F%2Fa%2Fb%40c%3Fd+e%25", "http://a/b@c?d+e%", ""),
        ("plain/local:///%C3%A4.jpg", "local:///ä.jpg", ""),
        ("plain/local:///ä.jpg", "local:///ä.jpg", ""),
        ("plain/%2561", "%61", ""),  # decoded once
        (TEXT, URL, ""),
        (TEXT + ".png", URL, "png"),
        (TEXT + ".", URL, ""),
        (TEXT + "==", URL, ""),
        (TEXT[:5] + "/" + TEXT[5:20] + "/" + TEXT[20:] + ".webp", URL, "webp"),
        ("/" + TEXT, URL, ""),
        (
            "enc/p5VjorNdhs7mRRw8gA9TWoRlGci3l1kuzqN43UQl/RaRIQ0qtBKW3qFABIsx-ZRz_cVc8iVTYbhsNsxNBL1BHaQ.png",
            "http://example.com/images/curiosity.jpg",
            "png",
        ),
    ],
)
def test_source_every_form_is_decoded(path, url, extension):
    assert decode_source(path.split("/"), key=bytes.fromhex(ENCRYPTION_KEY)) == (url, extension)


def test_source_file_name_behind_an_encoded_source_is_dropped():
    assert decode_source([TEXT + ".png", "puppy.jpg"], drop_filename=True) == (URL, "png")
    assert decode_source([TEXT], drop_filename=True) == (URL, "")
    assert decode_source(["plain", "a", "b"], drop_filename=True) == ("a/b", "")


@pytest.mark.parametrize(
    "path",
    [
        "plain/",
        "plain/@png",
        "plain/a@b@c",
        "plain/a%2",
        "plain/a%zz",
        "plain/%",
        "plain/%ff",
        "plain/a%00b",
        "plain/a%0Ab",
        "plain/\udcff",
        "plain",
        "a",
        "aHR0c!",
        "aHR0c+//",
        "aHR0cDovL2E.png.jpg",
        ".png",
        "=",
        "_w",
        encode(b"http://a/\n"),
        encode(b"http://a/\x7f"),
        "enc/",
        "enc/abc!",
        "enc/AAAA",
        "enc2/AAAA",
        "ä",
    ],
)
def test_source_invalid_is_refused(path):
    with pytest.raises(SourceUrlError):
        decode_source(path.split("/"), key=bytes.fromhex(ENCRYPTION_KEY))


@pytest.mark.parametrize("form", ["enc", "enc2"])
def test_source_encrypted_sources_need_a_key(form):
    with pytest.raises(SourceUrlError, match="SOURCE_URL_ENCRYPTION_KEY"):
        decode_source([form, "AAAA"])


@pytest.mark.parametrize(
    ("text", "separator", "parts"),
    [
        ("local:///a/b.jpg", "?", ("local", "", "/a/b.jpg", "")),
        ("local:///a%20b#c.jpg", "?", ("local", "", "/a%20b#c.jpg", "")),
        ("s3://bucket/a/b?version", "?", ("s3", "bucket", "/a/b", "version")),
        ("s3://bucket/a?b", "", ("s3", "bucket", "/a?b", "")),
        ("s3://bucket/a?b||v", "||", ("s3", "bucket", "/a?b", "v")),
        ("s3://bucket", "?", ("s3", "bucket", "", "")),
        ("HTTP://Example.com:81/a%20b?c=d?e#f", "?", ("http", "Example.com:81", "/a%20b", "c=d?e")),
        ("https://example.com?q=/x", "?", ("https", "example.com", "", "q=/x")),
        ("https://example.com#/x", "?", ("https", "example.com", "", "")),
        ("http://[::1]:8080/x", "", ("http", "[::1]:8080", "/x", "")),
        ("http://a/b@c\\d", "?", ("http", "a", "/b@c\\d", "")),
    ],
)
def test_source_url_is_split_into_its_parts(text, separator, parts):
    found = SourceUrl.parse(text, separator)
    assert (found.scheme, found.host, found.path, found.query) == parts
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b",
        "//a/b",
        "http:/a",
        "1http://a",
        "http://",
        "http:///a",
        "http://?a",
        "http://:80/",
        "http://user@a/",
        "http://user:password@a/",
        "http://a\\@b/",
        "http://a b/",
        "http://a\u00a0b/",
        "ht tp://a",
    ],
)
def test_source_url_invalid_is_refused(text):
    with pytest.raises(SourceUrlError):
        SourceUrl.parse(text)


@given(st.text(max_size=60), st.sampled_from(["?", "", "::"]))
def test_source_any_text_is_a_source_url_or_an_error(text, separator):
    try:
        found = SourceUrl.parse("x://" + text, separator)
    except SourceUrlError:
        return
    written = found.host + found.path + (separator + found.query if found.query else "")
    assert written in {text, text.removesuffix(separator)}
