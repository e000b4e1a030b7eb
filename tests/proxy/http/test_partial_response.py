"""Ranges of results of films and sound."""

import pytest

from mememime_proxy.proxy.http.partial_response import partial_response

BODY = bytes(range(100))
HEADERS = {"ETag": '"a"', "Content-Type": "video/mp4", "Content-Length": "100"}


def respond(**headers):
    return partial_response({name.replace("_", "-"): value for name, value in headers.items()}, HEADERS, BODY)


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=10-19", 10, 20), ("bytes=90-", 90, 100), ("bytes=-5", 95, 100)]
)
def test_range_is_answered_with_its_bytes(asked, start, end):
    response = respond(Range=asked)
    assert response.status == 206
    assert bytes(response.body) == BODY[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/100"
    assert response.headers["ETag"] == '"a"'
    assert response.headers["Content-Type"] == "video/mp4"


def test_range_without_a_byte_is_416():
    response = respond(Range="bytes=100-")
    assert (response.status, response.headers["Content-Range"]) == (416, "bytes */100")


@pytest.mark.parametrize("asked", ["bytes=1-2,5-6", "seconds=1-2", "bytes=9-1", ""])
def test_other_ranges_are_ignored(asked):
    assert respond(Range=asked) is None


def test_if_range_of_another_state_sends_everything():
    assert respond(Range="bytes=0-1", If_Range='"b"') is None
    assert respond(Range="bytes=0-1", If_Range='W/"a"') is None
    assert respond(Range="bytes=0-1", If_Range='"a"').status == 206
