import base64
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceIncompleteError, SourceResponseError, SourceTooLargeError
from mememime_proxy.sources.http.content_coding import codings_for_clients, decode, inflate
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
    ],
    ids=["cut", "cut short", "nothing", "more", "twice", "plain", "wrong sum"],
)
async def test_inflate_of_invalid_data_raises(data, coding, error):
    with pytest.raises(error):
        await inflated(data, coding, 1000)


PNG = b"\x89PNG\r\n\x1a\n" + BODY[:70_000]
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>" + b" " * 40_000
SIGNED = b"".join(
    b"%x;chunk-signature=%s\r\n%s\r\n" % (len(part), b"0a" * 32, part)
    for part in [*(PNG[at : at + 20_000] for at in range(0, len(PNG), 20_000)), b""]
)
UNSIGNED = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n" % (len(PNG), PNG)


MAX_BYTES, MAX_INFLATED = 1 << 24, 1 << 20


async def decoded(data, content_encoding, step=1000, max_bytes=MAX_BYTES):
    async def pieces():
        for at in range(0, len(data), step):
            yield data[at : at + step]

    body = await decode(pieces(), content_encoding, max_bytes, MAX_INFLATED)
    return b"".join([chunk async for chunk in body.chunks]), body


NAMES = [
    "identity",
    "none",
    "binary",
    "UTF-8",
    "7bit",
    "aws-chunked",
    "base64",
    "br",
    "zstd",
    "gzip",
    "deflate",
    "x-gzip",
    "foo",
]


@pytest.mark.parametrize("name", ["", *NAMES, "aws-chunked, ", "gzip, aws-chunked", "foo, br"])
@pytest.mark.parametrize("picture", [PNG, SVG], ids=["png", "svg"])
async def test_p12_coding_that_is_none_leaves_a_picture_as_it_is(name, picture):
    body, facts = await decoded(picture, name)
    assert (body, facts.is_changed, facts.limit) == (picture, False, MAX_BYTES)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (SIGNED, "aws-chunked"),
        (UNSIGNED, "AWS-Chunked"),
        (gzip.compress(PNG), "gzip,aws-chunked"),
        (gzip.compress(PNG), "gzip,"),
        (b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(PNG)), gzip.compress(PNG)), "gzip, aws-chunked"),
        (gzip.compress(gzip.compress(PNG)), "gzip, gzip"),
        (gzip.compress(zlib.compress(PNG)), "deflate, gzip"),
        (gzip.compress(PNG), "binary, gzip"),
        (base64.b64encode(PNG), "base64"),
        (base64.encodebytes(PNG), "base64"),
        (base64.urlsafe_b64encode(PNG).rstrip(b"="), "BASE64"),
    ],
)
@pytest.mark.parametrize("step", [7, 1000, 1 << 20])
async def test_p12_coding_that_is_known_is_undone(data, name, step):
    body, facts = await decoded(data, name, step)
    assert body == PNG
    assert facts.is_changed
    assert facts.limit == (MAX_INFLATED if "gzip" in name else MAX_BYTES)


async def test_p12_gzip_of_a_drawing_is_undone_once():
    assert (await decoded(gzip.compress(gzip.compress(SVG)), "gzip"))[0] == gzip.compress(SVG)


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"not a picture", "br", SourceResponseError),
        (b"not a picture", "zstd", SourceResponseError),
        (b"not compressed", "gzip", SourceResponseError),
        (gzip.compress(PNG)[:-3], "gzip", SourceIncompleteError),
        (SIGNED[:-2000], "aws-chunked", SourceIncompleteError),
        (b"5\r\nabcde\r\n" + b"z" * 300, "aws-chunked", SourceResponseError),
        (b"abcde", "base64", SourceResponseError),
        (PNG, "gzip, gzip, gzip, gzip, gzip", SourceResponseError),
    ],
)
async def test_p12_coding_of_what_is_no_picture_raises(data, name, error):
    with pytest.raises(error):
        await decoded(data, name)


def empty_blocks(count):
    """Return gzip of nothing in stored blocks without bytes."""
    return gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * count


@pytest.mark.parametrize(
    ("data", "name", "max_bytes"),
    [
        (gzip.compress(empty_blocks(1 << 20)), "gzip, gzip", MAX_BYTES),
        (gzip.compress(b"\r\n" * (4 << 20)), "base64, gzip", MAX_BYTES),
        (gzip.compress(b"5\r\nabcde" + b"\r\n" * (4 << 20)), "aws-chunked, gzip", MAX_BYTES),
        (b" " * (1 << 20), "base64", 1 << 18),
    ],
    ids=["gzip in gzip", "Base64 in gzip", "chunks in gzip", "white space"],
)
async def test_p12_coding_that_becomes_many_bytes_without_a_result_is_refused(data, name, max_bytes):
    with pytest.raises(SourceTooLargeError):
        await decoded(data, name, 1 << 16, max_bytes)


async def test_p12_many_small_aws_chunks_are_one_write():
    async def pieces():
        yield b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n"

    body = await decode(pieces(), "aws-chunked", MAX_BYTES, MAX_INFLATED)
    assert [chunk async for chunk in body.chunks] == [b"x" * 10_000]


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        ("gzip", "gzip"),
        ("GZIP, aws-chunked", "gzip"),
        ("aws-chunked", ""),
        ("utf-8", ""),
        ("br", "br"),
        ("gzip,", "gzip"),
    ],
)
def test_p12_clients_are_told_of_codings_alone(sent, passed_on):
    assert codings_for_clients(sent) == passed_on
