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
    RangeNotSatisfiableError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage.local import atomic_writes
from mememime_proxy.storage.local import folder as module
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.protocol import CHUNK, Span, Unchanged

BODY = bytes(range(256)) * 4000


@pytest.fixture
async def folder(tmp_path):
    it = Folder(str(tmp_path / "store"))
    await it.start()
    yield it
    await it.close()


@pytest.fixture
def root(folder, tmp_path):
    return tmp_path / "store"


async def read(folder, key, **named):
    async with await folder.open(key, **named) as body:
        return b"".join([chunk async for chunk in body])


async def keys(folder, prefix=""):
    return [info.key async for info in folder.list(prefix)]


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def leftovers(root):
    return sorted(set(names(root / ".tmp")) - {".lock"})


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def in_pieces(body, size=1000):
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_what_is_put_is_what_is_read(folder):
    put = await folder.put("a/b/c.jpg", BODY)
    head = await folder.head("a/b/c.jpg")
    assert (head.key, head.size, head.etag, head.last_modified) == ("a/b/c.jpg", len(BODY), put.etag, put.last_modified)
    assert head.etag.startswith('"')
    assert head.last_modified.endswith(" GMT")
    assert await read(folder, "a/b/c.jpg") == BODY


async def test_a_body_may_come_in_pieces_and_leave_in_pieces(folder):
    await folder.put("k", in_pieces(BODY))
    async with await folder.open("k") as body:
        assert (body.start, body.end, body.info.size) == (0, len(BODY), len(BODY))
        chunks = [chunk async for chunk in body]
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) <= CHUNK


@pytest.mark.parametrize("body", [b"", in_pieces(b"")], ids=["bytes", "no piece"])
async def test_an_empty_object_is_an_object(folder, body):
    assert (await folder.put("empty", body)).size == 0
    assert await read(folder, "empty") == b""
    assert await keys(folder) == ["empty"]


async def test_content_types_are_kept(folder):
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


async def test_a_write_replaces_the_whole_object_and_its_etag(folder):
    first = await folder.put("k", b"first and long")
    async with await folder.open("k") as body:
        second = await folder.put("k", b"second")
        assert b"".join([chunk async for chunk in body]) == b"first and long"
    assert first.etag != second.etag
    assert await read(folder, "k") == b"second"


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (Span(0, 0), 0, 1),
        (Span(5, 9), 5, 10),
        (Span(5, None), 5, len(BODY)),
        (Span(None, 7), len(BODY) - 7, len(BODY)),
        (Span(None, len(BODY) * 2), 0, len(BODY)),
        (Span(10, len(BODY) * 2), 10, len(BODY)),
    ],
)
async def test_spans(folder, span, start, end):
    await folder.put("k", BODY)
    async with await folder.open("k", span=span) as body:
        assert (body.start, body.end, body.info.size) == (start, end, len(BODY))
        assert b"".join([chunk async for chunk in body]) == BODY[start:end]


@pytest.mark.parametrize("span", [Span(3, None), Span(3, 9), Span(None, 0)])
async def test_a_span_behind_the_end_is_an_error(folder, span):
    await folder.put("k", b"abc")
    before = open_files()
    with pytest.raises(RangeNotSatisfiableError):
        await folder.open("k", span=span)
    assert open_files() <= before


