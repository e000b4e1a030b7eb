"""Fixtures of the end-to-end tests: a folder of pictures, a running service, a slow source."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
import pyvips
from aiohttp import web

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.s3_fixtures import s3_server

__all__ = ["s3_server"]

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Real photographs, and some made for one question."""
    folder = tmp_path_factory.mktemp("pictures")
    for path in SAMPLES.glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    photo = pyvips.Image.new_from_file(str(SAMPLES / "dandelion.jpg"))
    cut = photo.crop(0, 0, 640, 360)
    cut.pngsave(str(folder / "cut.png"))
    cut.webpsave(str(folder / "cut.webp"))
    cut.heifsave(str(folder / "cut.avif"), compression="av1", effort=0)
    cut.tiffsave(str(folder / "cut.tiff"))
    cut.bandjoin(128).pngsave(str(folder / "clear.png"))
    pyvips.Image.gaussnoise(2500, 2000, mean=128, sigma=60).cast("uchar").bandjoin([0, 0]).copy(
        interpretation="srgb"
    ).jpegsave(str(folder / "noise.jpg"), Q=95)
    frames = [cut.crop(40 * i, 0, 100, 80) for i in range(4)]
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", 80)
    joined.set_type(pyvips.GValue.array_int_type, "delay", [50, 60, 70, 80])
    joined.gifsave(str(folder / "moving.gif"))
    (folder / "broken.jpg").write_bytes((folder / "coffee.jpg").read_bytes()[:300])
    (folder / "text.txt").write_text("no picture at all")
    (folder / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><script>alert(1)</script>'
        '<rect width="40" height="20" fill="#f00"/></svg>'
    )
    return folder


@pytest.fixture(scope="module")
def service(pictures, tmp_path_factory):
    """A service with a key, on the pictures."""
    with ProxyProcess(
        tmp_path_factory.mktemp("service"),
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(pictures),
        allow_loopback_source_addresses="1",
        watermark_path=str(pictures / "watermark.svg"),
        auto_webp="1",
        enable_debug_headers="1",
        max_animation_frames="10",
        source_freshness="0",
        timeout="20",
    ) as proxy:
        yield proxy


@pytest.fixture
def url(service):
    """A builder of signed URLs for that service."""
    return UrlBuilder(service.base, key=KEY, salt=SALT)


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False) as session:
        yield session


@pytest.fixture
async def origin(pictures):
    """A source on the web that counts, that can wait, and that knows validators."""

    class Origin:
        hits = 0
        conditional = 0
        fails = 0
        seen: Mapping[str, str] = {}
        gate = asyncio.Event()
        headers: dict[str, str] = {}  # noqa: RUF012 - one object a test

    state = Origin()
    state.gate, state.headers = asyncio.Event(), {}
    state.gate.set()

    async def handle(request):
        state.hits += 1
        state.seen = request.headers
        await state.gate.wait()
        if state.fails:
            return web.Response(status=state.fails)
        matches = request.headers.get("If-None-Match") == state.headers.get("ETag", "") != ""
        dated = request.headers.get("If-Modified-Since") == state.headers.get("Last-Modified", "") != ""
        if matches or dated:
            state.conditional += 1
            return web.Response(status=304, headers=state.headers)
        path = pictures / request.path.strip("/")
        if not path.is_file():
            return web.Response(status=404)
        return web.Response(body=path.read_bytes(), headers=state.headers)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    state.base = "http://127.0.0.1:{}".format(*runner.addresses[0][1:2])
    yield state
    state.gate.set()
    await runner.cleanup()
