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
async def test_fetch_returns_the_descriptor_of_the_file(files, path):
    with await fetch(files, path) as original:
        assert original.size == len(BODY)
        assert os.pread(original.fd, 1 << 20, 0) == BODY
        assert original.state.validator.startswith('"')
        assert original.state.last_modified.endswith("GMT")
        assert os.get_inheritable(original.fd) is False


async def test_fetch_of_an_uncached_path_uses_a_thread(tree, monkeypatch):
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


async def test_fetch_without_resolve_cached_tries_it_once(tree, monkeypatch):
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


async def test_fetch_takes_names_literally(files):
    with await fetch(files, "/sub/b c%20.jpg") as original:
        assert original.size == 1


@pytest.mark.parametrize(
    "path",
    ["/../secret", "/sub/../../secret", "/..", "/sub/..", "/out", "/in", "/folder/b c%20.jpg", "/near/b c%20.jpg",
     "/up/secret", "/a.jpg\0",
     "",
     "/", "/../root2/c"],
)  # fmt: skip
async def test_fetch_outside_the_root_or_over_a_link_is_forbidden(files, path):
    with pytest.raises(SourceError) as caught:
        await fetch(files, path)
    assert caught.value.status == 404


@pytest.mark.parametrize("path", ["/none", "/fifo", "/socket", "/sub", "/a.jpg/x", "/" + "n" * 300, "/" + "n/" * 4000])
async def test_fetch_of_other_than_a_regular_file_is_not_found(files, path):
    with pytest.raises(SourceError) as caught:
        await asyncio.wait_for(fetch(files, path), 60)
    assert caught.value.status == 404


async def test_fetch_does_not_decode_percent_escapes(files):
    with pytest.raises(SourceError):
        await fetch(files, "/%2e%2e/secret")


async def test_fetch_of_a_device_is_refused():
    files = LocalFiles("/dev")
    with pytest.raises(SourceError):
        await asyncio.wait_for(fetch(files, "/null"), 60)
    await files.close()


async def test_validator_changes_with_the_file(files, tree):
    before = await files.stat("/a.jpg")
    assert isinstance(await fetch(files, "/a.jpg", before.validator), SourceState)
    assert isinstance(await fetch(files, "/a.jpg", date_validator(before.last_modified)), SourceState)
    os.utime(tree / "a.jpg", (1, 1))
    after = await files.stat("/a.jpg")
    assert after.validator != before.validator
    changed = await fetch(files, "/a.jpg", before.validator)
    assert isinstance(changed, Original)
    changed.close()


async def test_fetch_of_too_large_a_file_raises(files):
    with pytest.raises(SourceTooLargeError):
        await fetch(files, "/a.jpg", max_bytes=len(BODY) - 1)
    (await fetch(files, "/a.jpg", max_bytes=len(BODY))).close()


async def test_fetches_leak_no_descriptors(files):
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
async def test_stream_with_a_range_sends_these_bytes(files, header, status, part):
    stream = await files.stream("/a.jpg", {"Range": header} if header else {})
    async with stream:
        body = b"".join([chunk async for chunk in stream])
    assert (stream.status, body) == (status, part)
    assert int(stream.headers["Content-Length"]) == len(part)
    if status != 200:
        assert stream.headers["Content-Range"].endswith(f"/{len(BODY)}")


async def test_stream_with_conditions_has_the_right_status(files):
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


def test_root_that_is_no_folder_raises(tmp_path):
    with pytest.raises(SettingsError, match="MEMEMIME_LOCAL_FILESYSTEM_ROOT"):
        LocalFiles(str(tmp_path / "none"))


async def test_root_that_is_a_link_is_used(tree, tmp_path):
    (tmp_path / "link").symlink_to(tree)
    files = LocalFiles(str(tmp_path / "link"))
    (await fetch(files, "/a.jpg")).close()
    await files.close()


async def test_stream_sends_validators_and_content_type(files):
    async with await files.stream("/a.jpg", {}) as stream:
        assert stream.headers["Content-Type"] == "image/jpeg"


def test_each_error_number_has_a_source_error():
    for number, name in errno.errorcode.items():
        error = translate_os_error(OSError(number, os.strerror(number)))
        status = 503 if isinstance(error, OverloadError) else error.status
        assert status in {404, 502, 503}, name
    assert translate_os_error(OSError(errno.ENOENT, "")).status == 404
    assert translate_os_error(OSError(errno.EACCES, "")).status == 404
    assert translate_os_error(OSError(errno.EIO, "")).status == 502
    assert translate_os_error(OSError(errno.EMFILE, "")).status == 503


async def test_fetch_without_a_free_descriptor_is_an_overload(tree):
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


async def test_fetch_of_a_film_has_no_limit_of_bytes_where_films_are_read_in_place(tree):
    for name, head in (("film.bin", b"OggS"), ("film.mp4", b"none")):
        (tree / name).write_bytes(head + bytes(5000))
    files = LocalFiles(str(tree), films=True)
    (await fetch(files, "/film.bin", max_bytes=100)).close()
    with pytest.raises(SourceTooLargeError):
        await fetch(files, "/film.mp4", max_bytes=100)
    await files.close()
    files = LocalFiles(str(tree))
    with pytest.raises(SourceTooLargeError):
        await fetch(files, "/film.bin", max_bytes=100)
    await files.close()


async def test_fetch_below_a_folder_replaced_by_a_link_is_refused(tree, tmp_path):
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
