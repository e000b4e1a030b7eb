"""Storages through obstore: what the contract in ``tests/storage/test_contract.py`` does not cover."""

import asyncio
import contextlib
import gc
import socket

import pytest

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.config import AzureAccount, GoogleAccount
from tests.support.azure_server import ACCOUNT, KEY
from tests.support.raw_server import raw_server
from tests.support.storage_objects import in_chunks, keys, read

cloud = pytest.importorskip("mememime_proxy.storage.obstore.bucket")

BODY = bytes(range(256)) * 5000


@pytest.fixture(params=["google_bucket", "azure_container"])
def bucket(request):
    """One of both."""
    return request.getfixturevalue(request.param)


async def test_put_of_an_iterator_is_sent_at_once_or_in_parts_by_its_size(google_bucket, google):
    await google_bucket.put("small", in_chunks(BODY))
    assert not any("uploads" in request for request in google.requests)
    await google_bucket.put("large", in_chunks(BODY * 8))
    assert any("uploads" in request for request in google.requests)
    assert google.unfinished == 0


async def test_object_and_objects_below_its_name_are_listed(bucket):
    for key in ("a/b/c", "a/bc", "a/b", "a"):
        await bucket.put(key, b"x")
    assert await keys(bucket) == ["a", "a/b", "a/b/c", "a/bc"]
    assert await keys(bucket, "a/b") == ["a/b", "a/b/c", "a/bc"]


async def test_open_if_of_an_object_replaced_after_the_304_returns_the_new_one(bucket, monkeypatch):
    old = await bucket.put("k", b"old")
    head = bucket.head

    async def replace_before_head(key, *, version=""):
        await bucket.put("k", b"new")
        return await head(key, version=version)

    monkeypatch.setattr(bucket, "head", replace_before_head)
    async with await bucket.open_if("k", if_none_match=old.etag) as body:
        assert b"".join([chunk async for chunk in body]) == b"new"


async def test_suffix_of_an_object_replaced_after_head_is_of_the_new_one(azure_container, monkeypatch):
    await azure_container.put("k", b"a longer one")
    head, contents = azure_container.head, [b"short"]

    async def replace_after_head(key, *, version=""):
        info = await head(key, version=version)
        if contents:
            await azure_container.put("k", contents.pop())
        return info

    monkeypatch.setattr(azure_container, "head", replace_after_head)
    assert await read(azure_container, "k", byte_range=ByteRange(None, 3)) == b"ort"


async def test_open_of_an_object_answered_with_304_raises(google_bucket, google):
    await google_bucket.put("k", b"x")
    google.failures = [304]
    with pytest.raises(StorageError, match="304"):
        await google_bucket.open("k")


async def test_missing_bucket_has_no_objects(bucket):
    missing = type(bucket)(bucket._account, "nowhere")
    for call in (missing.head("none"), missing.open("none")):
        with pytest.raises(ObjectNotFoundError):
            await call
    await missing.delete("none")


@pytest.mark.parametrize("key", ["/k", "k/", "a//k"])
async def test_key_with_an_empty_part_is_not_taken_for_another_one(bucket, key):
    await bucket.put("k", b"x")
    with pytest.raises(ObjectNotFoundError):
        await bucket.open(key)
    with pytest.raises(StorageDeniedError):
        await bucket.put(key, b"y")
    await bucket.delete(key)
    assert await keys(bucket) == ["k"]


async def test_wrong_credentials_are_denied_and_not_shown(azure):
    account = AzureAccount(name=ACCOUNT, key="YWJj", endpoint=azure.endpoint)
    container = cloud.AzureContainer(account, await asyncio.to_thread(azure.create_container))
    assert account.key != KEY
    with pytest.raises(StorageDeniedError) as caught:
        await container.open("k")
    assert "YWJj" not in caught.value.detail
    with pytest.raises(StorageDeniedError):
        await container.put("k", b"x")


async def test_status_503_is_retried_twice_and_then_raised(google_bucket, google):
    await google_bucket.put("k", b"abc")
    google.failures = [503, 503]
    assert await read(google_bucket, "k") == b"abc"
    google.failures = [503] * 3
    with pytest.raises(StorageUnavailableError):
        await google_bucket.open("k")


@pytest.mark.parametrize("status", [401, 403])
async def test_status_401_and_403_are_denied(google_bucket, google, status):
    google.failures = [status]
    with pytest.raises(StorageDeniedError):
        await google_bucket.open("k")


async def test_server_that_does_not_answer_is_a_timeout():
    async def silent(_reader, _writer):
        await asyncio.Event().wait()

    async with raw_server(silent) as (port, _):
        bucket = cloud.GoogleBucket(GoogleAccount(endpoint=f"http://127.0.0.1:{port}"), "b")
        with pytest.raises(StorageTimeoutError):
            await bucket.open("k", timeout=0.1)


async def test_server_that_does_not_listen_is_unavailable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        bucket = cloud.GoogleBucket(GoogleAccount(endpoint=endpoint), "b")
        with pytest.raises((StorageUnavailableError, StorageTimeoutError)):
            await bucket.open("k", timeout=5)


async def test_body_that_ends_early_raises_and_body_left_early_is_not_read_on():
    sent = 0

    async def answer(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\nETag: \"x\"\r\n"
            b"Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n"
        )  # fmt: skip
        with contextlib.suppress(ConnectionError):
            while sent < limit:
                writer.write(bytes(100_000))
                await writer.drain()
                sent += 100_000
        writer.close()
        over.set()

    async with raw_server(answer) as (port, _):
        bucket = cloud.GoogleBucket(GoogleAccount(endpoint=f"http://127.0.0.1:{port}"), "b")
        limit, over = 1_000_000, asyncio.Event()
        with pytest.raises(StorageError):
            await read(bucket, "k")
        sent, limit, over = 0, 200_000_000, asyncio.Event()
        async with await bucket.open("k") as body:
            await anext(aiter(body))
        del body
        gc.collect()
        await asyncio.wait_for(over.wait(), 60)
        assert sent < 60_000_000


def test_account_that_is_not_accepted_does_not_show_its_key():
    with pytest.raises(StorageDeniedError) as caught:
        asyncio.run(cloud.GoogleBucket(GoogleAccount(key='{"private_key": "canary"}'), "b").start())
    assert "canary" not in caught.value.detail
    with pytest.raises(StorageDeniedError) as caught:
        asyncio.run(cloud.AzureContainer(AzureAccount(name="me", key="canary, which is no base64"), "b").start())
    assert "canary" not in caught.value.detail
