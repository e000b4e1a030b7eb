import os

import pytest

from mememime_proxy.memfd import memfd
from mememime_proxy.sources.file_stream import FileStream
from mememime_proxy.sources.model import Original, SourceState

CONTENT = b"0123456789"
ETAG, DATE = '"a,b"', "Tue, 14 Nov 2023 22:13:20 GMT"


async def read(descriptor, size, offset):
    return os.pread(descriptor, size, offset)


def stream(**headers):
    request = {name.replace("_", "-"): value for name, value in headers.items()}
    return FileStream(
        Original(memfd("test", CONTENT), len(CONTENT), SourceState(ETAG, DATE), "image/png"), request, read
    )


@pytest.mark.parametrize(
    ("headers", "status", "content", "content_range"),
    [
        ({}, 200, CONTENT, None),
        ({"Range": "bytes=2-4"}, 206, b"234", "bytes 2-4/10"),
        ({"Range": "bytes=-3"}, 206, b"789", "bytes 7-9/10"),
        ({"Range": "bytes=10-"}, 416, b"", "bytes */10"),
        ({"Range": "bytes=0-1,4-5"}, 200, CONTENT, None),
        ({"Range": "bytes=2-4", "If-Range": ETAG}, 206, b"234", "bytes 2-4/10"),
        ({"Range": "bytes=2-4", "If-Range": DATE}, 206, b"234", "bytes 2-4/10"),
        ({"Range": "bytes=2-4", "If-Range": f"W/{ETAG}"}, 200, CONTENT, None),
        ({"If-None-Match": f'"x", W/{ETAG}'}, 304, b"", None),
        ({"If-None-Match": '"a"'}, 200, CONTENT, None),
        ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, 200, CONTENT, None),
        ({"If-Modified-Since": DATE}, 304, b"", None),
        ({"If-Match": '"x"'}, 200, CONTENT, None),
    ],
    ids=str,
)
async def test_stream_with_headers_has_their_status_and_bytes(headers, status, content, content_range):
    async with stream(**headers) as opened:
        assert opened.status == status
        assert b"".join([chunk async for chunk in opened]) == content
        assert opened.headers.get("Content-Range") == content_range
        assert opened.headers.get("Content-Length") == (None if status == 304 else str(len(content)))
        assert (opened.headers["ETag"], opened.headers["Last-Modified"]) == (ETAG, DATE)


async def test_stream_of_a_truncated_file_breaks_off():
    async with stream() as opened:
        os.truncate(opened._original.fd, 0)
        with pytest.raises(ConnectionAbortedError):
            await anext(aiter(opened))


async def test_stream_closed_closes_the_original():
    opened = stream()
    async with opened:
        descriptor = opened._original.fd
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
