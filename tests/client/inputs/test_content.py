import hashlib
import os

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import CHUNK, LocalFile, StoredObject
from mememime_proxy.storage.local.folder import Folder


async def read(content, start, end):
    return b"".join([chunk async for chunk in content.chunks(start, end)])


@pytest.fixture
async def folder(tmp_path):
    folder = Folder(str(tmp_path))
    await folder.start()
    yield folder
    await folder.close()


@pytest.fixture(params=["file", "object"])
async def sample(request, tmp_path, folder):
    data = os.urandom(CHUNK * 2 + 17)
    path = tmp_path / "x"
    path.write_bytes(data)
    if request.param == "file":
        return LocalFile(path), data, path
    info = await folder.head("x")
    return StoredObject(folder, "x", info.size, info.etag), data, path


async def test_content_bytes_digest_and_head_are_those_of_the_file(sample):
    content, data, _ = sample
    assert content.size == len(data)
    assert await content.digest() == hashlib.sha256(data).hexdigest()
    for start, end in ((0, len(data)), (0, 0), (5, 5), (CHUNK - 1, CHUNK + 1), (len(data) - 1, len(data))):
        assert await read(content, start, end) == data[start:end]
    async with content.head() as file:
        assert file.read(10) == data[:10]
        file.seek(3)
        assert file.read(4) == data[3:7]


async def test_content_changed_file_raises_file_error(sample):
    content, data, path = sample
    path.write_bytes(data + b"!")
    for attempt in (content.digest(), read(content, 0, 10)):
        with pytest.raises(FileError, match="changed"):
            await attempt


async def test_content_deleted_file_raises_file_error(sample):
    content, _, path = sample
    path.unlink()
    with pytest.raises(FileError):
        await content.digest()


async def test_content_file_truncated_during_reading_raises_file_error(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(bytes(CHUNK * 3))
    chunks = LocalFile(path).chunks(0, CHUNK * 3)
    assert len(await anext(chunks)) == CHUNK
    os.truncate(path, CHUNK)
    with pytest.raises(FileError, match="truncated"):
        await anext(chunks)


def test_content_of_a_folder_raises_file_error(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileError):
            LocalFile(path)
