import asyncio
import hashlib
import urllib.request

import pytest

from mememime_proxy.errors import PreconditionFailedError
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.prefixed import PrefixedStorage
from mememime_proxy.storage.presigning import presigner_of
from tests.support.storage_objects import keys, read

PART = bytes(5 << 20)


def send(url, body):
    request = urllib.request.Request(url, body, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.headers["ETag"]


def test_presigner_of_a_storage_without_one_is_none(tmp_path):
    folder = Folder(str(tmp_path))
    assert presigner_of(folder) is None
    assert presigner_of(PrefixedStorage(folder, "a/")) is None


@pytest.mark.parametrize("prefix", ["", "tenant/"])
async def test_presigned_parts_make_the_object_and_complete_is_repeatable(bucket, prefix):
    storage = PrefixedStorage(bucket, prefix) if prefix else bucket
    presigner = presigner_of(storage)
    upload = await presigner.create_upload("k", "image/png")
    urls = [await presigner.presign_part("k", upload, number, 60) for number in (1, 2)]
    etags = [await asyncio.to_thread(send, url, body) for url, body in zip(urls, (PART, b"end"), strict=True)]
    assert await keys(storage) == []
    for _ in range(2):
        info = await presigner.complete_upload("k", upload, [(2, etags[1]), (1, etags[0])], len(PART) + 3)
        assert info.size == len(PART) + 3
    assert hashlib.sha256(await read(storage, "k")).digest() == hashlib.sha256(PART + b"end").digest()
    assert await keys(bucket) == [f"{prefix}k"]


async def test_presigned_upload_of_another_size_raises(bucket):
    presigner = presigner_of(bucket)
    upload = await presigner.create_upload("k", "image/png")
    url = await presigner.presign_part("k", upload, 1, 60)
    etag = await asyncio.to_thread(send, url, b"abc")
    with pytest.raises(PreconditionFailedError):
        await presigner.complete_upload("k", upload, [(1, etag)], 4)


async def test_presigned_upload_aborted_leaves_nothing_and_abort_is_repeatable(s3_server, bucket):
    presigner = presigner_of(bucket)
    upload = await presigner.create_upload("k", "image/png")
    await presigner.abort_upload("k", upload)
    await presigner.abort_upload("k", upload)
    assert s3_server.client().list_multipart_uploads(Bucket=bucket.bucket).get("Uploads", []) == []
