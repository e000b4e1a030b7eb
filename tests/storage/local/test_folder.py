import asyncio
import contextlib
import errno
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.local import atomic_writes
from mememime_proxy.storage.local import folder as module
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.protocol import CHUNK
from tests.support.storage_objects import in_chunks, keys, read

BODY = bytes(range(256)) * 4000


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"))
    await storage.start()
    yield storage
    await storage.close()


@pytest.fixture
def root(folder, tmp_path):
    return tmp_path / "store"


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def leftovers(root):
    return sorted(set(names(root / ".tmp")) - {".lock"})


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_content_type_is_stored_or_comes_from_the_name(folder):
    await folder.put("known.png", b"x", content_type="image/png")
    await folder.put("strange.png", b"x", content_type="text/x-strange")
    await folder.put("unsaid", b"x")
    assert (await folder.head("known.png")).content_type == "image/png"
    assert (await folder.head("unsaid")).content_type == "application/octet-stream"
    try:
        os.setxattr(__file__, "user.mememime_test", b"")
        os.removexattr(__file__, "user.mememime_test")
    except OSError:
        pass  # this file system keeps no attributes: the name tells
    else:
        assert (await folder.head("strange.png")).content_type == "text/x-strange"


async def test_body_of_a_file_replaced_meanwhile_is_the_former_one(folder):
    first = await folder.put("k", b"first and long")
    async with await folder.open("k") as body:
        second = await folder.put("k", b"second")
        assert b"".join([chunk async for chunk in body]) == b"first and long"
    assert first.etag != second.etag
    assert await read(folder, "k") == b"second"


