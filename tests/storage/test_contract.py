"""Contract of the Storage Protocol: each implementation passes all of these tests."""

import asyncio
import os
import random

import pytest

from mememime_proxy.errors import ObjectNotFoundError, PreconditionFailedError, RangeNotSatisfiableError, StorageError
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.prefixed import PrefixedStorage
from mememime_proxy.storage.protocol import CHUNK, UnchangedObject
from mememime_proxy.storage.s3.bucket import S3Bucket
from tests.support.storage_objects import in_chunks, keys, read

BODY = bytes(range(256)) * 4000
LARGE = os.urandom(1 << 20) * 9
KEYS = ["a-b", "a.jpg", "a/b-c", "a/b/c", "a0", "ab", "b/1", "b/10", "b/2", "ä/ö", "z/.hidden", ".tmpx"]


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"))
    await storage.start()
    yield storage
    await storage.close()


@pytest.fixture
def prefixed(folder):
    return PrefixedStorage(folder, "tenant/originals/")


@pytest.fixture(params=["folder", "prefixed", "bucket", "google_bucket", "azure_container"])
def storage(request):
    """One of the implementations, empty."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("key", ["k", "a/b c%20ä.jpg", "a+b%20c", "?x=y&z", "#", "'\"", "~!*()", "ä/€/🐱"])
async def test_put_any_key_is_read_listed_and_deleted(storage, key):
    await storage.put(key, key.encode())
    for _ in range(2):  # S3: the first GET goes through the SDK, the second one does not
        assert await read(storage, key) == key.encode()
    assert (await storage.head(key)).key == key
    assert await keys(storage) == [key]
    await storage.delete(key)
    assert await keys(storage) == []


async def test_head_and_open_return_the_same_info(storage):
    put = await storage.put("a/b.jpg", BODY, content_type="image/jpeg")
    head = await storage.head("a/b.jpg")
    assert (head.key, head.size, head.content_type) == ("a/b.jpg", len(BODY), "image/jpeg")
    assert (put.key, put.size, put.etag, put.version) == (head.key, head.size, head.etag, head.version)
    assert head.etag.startswith('"')
    assert head.last_modified.endswith(" GMT")
    async with await storage.open("a/b.jpg") as body:
        assert (body.info, body.start, body.end) == (head, 0, len(BODY))


async def test_content_type_without_one_is_octet_stream(storage):
    await storage.put("k", b"x")
    assert (await storage.head("k")).content_type == "application/octet-stream"


async def test_body_of_many_bytes_comes_in_bounded_chunks(storage):
    await storage.put("k", LARGE)
    async with await storage.open("k") as body:
        chunks = [chunk async for chunk in body]
    assert b"".join(chunks) == LARGE
    assert 0 < max(map(len, chunks)) <= CHUNK


async def test_body_left_early_does_not_disturb_the_next_read(storage):
    await storage.put("k", LARGE)
    async with await storage.open("k") as body:
        await anext(aiter(body))
    async with await storage.open("k"):
        pass
    assert await read(storage, "k") == LARGE


@pytest.mark.parametrize("content", [b"", b"x", BODY, LARGE], ids=["empty", "1 byte", "1 MB", "9 MiB"])
@pytest.mark.parametrize("streamed", [False, True], ids=["bytes", "iterator"])
async def test_put_returns_size_and_etag_and_stores_all_bytes(storage, content, streamed):
    put = await storage.put("k", in_chunks(content) if streamed else content, content_type="video/mp4")
    head = await storage.head("k")
    assert (put.size, put.etag) == (head.size, head.etag) == (len(content), head.etag)
    assert head.content_type == "video/mp4"
    assert await read(storage, "k") == content


async def test_put_over_an_object_replaces_bytes_and_etag(storage):
    first = await storage.put("k", b"first and long")
    second = await storage.put("k", b"second")
    assert first.etag != second.etag
    assert await read(storage, "k") == b"second"


async def test_body_of_an_object_replaced_meanwhile_never_mixes_states(storage):
    await storage.put("k", LARGE)
    received = bytearray()
    async with await storage.open("k") as body:
        chunks = aiter(body)
        received += await anext(chunks)
        await storage.put("k", bytes(len(LARGE)))
        try:
            async for chunk in chunks:
                received += chunk
        except StorageError:
            assert LARGE.startswith(received)
        else:
            assert received == LARGE


@pytest.mark.parametrize(
    ("byte_range", "start", "end"),
    [
        (ByteRange(0, 0), 0, 1),
        (ByteRange(5, 9), 5, 10),
        (ByteRange(0, None), 0, len(BODY)),
        (ByteRange(5, None), 5, len(BODY)),
        (ByteRange(None, 7), len(BODY) - 7, len(BODY)),
        (ByteRange(None, len(BODY) * 2), 0, len(BODY)),
        (ByteRange(10, len(BODY) * 2), 10, len(BODY)),
    ],
    ids=str,
)
async def test_open_with_a_range_returns_these_bytes(storage, byte_range, start, end):
    await storage.put("k", BODY)
    async with await storage.open("k", byte_range=byte_range) as body:
        assert (body.start, body.end, body.info.size) == (start, end, len(BODY))
        assert b"".join([chunk async for chunk in body]) == BODY[start:end]


@pytest.mark.parametrize("byte_range", [ByteRange(3, None), ByteRange(3, 9), ByteRange(None, 0), ByteRange(2, 1)])
async def test_open_with_a_range_without_bytes_raises(storage, byte_range):
    await storage.put("k", b"abc")
    with pytest.raises(RangeNotSatisfiableError):
        await storage.open("k", byte_range=byte_range)
    with pytest.raises(RangeNotSatisfiableError):
        await storage.open_if("k", if_none_match='"other"', byte_range=byte_range)


async def test_open_if_with_the_present_state_returns_unchanged(storage):
    await storage.put("k", b"abc", content_type="image/png")
    head = await storage.head("k")
    for conditions in (
        {"if_none_match": head.etag},
        {"if_none_match": "*"},
        {"if_none_match": f'"x", {head.etag}'},
        {"if_modified_since": head.last_modified},
        {"if_none_match": head.etag, "if_modified_since": "Thu, 01 Jan 2015 00:00:00 GMT"},
        {"if_none_match": head.etag, "byte_range": ByteRange(0, 0)},
    ):
        result = await storage.open_if("k", **conditions)
        assert isinstance(result, UnchangedObject), conditions
        assert (result.info.key, result.info.etag) == ("k", head.etag)
        assert result.info.size in {0, 3}


async def test_open_if_with_another_state_or_no_condition_returns_the_body(storage):
    await storage.put("k", b"abc")
    date = (await storage.head("k")).last_modified
    for conditions in (
        {},
        {"if_none_match": '"other"'},
        {"if_none_match": '"other"', "if_modified_since": date},
        {"if_modified_since": "Thu, 01 Jan 2015 00:00:00 GMT"},
        {"if_modified_since": "yesterday"},
    ):
        async with await storage.open_if("k", **conditions) as body:
            assert b"".join([chunk async for chunk in body]) == b"abc", conditions


async def test_put_if_absent_over_an_object_raises_and_changes_nothing(storage):
    await storage.put("a/k", b"first", if_absent=True)
    for body in (b"second", in_chunks(b"second")):
        with pytest.raises(PreconditionFailedError):
            await storage.put("a/k", body, if_absent=True)
    assert await read(storage, "a/k") == b"first"


async def test_put_if_match_stores_over_that_state_only(storage):
    with pytest.raises(PreconditionFailedError):
        await storage.put("k", b"x", if_match='"0123456789abcdef0123456789abcdef"')
    first = await storage.put("k", b"first")
    second = await storage.put("k", in_chunks(b"second"), if_match=first.etag)
    with pytest.raises(PreconditionFailedError):
        await storage.put("k", b"third", if_match=first.etag)
    assert await read(storage, "k") == b"second"
    assert (await storage.head("k")).etag == second.etag


async def test_put_if_absent_by_many_writers_succeeds_once(storage):
    results = await asyncio.gather(
        *(storage.put("k", str(number).encode(), if_absent=True) for number in range(8)), return_exceptions=True
    )
    (winner,) = [number for number, result in enumerate(results) if not isinstance(result, BaseException)]
    assert sum(isinstance(result, PreconditionFailedError) for result in results) == 7
    assert await read(storage, "k") == str(winner).encode()


async def test_put_if_match_by_many_writers_succeeds_once(storage):
    before = await storage.put("k", b"start")
    results = await asyncio.gather(
        *(storage.put("k", str(number).encode(), if_match=before.etag) for number in range(8)), return_exceptions=True
    )
    (winner,) = [number for number, result in enumerate(results) if not isinstance(result, BaseException)]
    assert sum(isinstance(result, PreconditionFailedError) for result in results) == 7
    assert await read(storage, "k") == str(winner).encode()


@pytest.mark.parametrize("size", [10, 18 << 20], ids=["small", "large"])
async def test_put_of_a_body_that_fails_leaves_the_former_state(storage, size):
    async def failing():
        for _ in range(3):
            yield bytes(size // 3)
        raise ConnectionResetError

    await storage.put("old", b"before")
    for key in ("old", "new"):
        with pytest.raises((ConnectionResetError, StorageError)):
            await storage.put(key, failing())
    assert await keys(storage) == ["old"]
    assert await read(storage, "old") == b"before"


async def test_put_that_is_cancelled_leaves_the_former_state(storage):
    async def endless(waiting):
        yield bytes(17 << 20)
        waiting.set()
        await asyncio.Event().wait()

    await storage.put("old", b"before")
    for key in ("old", "new"):
        waiting = asyncio.Event()
        task = asyncio.create_task(storage.put(key, endless(waiting)))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await keys(storage) == ["old"]
    assert await read(storage, "old") == b"before"


@pytest.mark.parametrize("key", ["none", "a/none", "k/below", "x" * 1025])
async def test_read_of_a_missing_object_raises(storage, key):
    await storage.put("k", b"x")
    for call in (storage.head(key), storage.open(key), storage.open_if(key, if_none_match='"x"')):
        with pytest.raises(ObjectNotFoundError):
            await call


@pytest.mark.parametrize("key", ["", "..", "../k", "a/../k", "a/./k"])
async def test_key_without_a_name_or_with_dots_is_no_object(storage, key):
    await storage.put("k", b"x")
    for call in (storage.head(key), storage.open(key)):
        with pytest.raises(ObjectNotFoundError):
            await call
    with pytest.raises(StorageError):
        await storage.put(key, b"y")
    await storage.delete(key)
    assert await keys(storage) == ["k"]
    assert await read(storage, "k") == b"x"


async def test_delete_of_a_missing_object_is_no_error(storage):
    await storage.put("k", b"x")
    for key in ("k", "k", "none", "a/none"):
        await storage.delete(key)
    with pytest.raises(ObjectNotFoundError):
        await storage.open("k")
    assert await keys(storage) == []


async def test_list_returns_keys_with_the_prefix_in_order(storage):
    for key in random.Random(1).sample(KEYS, len(KEYS)):
        await storage.put(key, key.encode())
    expected = sorted(KEYS, key=str.encode)
    for prefix in ("", "a", "a/", "a/b", "a/b/", "a/b-", "b/1", "ä", "z", "none", "none/", "a.jpg", ".tmp", ".tmpx"):
        infos = [info async for info in storage.list(prefix)]
        if isinstance(storage, S3Bucket):
            infos.sort(key=lambda info: info.key.encode())  # unlike S3, SeaweedFS lists "a/b" before "a-b"
        assert [info.key for info in infos] == [key for key in expected if key.startswith(prefix)], prefix
        assert [info.size for info in infos] == [len(info.key.encode()) for info in infos]
    await storage.delete("a/b/c")
    assert await keys(storage, "a/b") == ["a/b-c"]


async def test_list_returns_the_state_that_head_returns(storage):
    await storage.put("a/k", b"abc")
    (info,) = [info async for info in storage.list("a/")]
    head = await storage.head("a/k")
    assert (info.size, info.etag, info.last_modified) == (head.size, head.etag, head.last_modified)
