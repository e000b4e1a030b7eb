"""A bucket on a real server: reads, writes, and errors."""

import asyncio
import dataclasses
import gzip
import os

import pytest

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageDeniedError,
)
from mememime_proxy.storage.s3 import upload
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.fault_proxy import Fault, on
from tests.support.s3_fixtures import account
from tests.support.s3_server import OTHER, READER, Identity


async def read(bucket, key, **how):
    async with await bucket.open(key, **how) as body:
        return b"".join([chunk async for chunk in body])


async def chunks(data, size=1 << 20):
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def keys(bucket, prefix=""):
    return [info.key async for info in bucket.list(prefix)]


async def test_object_with_a_content_encoding_is_not_decoded(s3_server, bucket):
    s3_server.client().put_object(
        Bucket=bucket.bucket, Key="k", Body=gzip.compress(b"text"), ContentEncoding="gzip", CacheControl="max-age=5"
    )
    for _ in range(2):
        async with await bucket.open("k") as body:
            assert (body.info.content_encoding, body.info.cache_control) == ("gzip", "max-age=5")
            assert gzip.decompress(b"".join([chunk async for chunk in body])) == b"text"


async def test_read_of_a_version_returns_that_state(s3_server, s3):
    bucket = S3Bucket(s3, s3_server.create_bucket(versioned=True))
    first = await bucket.put("k", b"1")
    second = await bucket.put("k", b"22")
    assert first.version != second.version
    assert await read(bucket, "k", version=first.version) == b"1"
    assert (await bucket.head("k", version=first.version)).size == 1
    assert await read(bucket, "k") == b"22"
    await bucket.delete("k")
    with pytest.raises(ObjectNotFoundError):
        await bucket.open("k")
    assert await read(bucket, "k", version=second.version) == b"22"
    with pytest.raises(ObjectNotFoundError):
        await bucket.open("k", version="0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize("name", ["no-such-bucket-here", "Not A Bucket", "..", "arn:aws:s3:::x", "a", "x" * 70])
async def test_read_in_a_missing_bucket_raises_not_found(s3, name):
    with pytest.raises(ObjectNotFoundError):
        await S3Bucket(s3, name).open("k")
    with pytest.raises(ObjectNotFoundError):
        await S3Bucket(s3, name).head("k")


@pytest.mark.parametrize("key", ["none", "", "x" * 1025, "..", "../other/k", "a/./b"])
async def test_read_of_an_impossible_key_raises_not_found(bucket, key):
    with pytest.raises(ObjectNotFoundError):
        await bucket.open(key)
    with pytest.raises(ObjectNotFoundError):
        await bucket.head(key)


@pytest.mark.parametrize(
    "who",
    [
        OTHER,
        Identity("stranger", "AKIASTRANGER0000", "canary", ()),
        dataclasses.replace(READER, secret_key="canary of a wrong secret"),
    ],
    ids=["not allowed", "unknown", "wrong secret"],
)
async def test_requests_with_wrong_credentials_are_denied(s3_server, who):
    name = s3_server.create_bucket(k=b"1")
    client = S3Client(account(s3_server.endpoint, who))
    await client.start()
    bucket = S3Bucket(client, name)
    try:
        for ask in (bucket.open("k"), bucket.head("k"), bucket.put("k", b"2"), bucket.delete("k"), keys(bucket)):
            with pytest.raises(StorageDeniedError) as caught:
                await ask
            assert "canary" not in repr(caught.value)
            assert caught.value.__cause__ is None
        assert client.stats.retries == 0
    finally:
        await client.close()


async def test_put_by_a_read_only_identity_is_denied(s3_server):
    client = S3Client(account(s3_server.endpoint, READER))
    await client.start()
    bucket = S3Bucket(client, s3_server.create_bucket(k=b"1"))
    assert await read(bucket, "k") == b"1"
    with pytest.raises(StorageDeniedError):
        await bucket.put("k", b"2")
    assert await read(bucket, "k") == b"1"
    await client.close()


@pytest.mark.parametrize("size", [(8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20 << 20])
@pytest.mark.parametrize("streamed", [True, False])
async def test_put_above_8_mib_is_sent_in_parts(bucket, fault_proxy, size, streamed):
    data = os.urandom(1 << 20) * (size // (1 << 20) + 1)
    data = data[:size]
    put = await bucket.put("k", chunks(data) if streamed else data, content_type="video/mp4")
    head = await bucket.head("k")
    assert (put.size, put.etag) == (head.size, head.etag) == (size, head.etag)
    assert head.content_type == "video/mp4"
    assert await read(bucket, "k") == data
    assert any("uploadId" in request.target for request in fault_proxy.requests) is (size > 8 << 20)


async def test_put_in_parts_if_absent_over_an_object_raises(bucket):
    data = bytes(9 << 20)
    await bucket.put("k", b"old")
    with pytest.raises(PreconditionFailedError):
        await bucket.put("k", chunks(data), if_absent=True)
    assert await read(bucket, "k") == b"old"
    await bucket.put("new", chunks(data), if_absent=True)
    assert (await bucket.head("new")).size == len(data)


async def uploads(s3_server, bucket):
    return s3_server.client().list_multipart_uploads(Bucket=bucket.bucket).get("Uploads", [])


async def test_put_of_a_body_that_fails_aborts_the_upload(s3_server, bucket, monkeypatch):
    monkeypatch.setattr(upload, "_ABORT_TIMEOUT", 60.0)

    async def failing():
        yield bytes(17 << 20)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        await bucket.put("k", failing())
    assert await uploads(s3_server, bucket) == []
    with pytest.raises(ObjectNotFoundError):
        await bucket.head("k")


async def test_put_that_is_cancelled_aborts_the_upload(s3_server, bucket, fault_proxy, monkeypatch):
    monkeypatch.setattr(upload, "_ABORT_TIMEOUT", 60.0)
    reached = asyncio.Event()

    async def endless():
        yield bytes(17 << 20)
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(bucket.put("k", endless()))
    await reached.wait()
    # The two parts that are complete are on their way or there: wait for the second one.
    assert await uploads(s3_server, bucket) != []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await uploads(s3_server, bucket) == []
    assert await keys(bucket) == []


@pytest.mark.parametrize(
    ("data", "method", "part"),
    [(b"1", "PUT", "/k"), (bytes(9 << 20), "POST", "uploadId")],
    ids=["whole", "in parts"],
)
async def test_conditional_put_whose_response_is_lost_succeeds(bucket, fault_proxy, data, method, part):
    fault_proxy.plan = on(method, part, Fault(lost=True))
    info = await bucket.put("k", data, if_absent=True)
    assert info.etag == (await bucket.head("k")).etag
    assert await read(bucket, "k") == data


async def test_conditional_put_retried_over_another_object_raises(bucket, fault_proxy):
    await bucket.put("k", b"other")
    fault_proxy.plan = on("PUT", "/k", Fault(status=503))
    with pytest.raises(PreconditionFailedError):
        await bucket.put("k", b"1", if_absent=True)
    assert await read(bucket, "k") == b"other"


async def test_list_sends_one_request_for_each_page(bucket, fault_proxy, monkeypatch):
    monkeypatch.setattr("mememime_proxy.storage.s3.bucket.PAGE", 10)
    expected = sorted(f"p/{i:02}" for i in range(23))
    await asyncio.gather(*(bucket.put(key, key.encode()) for key in [*reversed(expected), "q"]))
    fault_proxy.requests.clear()
    found = [info async for info in bucket.list("p/")]
    assert [info.key for info in found] == expected
    assert len(fault_proxy.requests) == 3
    head = await bucket.head("p/07")
    assert (found[7].size, found[7].etag, found[7].last_modified) == (head.size, head.etag, head.last_modified)
