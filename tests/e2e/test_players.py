"""Streams in a real browser: hls.js, Shaka Player and dash.js play them whole, change levels, and seek past seams."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from mememime_proxy.urls.signature import Signer
from tests.support.browser import Browser, Tab
from tests.support.node_packages import npm_package
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.stream_film import FRAMES, RATE, stream_film

pytestmark = [pytest.mark.alone, pytest.mark.slow]

PAGE = Path(__file__).parents[1] / "support" / "players.html"
PATIENCE = 300
SCRIPTS = {
    "/hls.js": (
        *("hls.js", "1.7.4"),
        "sha512-3GlxGdPvT2YHvQYOt+yOzT/DEior/qJVNIylHA77kgeoBTdQQqi70GwefNEUmHQeNGyjC8U62+bruqW/Tpm+tg==",
        "dist/hls.min.js",
    ),
    "/shaka.js": (
        *("shaka-player", "5.2.12"),
        "sha512-vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg==",
        "dist/shaka-player.compiled.js",
    ),
    "/dash.js": (
        *("dashjs", "5.2.1"),
        "sha512-axcJmLeJCTJMLUfQRErUJB1KOiU5iHF+DMLBc3FKeox1HPYtGUQlC6Xm5Mm6vhBUR3CHHLIPOqw0JDIqMtP+Dw==",
        "dist/modern/umd/dash.all.min.js",
    ),
}
PLAYERS = {"hls.js": ("hls", "m3u8"), "Shaka, HLS": ("shaka", "m3u8"), "Shaka, DASH": ("shaka", "mpd"),
           "dash.js": ("dash", "mpd")}  # fmt: skip
SEEKS = (500, 179, 180, 181, 900, 1000, 0)
"""Frames that are sought, on both sides of a seam between segments among them."""
SIGNER = Signer([(bytes.fromhex(KEY), bytes.fromhex(SALT))])


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A service with a film; the URL of its stream, whose members are all made already."""
    originals = tmp_path_factory.mktemp("originals")
    (originals / "film.mp4").write_bytes(stream_film())
    settings = {"local_filesystem_root": str(originals), "timeout": "60", "download_timeout": "50", "av_timeout": "120"}
    with ProxyProcess(tmp_path_factory.mktemp("service"), key=KEY, salt=SALT, **settings) as service:
        path = "/ld:240:120/plain/local:///film.mp4@{}"
        urls = {kind: f"{service.base}/{SIGNER.sign(path.format(kind))}{path.format(kind)}" for kind in ("m3u8", "mpd")}
        asyncio.run(fill(urls["m3u8"]))
        yield urls


async def fill(url):
    """Ask for every member of a stream once, so that players wait for nothing but the network."""
    async with aiohttp.ClientSession(raise_for_status=True) as client:

        async def text(name):
            async with client.get(URL(f"{url}/~/{name}", encoded=True)) as response:
                return (await response.read()).decode("latin-1")

        master = await text("master.m3u8")
        for playlist in set(re.findall(r"\w+/[av]\.m3u8", master)):
            folder = playlist.partition("/")[0]
            for name in ("init.mp4", *re.findall(r"\d+\.m4s", await text(playlist))):
                await text(f"{folder}/{name}")


async def serve_page():
    """A site of its own, on another origin than the service."""
    files = {"/": PAGE} | {path: npm_package(*package) / file for path, (*package, file) in SCRIPTS.items()}

    async def handle(request):
        return web.FileResponse(files[request.path])

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/"


async def test_players_play_whole_streams_change_levels_and_seek(tree):
    runner, page = await serve_page()
    with Browser("--autoplay-policy=no-user-gesture-required", "--mute-audio") as browser:
        async with Tab(browser, 1) as tab:
            await tab.open(page)
            for name, (kind, extension) in PLAYERS.items():
                await tab.run(f"begin({name!r}, {kind!r}, {tree[extension]!r})")
            async with asyncio.timeout(PATIENCE):
                states = await tab.run("states()")
                while not all(state["ended"] or state["errors"] for state in states.values()):
                    await asyncio.sleep(0.2)
                    states = await tab.run("states()")
            shown = {
                name: [await tab.run(f"players[{name!r}].frameAt({float((n + 0.5) / RATE)}, {n})") for n in SEEKS]
                for name in PLAYERS
            }
    await runner.cleanup()
    duration = float(FRAMES / RATE)
    for name, state in states.items():
        assert (name, state["errors"], state["stalls"]) == (name, [], [])
        assert (name, state["frames"]) == (name, FRAMES)
        # Both have the cap of 240 lines, so dash.js, which chooses by the bandwidth, may begin with either.
        assert (name, state["levels"]) == (
            name,
            [240] if name == "dash.js" and 120 not in state["levels"] else [120, 240],
        )
        assert len(state["buffered"]) == 1, name
        ((start, end),) = state["buffered"]
        assert abs(start) < 1e-3, name
        assert abs(end - duration) < 1 / RATE, name
        assert (name, shown[name]) == (name, list(SEEKS))
