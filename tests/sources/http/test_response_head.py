import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.sources.http.response_head import find_end, read_head

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        (b"Content-Length: 3\r\n", 3),
        (b"content-length:3\r\n", 3),
        (b"Content-Length: 3\r\nContent-Length: 3\r\n", 3),
        (b"Content-Length: 3, 3\r\n", 3),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", None),
        (b"Content-Length: x\r\n", None),
        (b"Content-Length: 99999999999999999999\r\n", None),
        (b"Transfer-Encoding: chunked\r\n", None),
        (b"X-Content-Length: 3\r\n", None),
        (b"", None),
    ],
)
def test_response_head_length_is_known_where_all_of_them_agree(lines, length):
    head = read_head(HEAD + lines + b"\r\n")
    assert (head.body_length, head.is_interim) == (length, False)
    if length == 3:
        assert head.content.lower().count(b"\ncontent-length:") == 1


@pytest.mark.parametrize(
    ("status", "length", "interim"), [(204, 0, False), (304, 0, False), (103, None, True), (101, None, False)]
)
def test_response_head_of_a_status_without_a_body(status, length, interim):
    head = read_head(b"HTTP/1.1 %d X\r\n\r\n" % status)
    assert (head.body_length, head.is_interim) == (length, interim)


def test_response_head_drops_what_is_no_header():
    raw = HEAD + b"A B: c\r\n d\r\nE : f\r\n: g\r\nH\r\nI: j\r\n k\r\n\r\n"
    assert read_head(raw).content == HEAD + b"E: f\r\nI: j\r\n k\r\n\r\n"


@given(st.lists(st.from_regex(rb"\A[A-Za-z-]{1,9}: ?[ -~]{0,30}\Z"), max_size=8))
def test_response_head_of_valid_lines_is_unchanged(lines):
    raw = HEAD + b"".join(line + b"\r\n" for line in lines if b"ength" not in line.lower()) + b"\r\n"
    assert read_head(raw).content == raw


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\n\r\n", b"\r\n\n"])
def test_response_head_ends_at_an_empty_line(end):
    data = b"HTTP/1.1 200 OK" + end
    assert find_end(data + b"body", 0) == len(data)
    assert find_end(data[:-1], 0) == 0
