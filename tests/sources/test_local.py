import asyncio
import errno
import os
import resource
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from mememime_proxy.errors import OverloadError, SettingsError, SourceError, SourceTooLargeError
from mememime_proxy.sources.local import LocalFiles, translate_os_error
from mememime_proxy.sources.model import Original, SourceState, date_validator
from mememime_proxy.storage.local import openat2

BODY = bytes(range(256)) * 2000


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.jpg").write_bytes(BODY)
    (root / "sub" / "b c%20.jpg").write_bytes(b"b")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "c").write_bytes(b"c")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "in").symlink_to(root / "a.jpg")
    (root / "folder").symlink_to(root / "sub")
    (root / "up").symlink_to("..")
    (root / "near").symlink_to("sub")
    os.mkfifo(root / "fifo")
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(root / "socket"))
        yield root


@pytest.fixture(params=[False, True], ids=["openat2", "by parts"])
async def files(tree, request):
    it = LocalFiles(str(tree), by_parts=request.param)
    yield it
    await it.close()


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def fetch(files, path, validator="", max_bytes=0):
    return await files.fetch(path, validator, max_bytes)


@pytest.mark.parametrize("path", ["/a.jpg", "a.jpg", "//a.jpg", "/./a.jpg"])
async def test_a_file_is_handed_on_as_its_own_descriptor(files, path):
    with await fetch(files, path) as original:
        assert original.size == len(BODY)
        assert os.pread(original.fd, 1 << 20, 0) == BODY
        assert original.state.validator.startswith('"')
        assert original.state.last_modified.endswith("GMT")
        assert os.get_inheritable(original.fd) is False


async def test_what_is_not_in_the_kernels_cache_is_opened_in_a_thread(tree, monkeypatch):
    files, calls = LocalFiles(str(tree)), []

    def opened(root, path, flags, *, cached):
        calls.append(cached)
        if cached:
            raise BlockingIOError
        return os.open(path, os.O_RDONLY, dir_fd=root)

    monkeypatch.setattr(openat2, "openat2", opened)
    (await fetch(files, "/a.jpg")).close()
    assert calls == [True, False]
    await files.close()


async def test_a_kernel_without_cached_lookups_is_asked_for_them_once(tree, monkeypatch):
    files, calls = LocalFiles(str(tree)), []

    def opened(root, path, flags, *, cached):
        calls.append(cached)
        if cached:
            raise OSError(errno.EINVAL, "no such flag")
        return os.open(path, os.O_RDONLY, dir_fd=root)

    monkeypatch.setattr(openat2, "openat2", opened)
    for _ in range(3):
        (await fetch(files, "/a.jpg")).close()
    assert calls == [True, False, False, False]
    await files.close()


async def test_names_are_literal(files):
    with await fetch(files, "/sub/b c%20.jpg") as original:
        assert original.size == 1


@pytest.mark.parametrize(
    "path",
    ["/../secret", "/sub/../../secret", "/..", "/sub/..", "/out", "/in", "/folder/b c%20.jpg", "/near/b c%20.jpg",
     "/up/secret", "/a.jpg\0",
     "",
     "/", "/../root2/c"],
)  # fmt: skip
async def test_there_is_no_way_out_and_no_way_over_links(files, path):
    with pytest.raises(SourceError) as caught:
        await fetch(files, path)
    assert caught.value.status == 404


@pytest.mark.parametrize("path", ["/none", "/fifo", "/socket", "/sub", "/a.jpg/x", "/" + "n" * 300, "/" + "n/" * 4000])
async def test_only_regular_files_that_exist(files, path):
    with pytest.raises(SourceError) as caught:
        await asyncio.wait_for(fetch(files, path), 60)
    assert caught.value.status == 404


async def test_percent_escapes_are_not_decoded_a_second_time(files):
    with pytest.raises(SourceError):
        await fetch(files, "/%2e%2e/secret")


async def test_a_device_below_the_root_is_refused():
    files = LocalFiles("/dev")
    with pytest.raises(SourceError):
        await asyncio.wait_for(fetch(files, "/null"), 60)
    await files.close()


async def test_validators_change_with_the_file(files, tree):
    before = await files.stat("/a.jpg")
    assert isinstance(await fetch(files, "/a.jpg", before.validator), SourceState)
    assert isinstance(await fetch(files, "/a.jpg", date_validator(before.last_modified)), SourceState)
    os.utime(tree / "a.jpg", (1, 1))
    after = await files.stat("/a.jpg")
    assert after.validator != before.validator
    changed = await fetch(files, "/a.jpg", before.validator)
    assert isinstance(changed, Original)
    changed.close()


async def test_too_large_a_file_is_refused(files):
    with pytest.raises(SourceTooLargeError):
        await fetch(files, "/a.jpg", max_bytes=len(BODY) - 1)
    (await fetch(files, "/a.jpg", max_bytes=len(BODY))).close()


