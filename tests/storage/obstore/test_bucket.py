import asyncio
import contextlib
import gc
import socket

import pytest

from mememime_proxy import errors
from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage.config import AzureAccount, GoogleAccount
from mememime_proxy.storage.protocol import CHUNK, Span, Unchanged
from tests.support.azure_server import ACCOUNT, KEY, AzureStorageServer
from tests.support.google_server import GoogleStorageServer

cloud = pytest.importorskip("mememime_proxy.storage.obstore.bucket")

BODY = bytes(range(256)) * 5000


@pytest.fixture
async def google(tmp_path):
    async with GoogleStorageServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def azure(tmp_path_factory):
    with AzureStorageServer(tmp_path_factory.mktemp("azure")) as it:
        yield it


@pytest.fixture
async def google_bucket(google):
    it = cloud.GoogleBucket(GoogleAccount(endpoint=google.endpoint), await google.create_bucket())
    await it.start()
    yield it
    await it.close()


@pytest.fixture
async def container(azure):
    account = AzureAccount(name=ACCOUNT, key=KEY, endpoint=azure.endpoint)
    it = cloud.AzureContainer(account, await asyncio.to_thread(azure.create_container))
    await it.start()
    yield it
    await it.close()


@pytest.fixture(params=["google_bucket", "container"])
def bucket(request):
    """Either of both."""
    return request.getfixturevalue(request.param)


async def read(bucket, key, **named):
    async with await bucket.open(key, **named) as body:
        return b"".join([chunk async for chunk in body])


async def in_pieces(body, size=100_000):
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_what_is_put_is_what_is_read(bucket):
    put = await bucket.put("a/b c%20ä.jpg", BODY, content_type="image/jpeg")
    head = await bucket.head("a/b c%20ä.jpg")
    assert (head.key, head.size, head.etag, head.content_type) == ("a/b c%20ä.jpg", len(BODY), put.etag, "image/jpeg")
    assert head.etag.startswith('"')
    assert head.last_modified.endswith(" GMT")
    assert head.version == put.version
    async with await bucket.open("a/b c%20ä.jpg") as body:
        assert (body.start, body.end, body.info) == (0, len(BODY), head)
        chunks = [chunk async for chunk in body]
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) <= CHUNK


async def test_what_is_small_is_sent_at_once_and_what_is_large_in_parts(google_bucket, google):
    await google_bucket.put("small", in_pieces(BODY))
    assert not any("uploads" in request for request in google.requests)
    await google_bucket.put("large", in_pieces(BODY * 8))
    assert any("uploads" in request for request in google.requests)
    assert google.unfinished == 0


async def test_bodies_of_unknown_size(bucket):
    small = await bucket.put("small", in_pieces(BODY))
    assert (small.size, await read(bucket, "small")) == (len(BODY), BODY)
    large = await bucket.put("large", in_pieces(BODY * 8), content_type="video/mp4")
    assert large.size == len(BODY) * 8
    assert await read(bucket, "large") == BODY * 8
    assert (await bucket.head("large")).content_type == "video/mp4"
    assert (await bucket.put("empty", in_pieces(b""))).size == 0
    assert await read(bucket, "empty") == b""


async def test_a_body_that_fails_is_never_seen(bucket):
    async def broken():
        for _ in range(3):
            yield bytes(6 << 20)
        raise ConnectionResetError

    with pytest.raises((ConnectionResetError, StorageError)):
        await bucket.put("k", broken())
    with pytest.raises(ObjectNotFoundError):
        await bucket.head("k")


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (Span(0, 0), 0, 1),
        (Span(5, 9), 5, 10),
        (Span(5, None), 5, len(BODY)),
        (Span(None, 7), len(BODY) - 7, len(BODY)),
        (Span(10, len(BODY) * 2), 10, len(BODY)),
    ],
)
async def test_spans(bucket, span, start, end):
    await bucket.put("k", BODY)
    async with await bucket.open("k", span=span) as body:
        assert (body.start, body.end, body.info.size) == (start, end, len(BODY))
        assert b"".join([chunk async for chunk in body]) == BODY[start:end]


@pytest.mark.parametrize("span", [Span(3, None), Span(3, 9), Span(None, 0)])
async def test_a_span_behind_the_end_is_an_error(bucket, span):
    await bucket.put("k", b"abc")
    with pytest.raises(RangeNotSatisfiableError):
        await bucket.open("k", span=span)


async def test_conditions(bucket):
    info = await bucket.put("k", b"abc")
    date = (await bucket.head("k")).last_modified
    found = await bucket.open("k", if_none_match=info.etag)
    assert isinstance(found, Unchanged)
    assert found.info == await bucket.head("k")
    assert isinstance(await bucket.open("k", if_modified_since=date), Unchanged)
    assert await read(bucket, "k", if_none_match='"other"') == b"abc"
    assert await read(bucket, "k", if_none_match='"other"', if_modified_since=date) == b"abc"
    assert await read(bucket, "k", if_modified_since="no date") == b"abc"


