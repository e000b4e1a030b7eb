import asyncio
import contextlib
import gzip
import hashlib
import os
import resource
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mememime_proxy.errors import (
    OverloadError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.model import SourceState, date_validator
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.protocol import CHUNK, UnchangedObject
from tests.support.waiting import wait_until

BODY = bytes(range(256)) * 8000
URL = "s3://pictures/a/b.jpg"


class Bucket:
    """A folder that can be slow, break off, and tells what it was asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.asked, self.read = [], 0
        self.encoding = ""
        self.cache_control = ""
        self.breaks_off_after = None
        self.error = None
        self.delay = 0.0

    async def head(self, key, *, version=""):
        return await self.folder.head(key)

    async def open(self, key, **asked):
        return await self.open_if(key, **asked)

    async def open_if(self, key, **asked):
        self.asked.append((key, asked))
        await asyncio.sleep(self.delay)
        found = await self.folder.open_if(key, **(asked | {"version": ""}))
        info = replace(found.info, content_encoding=self.encoding, cache_control=self.cache_control)
        if isinstance(found, UnchangedObject):
            return UnchangedObject(info)
        found.info = info
        return Counted(found, self)


class Counted:
    def __init__(self, body, bucket):
        self.info, self.start, self.end = body.info, body.start, body.end
        self._body, self._bucket = body, bucket

    async def __aiter__(self):
        async for chunk in self._body:
            self._bucket.read += len(chunk)
            yield chunk
            if self._bucket.breaks_off_after is not None and self._bucket.read >= self._bucket.breaks_off_after:
                if self._bucket.error is None:
                    return
                raise self._bucket.error

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self._body.__aexit__(*error)


class Buckets:
    schemes = frozenset({"s3"})

    def __init__(self, **buckets):
        self.buckets = buckets

    def reader(self, scheme, authority):
        return self.buckets.get(authority)


@pytest.fixture
async def bucket(tmp_path):
    folder = Folder(str(tmp_path / "pictures"))
    await folder.start()
    await folder.put("a/b.jpg", BODY, content_type="image/jpeg")
    yield Bucket(folder)
    await folder.close()


@asynccontextmanager
async def sources(bucket, **config):
    it = Sources(SourcesConfig(**config), storages=Buckets(pictures=bucket))
    await it.start()
    try:
        yield it
    finally:
        await it.close()


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def streamed(bucket, url=URL, **headers):
    async with sources(bucket) as it, await it.stream(url, headers) as stream:
        return stream.status, stream.headers, b"".join([chunk async for chunk in stream])


RANGE, IF_RANGE = "Range", "If-Range"


async def test_fetch_of_an_object_returns_bytes_and_state(bucket):
    bucket.cache_control = "max-age=5"
    async with sources(bucket) as it:
        with await it.fetch(URL) as original:
            assert os.pread(original.fd, len(BODY) + 1, 0) == BODY
            info = await bucket.folder.head("a/b.jpg")
            assert (original.size, original.state.validator, original.state.last_modified) == (
                len(BODY),
                info.etag,
                info.last_modified,
            )
            assert original.content_type == "image/jpeg"
            assert original.state.cache_headers["Cache-Control"] == "max-age=5"


async def test_fetch_with_a_validator_is_conditional(bucket):
    info = await bucket.folder.head("a/b.jpg")
    async with sources(bucket) as it:
        for validator in (info.etag, date_validator(info.last_modified)):
            found = await it.fetch_if_changed(URL, validator)
            assert isinstance(found, SourceState)
            assert found.validator == validator
        (await it.fetch_if_changed(URL, '"other"')).close()
    assert bucket.read == len(BODY)


@pytest.mark.parametrize(
    ("url", "key", "version"),
    [
        ("s3://pictures/a/b.jpg?v1", "a/b.jpg", "v1"),
        ("S3://pictures/a/b.jpg", "a/b.jpg", ""),
        ("s3://pictures/a%20b#c", "a%20b#c", ""),
        ("s3://pictures//a", "/a", ""),
    ],
)
async def test_fetch_takes_keys_literally_and_splits_off_the_version(bucket, url, key, version):
    async with sources(bucket) as it:
        with contextlib.suppress(SourceStatusError):
            (await it.fetch(url)).close()
    assert [(asked[0], asked[1]["version"]) for asked in bucket.asked] == [(key, version)]


async def test_stat_of_an_object_sends_no_request(bucket):
    async with sources(bucket) as it:
        assert await it.stat(URL) is None
    assert bucket.asked == []


@pytest.mark.parametrize(
    ("url", "kind", "status"),
    [
        ("s3://elsewhere/a.jpg", SourceForbiddenError, 404),
        ("s3:///a.jpg", SourceForbiddenError, 404),
        ("s3://pictures", SourceStatusError, 404),
        ("s3://pictures/", SourceStatusError, 404),
        ("s3://pictures/none", SourceStatusError, 404),
        ("gs://pictures/a.jpg", SourceUnreachableError, 404),
    ],
)
async def test_fetch_of_a_missing_or_forbidden_object_raises(bucket, url, kind, status):
    async with sources(bucket) as it:
        for ask in (it.fetch(url), it.stream(url, {})):
            with pytest.raises(kind) as caught:
                await ask
            assert caught.value.status == status


async def test_fetch_of_too_large_an_object_reads_nothing(bucket):
    before = open_files()
    async with sources(bucket) as it:
        with pytest.raises(SourceTooLargeError):
            await it.fetch(URL, max_bytes=len(BODY) - 1)
        assert bucket.read == 0
        (await it.fetch(URL, max_bytes=len(BODY))).close()
    async with sources(bucket, max_bytes=100) as it:
        with pytest.raises(SourceTooLargeError):
            await it.fetch(URL)
    assert open_files() <= before


async def test_fetch_from_a_slow_bucket_times_out(bucket):
    bucket.delay = 30
    async with sources(bucket) as it:
        with pytest.raises(SourceTimeoutError):
            await it.fetch(URL, timeout=0.01)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StorageError("wrong checksum"), SourceIncompleteError),
        (None, SourceIncompleteError),
        (StorageTimeoutError(), SourceTimeoutError),
        (StorageUnavailableError(), SourceStatusError),
        (asyncio.CancelledError(), asyncio.CancelledError),
    ],
)
async def test_fetch_of_an_object_that_breaks_off_leaks_no_descriptor(bucket, error, kind):
    bucket.breaks_off_after, bucket.error = 1, error
    before = open_files()
    async with sources(bucket) as it:
        with pytest.raises(kind):
            await it.fetch(URL)
    assert open_files() <= before


async def test_fetch_of_a_compressed_object_is_decoded_within_limits(bucket):
    packed = gzip.compress(BODY)
    await bucket.folder.put("a/b.jpg", packed)
    bucket.encoding = "gzip"
    async with sources(bucket) as it:
        with await it.fetch(URL) as original:
            assert os.pread(original.fd, len(BODY) + 1, 0) == BODY
    async with sources(bucket, max_inflated=len(BODY) - 1) as it:
        with pytest.raises(SourceTooLargeError):
            await it.fetch(URL)
    status, headers, body = await streamed(bucket)
    assert (status, headers["Content-Encoding"], body) == (200, "gzip", packed)


async def test_fetch_of_an_object_without_a_free_descriptor_is_an_overload(bucket):
    async with sources(bucket) as it:
        (await it.fetch(URL)).close()
        held = await bucket.folder.open("a/b.jpg")

        async def opened(_key, **_asked):
            return held

        bucket.open = bucket.open_if = opened
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            with pytest.raises(OverloadError):
                await it.fetch(URL)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("wanted", "status", "part", "content_range"),
    [
        ("", 200, BODY, None),
        ("bytes=0-9", 206, BODY[:10], f"bytes 0-9/{len(BODY)}"),
        ("bytes=-5", 206, BODY[-5:], f"bytes {len(BODY) - 5}-{len(BODY) - 1}/{len(BODY)}"),
        (f"bytes=0-{2 * len(BODY)}", 206, BODY, f"bytes 0-{len(BODY) - 1}/{len(BODY)}"),
        (f"bytes={len(BODY)}-", 416, b"", f"bytes */{len(BODY)}"),
        ("bytes=-0", 416, b"", f"bytes */{len(BODY)}"),
        ("bytes=0-1,5-6", 200, BODY, None),
        ("bytes=9-1", 200, BODY, None),
        ("pages=1", 200, BODY, None),
    ],
)
async def test_stream_with_a_range_sends_these_bytes(bucket, wanted, status, part, content_range):
    found = await streamed(bucket, **({RANGE: wanted} if wanted else {}))
    assert (found[0], found[2]) == (status, part)
    assert found[1]["Content-Length"] == str(len(part))
    assert found[1].get("Content-Range") == content_range
    assert (found[1]["Accept-Ranges"], found[1]["Content-Type"]) == ("bytes", "image/jpeg")


async def test_stream_with_if_range_of_another_state_is_complete(bucket):
    info = await bucket.folder.head("a/b.jpg")
    for held, status in ((info.etag, 206), (info.last_modified, 206), ('"other"', 200), (f"W/{info.etag}", 200)):
        found = await streamed(bucket, **{RANGE: "bytes=1-2", IF_RANGE: held})
        assert (found[0], len(found[2])) == (status, 2 if status == 206 else len(BODY))


async def test_stream_with_conditions_passes_them_to_the_storage(bucket):
    info = await bucket.folder.head("a/b.jpg")
    match, since = "If-None-Match", "If-Modified-Since"
    for asked, status in (
        ({match: info.etag}, 304),
        ({match: f'"x", W/{info.etag}'}, 304),
        ({since: info.last_modified}, 304),
        ({match: '"x"', since: info.last_modified}, 200),
        ({match: info.etag, RANGE: "bytes=0-0"}, 304),
    ):
        found = await streamed(bucket, **asked)
        assert found[0] == status
        assert found[1]["ETag"] == info.etag
        assert (found[2] == b"") == (status == 304)


async def test_body_left_early_closes_the_connection(bucket):
    before = open_files()
    async with sources(bucket) as it:
        async with await it.stream(URL, {}) as stream:
            await anext(aiter(stream))
        async with await it.stream(URL, {}):
            pass
    assert bucket.read == CHUNK
    assert open_files() <= before


async def test_stream_of_an_object_that_breaks_off_raises(bucket):
    bucket.breaks_off_after, bucket.error = 1, StorageError("gone")
    with pytest.raises(ConnectionAbortedError):
        await streamed(bucket)


async def test_stream_of_a_large_object_is_read_in_chunks(bucket, tmp_path):
    size, tail = 3 << 30, b"the end"
    with (tmp_path / "pictures/giant").open("wb") as file:
        file.truncate(size)
        file.seek(size - len(tail))
        file.write(tail)
    status, headers, body = await streamed(bucket, "s3://pictures/giant", Range=f"bytes={size - CHUNK - 7}-")
    assert (status, headers["Content-Length"]) == (206, str(CHUNK + 7))
    assert hashlib.sha256(body[:CHUNK]).digest() == hashlib.sha256(bytes(CHUNK)).digest()
    assert body[CHUNK:] == tail


async def test_e6_look_ups_that_hang_do_not_hold_up_files_and_objects(bucket, tmp_path):
    """As many names as all threads of the resolver and more; the loop's own threads stay free, too."""
    (tmp_path / "a.jpg").write_bytes(b"picture")
    awake, asked = threading.Event(), []

    def hanging(host, *_):
        asked.append(host)
        awake.wait(60)
        raise OSError("no name server answers")

    config = SourcesConfig(local_root=str(tmp_path))
    it = Sources(config, hanging, storages=Buckets(pictures=bucket))
    await it.start()
    try:
        fetches = [asyncio.create_task(it.fetch(f"http://{n}.example/", timeout=60)) for n in range(64)]
        await wait_until(lambda: len(asked) >= 16)
        for _ in range(20):
            with await it.fetch(URL) as original:
                assert original.size == len(BODY)
            with await it.fetch("local:///a.jpg") as original:
                assert original.size == 7
        assert await asyncio.to_thread(lambda: True)
        assert not any(task.done() for task in fetches)
    finally:
        awake.set()
        outcomes = await asyncio.gather(*fetches, return_exceptions=True)
        await it.close()
    assert {type(error) for error in outcomes} == {SourceUnreachableError}


async def test_first_bytes_of_an_object_are_read_alone_where_they_will_do(bucket):
    async with sources(bucket) as it:
        with await it.fetch_if_changed(URL, "", head=3) as original:
            assert (original.size, original.head) == (len(BODY), 3)
            assert os.pread(original.fd, len(BODY), 0) == BODY[:3]