async def test_put_if_match_by_many_writers_succeeds_once_each_round(folder):
    results = await asyncio.gather(
        *(folder.put("new", str(i).encode(), if_absent=True) for i in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    for _ in range(10):
        held = await folder.put("k", b"start")
        results = await asyncio.gather(
            *(folder.put("k", str(i).encode(), if_match=held.etag) for i in range(8)), return_exceptions=True
        )
        (winner,) = [i for i, result in enumerate(results) if not isinstance(result, BaseException)]
        assert await read(folder, "k") == str(winner).encode()
        assert all(isinstance(other, PreconditionFailedError) for i, other in enumerate(results) if i != winner)


async def test_delete_removes_empty_folders_and_ignores_missing_keys(folder, root):
    await folder.put("a/b/c/one", b"1")
    await folder.put("a/two", b"2")
    await folder.delete("a/b/c/one")
    assert names(root) == [".tmp", "a"]
    assert names(root / "a") == ["two"]
    for key in ("a/b/c/one", "none", "a", "a/two/below", "../x", ".tmp/.lock", "n" * 300, "n/" * 4000):
        await folder.delete(key)
    assert await keys(folder) == ["a/two"]
    assert (root / ".tmp/.lock").exists()
    await folder.delete("a/two")
    assert names(root) == [".tmp"]


async def test_put_and_delete_in_one_folder_at_the_same_time_succeed(folder):
    async def put_and_delete(number):
        for _ in range(15):
            await folder.put(f"d/e/{number}", b"x")
            await folder.delete(f"d/e/{number}")

    await asyncio.gather(*(put_and_delete(number) for number in range(6)))
    assert await keys(folder) == []


@pytest.mark.parametrize("key", ["none", "a/none", "k/below", "a", "n" * 300, "n/" * 4000 + "n"])
async def test_read_of_a_key_without_a_file_raises_missing(folder, key):
    await folder.put("k", b"x")
    await folder.put("a/b", b"x")
    with pytest.raises(ObjectNotFoundError):
        await folder.head(key)
    with pytest.raises(ObjectNotFoundError):
        await folder.open(key)


@pytest.mark.parametrize(
    "key", ["", "/", "/k", "k/", "a//b", "./k", "a/../k", "../out", "..", "k\0", ".tmp", ".tmp/x", ".tmp/.lock"]
)
async def test_key_that_is_no_plain_path_is_neither_read_nor_written(folder, root, key):
    await folder.put("k", b"x")
    (root.parent / "out").write_bytes(b"secret")
    with pytest.raises(ObjectNotFoundError):
        await folder.open(key)
    with pytest.raises(StorageDeniedError):
        await folder.put(key, b"y")
    await folder.delete(key)
    assert (root.parent / "out").read_bytes() == b"secret"
    assert await keys(folder) == ["k"]


@pytest.mark.parametrize("key", ["k/below", "a", "n" * 300, "n/" * 4000 + "n"])
async def test_put_with_an_impossible_name_is_denied(folder, root, key):
    await folder.put("k", b"x")
    await folder.put("a/b", b"x")
    with pytest.raises(StorageDeniedError):
        await folder.put(key, b"y")
    assert leftovers(root) == []


async def test_head_with_a_version_raises_missing(folder):
    await folder.put("k", b"x")
    with pytest.raises(ObjectNotFoundError):
        await folder.head("k", version="1")


async def test_links_and_fifos_are_no_objects(folder, root):
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (root / "link").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    os.mkfifo(root / "fifo")
    for key in ("link", "folder/secret"):
        with pytest.raises(StorageDeniedError):
            await folder.open(key)
    with pytest.raises(ObjectNotFoundError):
        await asyncio.wait_for(folder.open("fifo"), 60)
    with pytest.raises(StorageDeniedError):
        await folder.put("folder/new", b"x")
    with contextlib.suppress(StorageDeniedError):
        await folder.delete("folder/secret")
    await folder.put("link", b"mine")
    assert await keys(folder) == ["link"]
    assert await keys(folder, "folder/") == []
    assert names(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"


async def test_start_with_a_link_as_temporary_folder_is_denied(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store" / ".tmp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageDeniedError):
        await Folder(str(tmp_path / "store")).start()


async def test_start_with_a_file_as_root_raises(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        await Folder(str(tmp_path / "file")).start()


NAMES = ["a", "a-b", "a.jpg", "a/b", "a/b-c", "a/b/c", "a0", "ab", "b/1", "b/10", "b/2", "ä/ö", "z/.hidden", ".tmpx"]


async def test_list_with_any_prefix_is_in_order_of_keys(folder):
    some = [name for name in NAMES if name not in {"a", "a/b"}]
    for name in random.Random(1).sample(some, len(some)):
        await folder.put(name, name.encode())
    expected = sorted(some, key=str.encode)
    assert await keys(folder) == expected
    for prefix in ("a", "a/", "a/b", "a/b/", "a/b-", "b/1", "ä", "z", "none", "none/", "a.jpg", ".tmp", ".tmpx"):
        assert await keys(folder, prefix) == [name for name in expected if name.startswith(prefix)], prefix
    for prefix in ("/", "../", "a//", "./", ".tmp/", "a/../", "\0/", "n" * 300 + "/"):
        assert await keys(folder, prefix) == [], prefix
    assert [info.size async for info in folder.list("a/b/")] == [5]


async def test_list_reads_one_batch_at_a_time(folder, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 10)
    seen = []

    def recorded_walk(*arguments):
        for entry in walk_files(*arguments):
            seen.append(entry)
            yield entry

    walk_files = module.walk_files
    monkeypatch.setattr(module, "walk_files", recorded_walk)
    for number in range(50):
        await folder.put(f"d{number % 5}/{number:02}", b"")
    async with contextlib.aclosing(folder.list()) as found:
        first = await anext(found)
    assert first.key == "d0/00"
    assert len(seen) == 10
    assert len(await keys(folder)) == 50


async def test_list_skips_files_deleted_meanwhile(folder, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 1)
    for name in ("a/1", "a/2", "b/1", "c"):
        await folder.put(name, b"")
    found = folder.list()
    assert (await anext(found)).key == "a/1"
    await folder.delete("a/2")
    await folder.delete("b/1")
    assert [info.key async for info in found] == ["c"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("pieces", [False, True])
async def test_put_on_a_full_disk_leaves_no_temporary_file(folder, root, monkeypatch, number, pieces):
    await folder.put("k", b"before")

    def write(_descriptor, _data):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(atomic_writes.os, "write", write)
        with pytest.raises(StorageFullError):
            await folder.put("k", in_chunks(BODY) if pieces else BODY)
    assert await read(folder, "k") == b"before"
    assert leftovers(root) == []


async def test_put_past_the_file_size_limit_raises_full(folder, root):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFullError):
            await folder.put("k", in_chunks(BODY, 30_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_open_and_put_without_a_free_descriptor_are_unavailable(folder):
    await folder.put("k", b"x")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(StorageUnavailableError):
            await folder.open("k")
        with pytest.raises(StorageUnavailableError):
            await folder.put("k", b"y")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert await read(folder, "k") == b"x"


async def test_put_that_is_cancelled_leaves_no_temporary_file(folder, root):
    waiting = asyncio.Event()

    async def endless():
        yield b"half"
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(folder.put("k", endless()))
    await waiting.wait()
    assert len(leftovers(root)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_put_cancelled_during_fsync_is_never_visible(folder, root, monkeypatch):
    reached, go_on = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(descriptor):
        reached.set()
        go_on.wait(10)
        fsync(descriptor)

    monkeypatch.setattr(atomic_writes.os, "fsync", slow)
    task = asyncio.create_task(folder.put("k", b"body"))
    await asyncio.to_thread(reached.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_put_syncs_the_file_before_and_the_folder_after_the_rename(folder, root, monkeypatch):
    calls = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor):
        calls.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink()).removeprefix(str(root))))
        fsync(descriptor)

    def renamed(source, target, **named):
        calls.append(("rename", os.fsdecode(target)))
        rename(source, target, **named)

    monkeypatch.setattr(atomic_writes.os, "fsync", synced)
    monkeypatch.setattr(atomic_writes.os, "rename", renamed)
    await folder.put("a/b/k", b"x")
    assert calls[0][1].startswith("/.tmp/")
    assert calls[1:] == [("sync", ""), ("sync", "/a"), ("rename", "k"), ("sync", "/a/b")]


async def test_put_and_delete_without_sync_call_no_fsync(tmp_path, monkeypatch):
    folder = Folder(str(tmp_path), sync=False)
    await folder.start()
    monkeypatch.setattr(atomic_writes.os, "fsync", None)
    await folder.put("a/k", b"x")
    await folder.delete("a/k")
    assert await keys(folder) == []
    await folder.close()


async def test_put_removes_old_temporary_files_of_other_writers(folder, root):
    old, new = root / ".tmp" / ("0" * 32), root / ".tmp" / ("1" * 32)
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    assert await keys(folder) == []
    await folder.put("k", b"x")
    os.utime(root / ".tmp/.lock", (hours_ago, hours_ago))
    assert leftovers(root) == [new.name]
    other = Folder(str(root))
    await other.start()
    await other.put("k", b"x")
    assert (root / ".tmp/.lock").exists()
    await other.close()


async def test_body_of_a_file_truncated_meanwhile_raises(folder, root):
    await folder.put("k", BODY)
    async with await folder.open("k") as body:
        chunks = aiter(body)
        await anext(chunks)
        os.truncate(root / "k", 10)
        with pytest.raises(StorageError):
            await anext(chunks)


async def test_read_without_rwf_nowait_continues_in_a_thread(folder, monkeypatch):
    await folder.put("k", BODY)
    calls = []

    def preadv(_descriptor, _buffers, _offset, _flags):
        calls.append(1)
        number = errno.EAGAIN if len(calls) < 3 else errno.EOPNOTSUPP
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "preadv", preadv)
    assert await read(folder, "k") == BODY
    assert await read(folder, "k") == BODY
    assert len(calls) == 3


async def test_open_of_a_path_outside_the_cache_runs_in_a_thread(folder, monkeypatch):
    await folder.put("k", b"x")
    root_directory, threads = folder._root, []
    open_path = root_directory.open

    def slow(path, *arguments, cached=False):
        if cached:
            raise BlockingIOError
        threads.append(threading.current_thread().name)
        return open_path(path, *arguments)

    monkeypatch.setattr(root_directory, "open", slow)
    assert await read(folder, "k") == b"x"
    assert threads[0].startswith("storage")


async def test_open_on_a_slow_disk_times_out_and_leaks_no_descriptor(folder, monkeypatch):
    await folder.put("k", b"x")
    root_directory, release = folder._root, threading.Event()
    open_path = root_directory.open

    def stuck(path, *arguments, cached=False):
        if cached:
            raise BlockingIOError
        release.wait(10)
        return open_path(path, *arguments)

    before = open_files()
    monkeypatch.setattr(root_directory, "open", stuck)
    with pytest.raises(StorageTimeoutError):
        await folder.open("k", timeout=0.01)
    release.set()
    folder._threads.shutdown(wait=True)
    await asyncio.sleep(0)  # the loop lets go of what the thread returned
    assert open_files() <= before


async def test_operations_leak_no_descriptors(folder):
    await folder.put("k", BODY)
    before = open_files()
    for _ in range(10):
        await folder.head("k")
        await folder.open_if("k", if_none_match="*")
        async with await folder.open("k") as body:
            await anext(aiter(body))
        for key in ("none", "k/below", ".."):
            with contextlib.suppress(StorageError):
                await folder.open(key)
        with contextlib.suppress(StorageError):
            await folder.put("k", b"x", if_absent=True)
        await folder.put("other", in_chunks(BODY))
        await keys(folder)
    assert open_files() <= before


WRITER = """
import asyncio, sys
from mememime_proxy.storage.local.folder import Folder

async def main():
    folder = Folder(sys.argv[1])
    await folder.start()
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        body = number.to_bytes(4, "big") * 50_000
        async def pieces():
            for start in range(0, len(body), 65_536):
                yield body[start:start + 65_536]
        await folder.put("one/same", pieces())
        await folder.put(f"many/{number}", body, if_absent=number % 2 == 0)
        if number > 3:
            await folder.delete(f"many/{number - 3}")

asyncio.run(main())
"""


def killed_at_some_moment(root, seconds):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        time.sleep(seconds)  # the moment of death is what varies
        child.kill()


async def test_put_of_a_killed_process_leaves_complete_objects_or_none(tmp_path):
    rng = random.Random(7)
    root = tmp_path / "store"
    whole = 0
    for _ in range(12):
        await asyncio.to_thread(killed_at_some_moment, root, rng.uniform(0.0, 0.08))
        folder = Folder(str(root))
        await folder.start()
        for key in await keys(folder):
            assert key == "one/same" or key.startswith("many/")
            body = await read(folder, key)
            assert len(body) == 200_000
            assert body == body[:4] * 50_000
            whole += 1
        # Nobody is shut out by a lock of the dead.
        await asyncio.wait_for(folder.put("one/same", b"\0\0\0\0" * 50_000), 60)
        for key in await keys(folder, "many/"):
            await folder.delete(key)
        await folder.close()
    assert whole > 0


async def test_range_of_a_sparse_file_is_read_in_chunks(folder, root):
    size = 3 << 30
    with (root / "giant").open("wb") as file:
        file.truncate(size)
        file.seek(size - 5)
        file.write(b"tail!")
    async with await folder.open("giant", byte_range=ByteRange(size - CHUNK - 5, None)) as body:
        chunks = [chunk async for chunk in body]
    assert [len(chunk) for chunk in chunks] == [CHUNK, 5]
    assert chunks[1] == b"tail!"
    assert hashlib.sha256(chunks[0]).digest() == hashlib.sha256(bytes(CHUNK)).digest()


async def test_folder_opened_for_reading_writes_nothing(tmp_path):
    root = tmp_path / "copy"
    (root / "a").mkdir(parents=True)
    (root / "a" / "b").write_bytes(BODY)
    storage = Folder(str(root), writes=False)
    await storage.start()
    assert await read(storage, "a/b") == BODY
    assert await keys(storage) == ["a/b"]
    assert (await storage.head("a/b")).size == len(BODY)
    for change in (storage.put("a/c", b"x"), storage.delete("a/b")):
        with pytest.raises(StorageDeniedError):
            await change
    await storage.close()
    assert names(root) == ["a"]
