import asyncio
import threading

import pytest

from mememime_proxy.errors import ShuttingDownError, SourceTimeoutError, SourceUnreachableError, SourceUrlError
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.model import SourceState
from mememime_proxy.sources.registry import Sources
from tests.support.raw_server import body_of, open_files, rest_of, sources
from tests.support.waiting import wait_until


async def test_local_source_reads_below_the_root(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a?b#c%20.jpg").write_bytes(b"picture")
    async with sources(local_root=str(tmp_path), query_separator="") as it:
        url = "local:///sub/a?b#c%20.jpg"
        held = await it.stat(url)
        assert await body_of(await it.fetch(url)) == b"picture"
        assert isinstance(await it.fetch_if_changed(url, held.validator), SourceState)
        stream = await it.stream(url, {"Range": "bytes=0-2"})
        assert (await rest_of(stream), stream.status) == (b"pic", 206)


async def test_local_source_ignores_the_version(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"picture")
    async with sources(local_root=str(tmp_path)) as it:
        assert await body_of(await it.fetch("local:///a.jpg?v=1")) == b"picture"


async def test_stat_of_a_web_source_is_none():
    async with sources() as it:
        assert await it.stat("https://name.example/a.jpg") is None


@pytest.mark.parametrize(
    "url", ["s3://bucket/key", "file:///etc/passwd", "local:///a.jpg", "data://x/y", "httpx://a/b"]
)
async def test_fetch_with_an_unknown_scheme_is_unreachable(url):
    async with sources() as it:
        for ask in (it.fetch(url), it.stat(url), it.stream(url, {})):
            with pytest.raises(SourceUnreachableError):
                await ask


@pytest.mark.parametrize("url", ["", "a.jpg", "/etc/passwd", "http:/name.example/x"])
async def test_fetch_without_a_scheme_raises(url):
    async with sources() as it:
        with pytest.raises((SourceUrlError, SourceUnreachableError)):
            await it.fetch(url)


async def test_calls_after_close_raise_shutting_down(tmp_path):
    it = Sources(SourcesConfig(local_root=str(tmp_path)))
    await it.start()
    await it.close()
    for url in ("http://name.example/", "local:///a.jpg"):
        for ask in (it.fetch(url), it.stat(url), it.stream(url, {})):
            with pytest.raises(ShuttingDownError):
                await ask


async def test_fetch_from_a_hanging_disk_does_not_block_others(tmp_path, monkeypatch):
    """The thread that hangs goes on; what it opens in the end is closed."""
    from mememime_proxy.storage.local import openat2

    (tmp_path / "a.jpg").write_bytes(b"picture")
    really_open, awake, done = openat2.openat2, threading.Event(), threading.Event()

    def slowly(root, path, flags, *, cached):
        if cached:
            raise BlockingIOError
        awake.wait(30)
        try:
            return really_open(root, path, flags, cached=False)
        finally:
            done.set()

    async with sources(local_root=str(tmp_path)) as it:
        await it.stat("local:///a.jpg")  # its threads and their pipes are there
        monkeypatch.setattr(openat2, "openat2", slowly)
        before = open_files()
        with pytest.raises(SourceTimeoutError):
            await it.fetch("local:///a.jpg", timeout=0.05)
        awake.set()
        await asyncio.to_thread(done.wait, 30)
        monkeypatch.setattr(openat2, "openat2", really_open)
        await wait_until(lambda: open_files() <= before)