async def test_conditions(folder):
    info = await folder.put("k", b"abc")
    for tags in (info.etag, f'"x", {info.etag}', f"W/{info.etag}", "*"):
        found = await folder.open("k", if_none_match=tags)
        assert isinstance(found, Unchanged)
        assert found.info == await folder.head("k")
    assert isinstance(await folder.open("k", if_modified_since=info.last_modified), Unchanged)
    assert await read(folder, "k", if_none_match='"x"') == b"abc"
    assert await read(folder, "k", if_none_match='"x"', if_modified_since=info.last_modified) == b"abc"
    assert await read(folder, "k", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT") == b"abc"
    assert await read(folder, "k", if_modified_since="yesterday") == b"abc"


async def test_if_absent(folder, root):
    await folder.put("a/k", b"first", if_absent=True)
    with pytest.raises(PreconditionFailedError):
        await folder.put("a/k", b"second", if_absent=True)
    assert await read(folder, "a/k") == b"first"
    assert leftovers(root) == []


async def test_if_match(folder, root):
    with pytest.raises(PreconditionFailedError):
        await folder.put("k", b"x", if_match='"any"')
    first = await folder.put("k", b"first")
    second = await folder.put("k", b"second", if_match=first.etag)
    with pytest.raises(PreconditionFailedError):
        await folder.put("k", b"third", if_match=first.etag)
    assert await read(folder, "k", if_none_match=first.etag) == b"second"
    assert (await folder.head("k")).etag == second.etag
    assert leftovers(root) == []


async def test_of_many_writers_with_a_condition_one_wins(folder):
    outcomes = await asyncio.gather(
        *(folder.put("new", str(i).encode(), if_absent=True) for i in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    for _ in range(10):
        held = await folder.put("k", b"start")
        outcomes = await asyncio.gather(
            *(folder.put("k", str(i).encode(), if_match=held.etag) for i in range(8)), return_exceptions=True
        )
        (winner,) = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
        assert await read(folder, "k") == str(winner).encode()
        assert all(isinstance(other, PreconditionFailedError) for i, other in enumerate(outcomes) if i != winner)


async def test_delete_takes_empty_folders_along_and_forgives(folder, root):
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


async def test_writers_and_deleters_of_one_folder_do_not_trip(folder):
    async def turn(number):
        for _ in range(15):
            await folder.put(f"d/e/{number}", b"x")
            await folder.delete(f"d/e/{number}")

    await asyncio.gather(*(turn(number) for number in range(6)))
    assert await keys(folder) == []


@pytest.mark.parametrize("key", ["none", "a/none", "k/below", "a", "n" * 300, "n/" * 4000 + "n"])
async def test_what_is_not_there_is_missing(folder, key):
    await folder.put("k", b"x")
    await folder.put("a/b", b"x")
    with pytest.raises(ObjectNotFoundError):
        await folder.head(key)
    with pytest.raises(ObjectNotFoundError):
        await folder.open(key)


@pytest.mark.parametrize(
    "key", ["", "/", "/k", "k/", "a//b", "./k", "a/../k", "../out", "..", "k\0", ".tmp", ".tmp/x", ".tmp/.lock"]
)
async def test_keys_that_are_no_plain_paths_neither_exist_nor_can_be_made(folder, root, key):
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
async def test_a_name_that_cannot_be_is_denied_to_writers(folder, root, key):
    await folder.put("k", b"x")
    await folder.put("a/b", b"x")
    with pytest.raises(StorageDeniedError):
        await folder.put(key, b"y")
    assert leftovers(root) == []


async def test_versions_do_not_exist(folder):
    await folder.put("k", b"x")
    with pytest.raises(ObjectNotFoundError):
        await folder.head("k", version="1")


async def test_links_and_devices_are_no_objects(folder, root):
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


async def test_a_private_folder_that_is_a_link_is_not_written_to(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store" / ".tmp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageDeniedError):
        await Folder(str(tmp_path / "store")).start()


async def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        await Folder(str(tmp_path / "file")).start()


NAMES = ["a", "a-b", "a.jpg", "a/b", "a/b-c", "a/b/c", "a0", "ab", "b/1", "b/10", "b/2", "ä/ö", "z/.hidden", ".tmpx"]


async def test_a_list_is_in_order_of_keys(folder):
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


async def test_a_list_does_not_hold_everything(folder, monkeypatch):
    monkeypatch.setattr(module, "_LISTED", 10)
    seen = []

    def files(*arguments):
        for entry in place_files(*arguments):
            seen.append(entry)
            yield entry

    place_files = module.files
    monkeypatch.setattr(module, "files", files)
    for number in range(50):
        await folder.put(f"d{number % 5}/{number:02}", b"")
    async with contextlib.aclosing(folder.list()) as found:
        first = await anext(found)
    assert first.key == "d0/00"
    assert len(seen) == 10
    assert len(await keys(folder)) == 50


async def test_files_that_go_while_they_are_listed_do_not_matter(folder, monkeypatch):
    monkeypatch.setattr(module, "_LISTED", 1)
    for name in ("a/1", "a/2", "b/1", "c"):
        await folder.put(name, b"")
    found = folder.list()
    assert (await anext(found)).key == "a/1"
    await folder.delete("a/2")
    await folder.delete("b/1")
    assert [info.key async for info in found] == ["c"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("pieces", [False, True])
async def test_a_full_disk_leaves_nothing_behind(folder, root, monkeypatch, number, pieces):
    await folder.put("k", b"before")

    def write(_descriptor, _data):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(atomic_writes.os, "write", write)
        with pytest.raises(StorageFullError):
            await folder.put("k", in_pieces(BODY) if pieces else BODY)
    assert await read(folder, "k") == b"before"
    assert leftovers(root) == []


async def test_a_limit_of_the_system_is_a_full_disk(folder, root):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFullError):
            await folder.put("k", in_pieces(BODY, 30_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_no_descriptor_left_is_for_later(folder):
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


async def test_a_body_that_fails_leaves_nothing_behind(folder, root):
    async def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await folder.put("k", broken())
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_a_cancelled_write_leaves_nothing_behind(folder, root):
    waits = asyncio.Event()

    async def endless():
        yield b"half"
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(folder.put("k", endless()))
    await waits.wait()
    assert len(leftovers(root)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await keys(folder) == []
    assert leftovers(root) == []


async def test_a_write_that_is_cancelled_while_the_disk_is_slow_never_shows(folder, root, monkeypatch):
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


async def test_synced_before_it_is_visible_and_its_name_afterwards(folder, root, monkeypatch):
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


async def test_without_sync_nothing_waits_for_the_disk(tmp_path, monkeypatch):
    folder = Folder(str(tmp_path), sync=False)
    await folder.start()
    monkeypatch.setattr(atomic_writes.os, "fsync", None)
    await folder.put("a/k", b"x")
    await folder.delete("a/k")
    assert await keys(folder) == []
    await folder.close()


async def test_leftovers_of_dead_writers_are_removed_by_age(folder, root):
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


async def test_a_file_that_becomes_shorter_is_noticed(folder, root):
    await folder.put("k", BODY)
    async with await folder.open("k") as body:
        chunks = aiter(body)
        await anext(chunks)
        os.truncate(root / "k", 10)
        with pytest.raises(StorageError):
            await anext(chunks)


async def test_reading_goes_on_where_the_kernel_cannot_read_at_once(folder, monkeypatch):
    await folder.put("k", BODY)
    asked = []

    def preadv(_descriptor, _buffers, _offset, _flags):
        asked.append(1)
        number = errno.EAGAIN if len(asked) < 3 else errno.EOPNOTSUPP
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "preadv", preadv)
    assert await read(folder, "k") == BODY
    assert await read(folder, "k") == BODY
    assert len(asked) == 3


async def test_what_the_kernel_does_not_have_at_hand_is_opened_in_a_thread(folder, monkeypatch):
    await folder.put("k", b"x")
    below, threads = folder._place.below, []
    really = below.open

    def slow(path, *arguments, cached=False):
        if cached:
            raise BlockingIOError
        threads.append(threading.current_thread().name)
        return really(path, *arguments)

    monkeypatch.setattr(below, "open", slow)
    assert await read(folder, "k") == b"x"
    assert threads[0].startswith("storage")


async def test_a_disk_that_is_too_slow_is_a_timeout_and_costs_no_descriptor(folder, monkeypatch):
    await folder.put("k", b"x")
    below, release = folder._place.below, threading.Event()
    really = below.open

    def stuck(path, *arguments, cached=False):
        if cached:
            raise BlockingIOError
        release.wait(10)
        return really(path, *arguments)

    before = open_files()
    monkeypatch.setattr(below, "open", stuck)
    with pytest.raises(StorageTimeoutError):
        await folder.open("k", timeout=0.01)
    release.set()
    folder._threads.shutdown(wait=True)
    await asyncio.sleep(0)  # the loop lets go of what the thread returned
    assert open_files() <= before


async def test_descriptors_do_not_leak(folder):
    await folder.put("k", BODY)
    before = open_files()
    for _ in range(10):
        await folder.head("k")
        await folder.open("k", if_none_match="*")
        async with await folder.open("k") as body:
            await anext(aiter(body))
        for key in ("none", "k/below", ".."):
            with contextlib.suppress(StorageError):
                await folder.open(key)
        with contextlib.suppress(StorageError):
            await folder.put("k", b"x", if_absent=True)
        await folder.put("other", in_pieces(BODY))
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


async def test_a_writer_that_is_killed_leaves_whole_objects_or_none(tmp_path):
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


async def test_a_sparse_giant_is_read_in_pieces_of_one_size(folder, root):
    size = 3 << 30
    with (root / "giant").open("wb") as file:
        file.truncate(size)
        file.seek(size - 5)
        file.write(b"tail!")
    async with await folder.open("giant", span=Span(size - CHUNK - 5, None)) as body:
        chunks = [chunk async for chunk in body]
    assert [len(chunk) for chunk in chunks] == [CHUNK, 5]
    assert chunks[1] == b"tail!"
    assert hashlib.sha256(chunks[0]).digest() == hashlib.sha256(bytes(CHUNK)).digest()


async def test_a_folder_that_is_only_read_need_not_be_writable(tmp_path):
    """It leaves nothing behind, not even a place for uploads, and it writes nothing."""
    root = tmp_path / "copy"
    (root / "a").mkdir(parents=True)
    (root / "a" / "b").write_bytes(BODY)
    it = Folder(str(root), writes=False)
    await it.start()
    assert await read(it, "a/b") == BODY
    assert await keys(it) == ["a/b"]
    assert (await it.head("a/b")).size == len(BODY)
    for change in (it.put("a/c", b"x"), it.delete("a/b")):
        with pytest.raises(StorageDeniedError):
            await change
    await it.close()
    assert names(root) == ["a"]
