import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError
from mememime_proxy.sources.http.content_coding import IDENTITY, inflate
from mememime_proxy.sources.model import CHUNK

BODY = bytes(range(256)) * 3000


def compressed(body, bits):
    deflate = zlib.compressobj(wbits=bits)
    return deflate.compress(body) + deflate.flush()


async def inflated(data, coding, step):
    async def pieces():
        for at in range(0, len(data), step):
            yield data[at : at + step]

    return [chunk async for chunk in inflate(pieces(), coding)]


@pytest.mark.parametrize(("coding", "bits"), [("gzip", 31), ("x-gzip", 31), ("deflate", 15), ("deflate", -15)])
@pytest.mark.parametrize("step", [1, 100, 1 << 20])
async def test_inflate_returns_the_former_bytes(coding, bits, step):
    data = compressed(BODY[:70_000], bits)
    assert b"".join(await inflated(data, coding, step)) == BODY[:70_000]


@given(st.binary(max_size=300), st.sampled_from([("gzip", 31), ("deflate", 15)]), st.integers(1, 50))
async def test_inflate_of_any_body_returns_its_bytes(body, wrapping, step):
    coding, bits = wrapping
    assert b"".join(await inflated(compressed(body, bits), coding, step)) == body


async def test_inflate_of_a_bomb_yields_bounded_chunks():
    chunks = await inflated(gzip.compress(bytes(20 << 20)), "gzip", 1 << 20)
    assert max(map(len, chunks)) <= CHUNK
    assert sum(map(len, chunks)) == 20 << 20


@pytest.mark.parametrize(
    ("data", "coding", "error"),
    [
        (gzip.compress(BODY)[:-1], "gzip", SourceIncompleteError),
        (gzip.compress(BODY)[:20], "gzip", SourceIncompleteError),
        (b"", "gzip", SourceIncompleteError),
        (gzip.compress(BODY) + b"x", "gzip", SourceResponseError),
        (gzip.compress(BODY) * 2, "gzip", SourceResponseError),
        (b"this is not compressed", "gzip", SourceResponseError),
        (zlib.compress(BODY)[:-4] + b"abcd", "deflate", SourceResponseError),
        (BODY, "br", SourceResponseError),
        (BODY, "gzip, gzip", SourceResponseError),
    ],
    ids=["cut", "cut short", "nothing", "more", "twice", "plain", "wrong sum", "brotli", "two codings"],
)
async def test_inflate_of_invalid_data_raises(data, coding, error):
    with pytest.raises(error):
        await inflated(data, coding, 1000)


def test_identity_codings_are_not_decoded():
    assert "" in IDENTITY
    assert "identity" in IDENTITY
    assert "gzip" not in IDENTITY