async def test_descriptors_do_not_leak(files):
    before = open_files()
    for path in ["/a.jpg", "/none", "/../x", "/in", "/fifo", "/sub"] * 20:
        try:
            (await fetch(files, path)).close()
        except SourceError:
            continue
    assert open_files() <= before + 1


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("", 200, BODY),
        ("bytes=0-9", 206, BODY[:10]),
        ("bytes=-5", 206, BODY[-5:]),
        ("bytes=300000-", 206, BODY[300000:]),
        (f"bytes=0-{len(BODY) * 2}", 206, BODY),
        (f"bytes={len(BODY)}-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=0-1,5-6", 200, BODY),
        ("bytes=9-1", 200, BODY),
        ("pages=1-2", 200, BODY),
    ],
)
async def test_a_stream_gives_the_range_that_was_asked_for(files, header, status, part):
    stream = await files.stream("/a.jpg", {"Range": header} if header else {})
    async with stream:
        body = b"".join([chunk async for chunk in stream])
    assert (stream.status, body) == (status, part)
    assert int(stream.headers["Content-Length"]) == len(part)
    if status != 200:
        assert stream.headers["Content-Range"].endswith(f"/{len(BODY)}")


async def test_if_range_and_if_none_match_are_heeded(files):
    held = await files.stat("/a.jpg")
    ranged = {"Range": "bytes=0-0"}
    assert (await _status(files, ranged | {"If-Range": held.validator})) == 206
    assert (await _status(files, ranged | {"If-Range": '"other"'})) == 200
    assert (await _status(files, {"If-None-Match": f'"x", {held.validator}'})) == 304
    assert (await _status(files, {"If-None-Match": f"W/{held.validator}"})) == 304
    assert (await _status(files, {"If-None-Match": "*"})) == 304
    assert (await _status(files, {"If-None-Match": '"x"', "If-Modified-Since": held.last_modified})) == 200
    assert (await _status(files, {"If-Modified-Since": held.last_modified})) == 304
    assert (await _status(files, {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"})) == 200


async def _status(files, headers):
    async with await files.stream("/a.jpg", headers) as stream:
        return stream.status


def test_a_root_that_is_no_folder_stops_the_start(tmp_path):
    with pytest.raises(SettingsError, match="MEMEMIME_LOCAL_FILESYSTEM_ROOT"):
        LocalFiles(str(tmp_path / "none"))


async def test_a_root_may_be_a_link(tree, tmp_path):
    (tmp_path / "link").symlink_to(tree)
    files = LocalFiles(str(tmp_path / "link"))
    (await fetch(files, "/a.jpg")).close()
    await files.close()


async def test_a_stream_says_what_it_is(files):
    async with await files.stream("/a.jpg", {}) as stream:
        assert stream.headers["Content-Type"] == "image/jpeg"


def test_every_number_of_the_system_is_one_of_ours():
    for number, name in errno.errorcode.items():
        error = translate_os_error(OSError(number, os.strerror(number)))
        status = 503 if isinstance(error, OverloadError) else error.status
        assert status in {404, 502, 503}, name
    assert translate_os_error(OSError(errno.ENOENT, "")).status == 404
    assert translate_os_error(OSError(errno.EACCES, "")).status == 404
    assert translate_os_error(OSError(errno.EIO, "")).status == 502
    assert translate_os_error(OSError(errno.EMFILE, "")).status == 503


async def test_no_descriptor_left_is_not_the_files_fault(tree):
    files = LocalFiles(str(tree))
    (await fetch(files, "/a.jpg")).close()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(OverloadError):
            await fetch(files, "/a.jpg")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (await fetch(files, "/a.jpg")).close()
    await files.close()


async def test_a_folder_that_becomes_a_link_on_the_way_is_not_followed(tree, tmp_path):
    """The kernel resolves in one go: whatever happens in between, nothing outside is read."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_bytes(b"secret")
    inside, link = tree / "swap", tree / "swap-link"
    inside.mkdir()
    (inside / "b").write_bytes(b"inside")
    link.symlink_to(outside)
    stop = threading.Event()

    def swap():
        aside = tree / "swap-aside"
        while not stop.is_set():
            inside.rename(aside)
            link.rename(inside)
            inside.rename(link)
            aside.rename(inside)

    for by_parts in (False, True):
        files = LocalFiles(str(tree), by_parts=by_parts)
        stop.clear()
        swapper = threading.Thread(target=swap)
        swapper.start()
        try:
            for _ in range(300):
                try:
                    with await fetch(files, "/swap/b") as original:
                        assert os.pread(original.fd, 10, 0) == b"inside"
                except SourceError:
                    continue
        finally:
            stop.set()
            swapper.join()
        await files.close()