async def test_an_object_that_changes_between_the_answer_and_its_facts_is_read(bucket, monkeypatch):
    old = await bucket.put("k", b"old")
    head = bucket.head

    async def changed(key, *, version=""):
        await bucket.put("k", b"new")
        return await head(key, version=version)

    monkeypatch.setattr(bucket, "head", changed)
    assert await read(bucket, "k", if_none_match=old.etag) == b"new"


async def test_the_end_of_an_object_that_changes_meanwhile_is_the_present_one(container, monkeypatch):
    await container.put("k", b"a longer one")
    head, states = container.head, [b"short"]

    async def changed(key, *, version=""):
        found = await head(key, version=version)
        if states:
            await container.put("k", states.pop())
        return found

    monkeypatch.setattr(container, "head", changed)
    assert await read(container, "k", span=Span(None, 3)) == b"ort"


async def test_conditional_writes(bucket):
    first = await bucket.put("k", b"first", if_absent=True)
    with pytest.raises(PreconditionFailedError):
        await bucket.put("k", b"second", if_absent=True)
    with pytest.raises(PreconditionFailedError):
        await bucket.put("none", b"x", if_match='"any"')
    second = await bucket.put("k", in_pieces(b"second"), if_match=first.etag)
    with pytest.raises(PreconditionFailedError):
        await bucket.put("k", b"third", if_match=first.etag)
    assert (await bucket.head("k")).etag == second.etag


async def test_what_is_not_there(bucket):
    nowhere = type(bucket)(bucket._account, "nowhere")
    for it in (bucket, nowhere):
        with pytest.raises(ObjectNotFoundError):
            await it.head("none")
        with pytest.raises(ObjectNotFoundError):
            await it.open("none")
        await it.delete("none")


async def test_a_list_is_in_order_and_by_prefix(bucket):
    names = sorted(["a", "a-b", "a.jpg", "a/b", "a/bc", "a/b/c", "b/1", "ä"], key=str.encode)
    for name in reversed(names):
        await bucket.put(name, name.encode())
    for prefix in ("", "a", "a/", "a/b", "a/b/", "b", "none", "none/"):
        found = [info async for info in bucket.list(prefix)]
        assert [info.key for info in found] == [name for name in names if name.startswith(prefix)], prefix
        assert [info.size for info in found] == [len(info.key.encode()) for info in found]
    await bucket.delete("a/b")
    assert "a/b" not in [info.key async for info in bucket.list("a/")]


async def test_wrong_credentials_are_denied(azure):
    wrong = AzureAccount(name=ACCOUNT, key="YWJj", endpoint=azure.endpoint)
    container = cloud.AzureContainer(wrong, await asyncio.to_thread(azure.create_container))
    with pytest.raises(StorageDeniedError) as caught:
        await container.open("k")
    assert "YWJj" not in caught.value.detail
    with pytest.raises(StorageDeniedError):
        await container.put("k", b"x")


async def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_told(google_bucket, google):
    bucket = google_bucket
    await bucket.put("k", b"abc")
    google.failures = [503, 503]
    assert await read(bucket, "k") == b"abc"
    google.failures = [503] * 3
    with pytest.raises(StorageUnavailableError):
        await bucket.open("k")
    for status in (401, 403):
        google.failures = [status]
        with pytest.raises(StorageDeniedError):
            await bucket.open("k")


async def test_who_does_not_answer_is_a_timeout_and_who_does_not_listen_unavailable():
    waits = asyncio.Event()

    async def silent(_reader, writer):
        await waits.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bucket = cloud.GoogleBucket(GoogleAccount(endpoint=f"http://127.0.0.1:{port}"), "b")
    with pytest.raises(StorageTimeoutError):
        await bucket.open("k", timeout=0.1)
    waits.set()
    server.close()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        bucket = cloud.GoogleBucket(GoogleAccount(endpoint=f"http://127.0.0.1:{deaf.getsockname()[1]}"), "b")
        with pytest.raises((StorageUnavailableError, StorageTimeoutError)):
            await bucket.open("k", timeout=5)


async def test_a_body_that_ends_early_is_an_error_and_one_that_is_left_is_not_read_on():
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

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
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
    server.close()


def test_no_secret_is_in_an_error():
    with pytest.raises(StorageDeniedError) as caught:
        asyncio.run(cloud.GoogleBucket(GoogleAccount(key='{"private_key": "canary"}'), "b").start())
    assert "canary" not in caught.value.detail
    with pytest.raises(StorageDeniedError) as caught:
        asyncio.run(cloud.AzureContainer(AzureAccount(name="me", key="canary, which is no base64"), "b").start())
    assert "canary" not in caught.value.detail


def test_every_error_of_the_library_is_one_of_ours():
    from obstore import exceptions

    from mememime_proxy.storage.obstore.errors import translate

    kinds = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 5
    for kind in kinds:
        found = translate(kind("text\nwith more behind it"))
        assert isinstance(found, errors.StorageError)
        assert found.detail == "text"
    with pytest.raises(KeyError):
        translate(KeyError())
