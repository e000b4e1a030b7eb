"""AsyncFileReader of files: the same bytes at once and from a thread, without blocking."""

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from mememime_proxy.storage.local.file_body import AsyncFileReader

BODY = bytes(range(256)) * 64


@pytest.fixture
def descriptor(tmp_path):
    (tmp_path / "file").write_bytes(BODY)
    opened = os.open(tmp_path / "file", os.O_RDONLY)
    yield opened
    os.close(opened)


@pytest.fixture
def threads():
    """Counts who came to them."""
    with ThreadPoolExecutor(1) as pool:
        pool.came = 0
        submit = pool.submit

        def counted(*arguments, **named):
            pool.came += 1
            return submit(*arguments, **named)

        pool.submit = counted
        yield pool


def refused(monkeypatch, number):
    """The system says this of reads that may not wait; returns how often it was asked."""
    asked = []

    def preadv(*_):
        asked.append(number)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "preadv", preadv)
    return asked


async def whole(reads, descriptor, size):
    found = b""
    while part := await reads.read(descriptor, size, len(found)):
        assert len(part) <= size
        found += part
    return found


@pytest.mark.parametrize("size", [1000, len(BODY), 1 << 20])
async def test_read_of_cached_pages_uses_no_thread(descriptor, threads, size):
    assert await whole(AsyncFileReader(threads), descriptor, size) == BODY
    assert threads.came == 0


async def test_read_of_other_pages_uses_a_thread_and_tries_nowait_again(descriptor, threads, monkeypatch):
    asked = refused(monkeypatch, errno.EAGAIN)
    assert await whole(AsyncFileReader(threads), descriptor, 4096) == BODY
    assert threads.came == len(asked) == 5


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
async def test_read_without_nowait_support_tries_it_once(descriptor, threads, monkeypatch, number):
    asked = refused(monkeypatch, number)
    assert await whole(AsyncFileReader(threads), descriptor, 4096) == BODY
    assert (threads.came, len(asked)) == (5, 1)


async def test_read_from_a_failing_disk_raises(descriptor, threads, monkeypatch):
    refused(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        await AsyncFileReader(threads).read(descriptor, 10, 0)


async def test_reads_let_other_tasks_run(descriptor, threads):
    turns, ended = 0, asyncio.Event()

    async def other():
        nonlocal turns
        while not ended.is_set():
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await whole(AsyncFileReader(threads), descriptor, 256)
    ended.set()
    await beside
    assert turns >= len(BODY) // 256
