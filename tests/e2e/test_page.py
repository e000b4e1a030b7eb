"""A page in a real browser: the pictures that it fetches, their formats, and their pixels."""

from contextlib import ExitStack

import pytest
import pyvips
from aiohttp import web

from mememime_proxy.urls import UrlBuilder
from tests.support.browser import Browser, Tab
from tests.support.nginx_server import NginxServer
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

# Of 255. AVIF at its usual quality alone costs up to 4 on these photographs, one pixel's shift 10.
_TOLERANCE = 6.0
# What two decoders make of the same bytes; a candidate that the browser had to scale is further off.
_DECODERS = 2.0


class Page:
    """The page's addresses: one photograph for each way of naming candidates."""

    def __init__(self, base):
        self._base = base
        self.density = {x: self._fit("coffee.jpg", 240 * x) for x in (1, 2, 3)}
        self.widths = {width: self._fit("rocket.jpg", width) for width in (120, 240, 480, 640)}
        self.narrow = self._fit("chelsea.webp", 100)
        self.wide = {x: self._cut("dandelion.jpg", 240 * x, 160 * x) for x in (1, 2)}
        self.fallback = self._fit("chelsea.webp", 110)
        self.pinned = {x: self._cut("astronaut.jpg", 200 * x, 100 * x, "webp") for x in (1, 2)}
        self.lazy = {x: self._fit("chelsea.webp", 150 * x) for x in (1, 2)}

    def _fit(self, name, width):
        return UrlBuilder(self._base, key=KEY, salt=SALT).resize("fit", width).build(f"local:///{name}")

    def _cut(self, name, width, height, extension=None):
        url = UrlBuilder(self._base, key=KEY, salt=SALT).resize("fill", width, height)
        return url.build(f"local:///{name}", extension)

    def html(self):
        widths = ", ".join(f"{url} {width}w" for width, url in self.widths.items())
        return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pictures</title>
<link rel="icon" href="data:,"><style>body {{ margin: 16px }} img {{ display: block; margin: 0 0 12px }}</style></head>
<body>
<img id="density" width="240" alt="" src="{self.density[1]}" srcset="{_densities(self.density)}">
<img id="widths" alt="" src="{self.widths[120]}" sizes="(max-width: 500px) 120px, 240px" srcset="{widths}">
<picture>
<source media="(max-width: 500px)" srcset="{self.narrow}">
<source media="(min-width: 501px)" srcset="{_densities(self.wide)}">
<img id="media" width="240" height="160" alt="" src="{self.fallback}">
</picture>
<picture>
<source type="image/x-unheard-of" srcset="{self.narrow}">
<source type="image/webp" srcset="{_densities(self.pinned)}">
<img id="type" width="200" height="100" alt="" style="position: absolute; left: 400px; top: 20px" src="{self.fallback}">
</picture>
<div style="height: 9000px"></div>
<img id="lazy" loading="lazy" width="150" height="100" alt="" src="{self.lazy[1]}" srcset="{_densities(self.lazy)}">
</body></html>"""


def _densities(urls):
    return ", ".join(f"{url} {x}x" for x, url in urls.items())


@pytest.fixture(scope="module")
def browser():
    with Browser() as instance:
        yield instance


@pytest.fixture(scope="module")
def edge(pictures, tmp_path_factory):
    """NGINX in front of two services that choose the format themselves."""
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures), "auto_avif": "1", "auto_webp": "1"}
    with ExitStack() as stack:
        services = [
            stack.enter_context(ProxyProcess(tmp_path_factory.mktemp(f"service{number}"), **settings))
            for number in range(2)
        ]
        yield stack.enter_context(NginxServer(services))


@pytest.fixture
async def show():
    """Serves a page on a site of its own, not the pictures' one; gives its address."""
    runners = []

    async def serve(html):
        async def handle(_request):
            return web.Response(text=html, content_type="text/html")

        runner = web.ServerRunner(web.Server(handle))
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://shop.test:{runner.addresses[0][1]}/"

    yield serve
    for runner in runners:
        await runner.cleanup()


async def _seen(tab, name, scale):
    """Where the image is in the window (device pixels), and what the browser says of it."""
    state = await tab.run(
        f"""(() => {{ const image = document.getElementById('{name}'), box = image.getBoundingClientRect();
        return {{ box: [box.x, box.y, box.width, box.height], url: image.currentSrc,
        natural: image.naturalWidth }} }})()"""
    )
    return state["url"], state["natural"], [round(scale * side) for side in state["box"]]


def _expected(path, width, height):
    """The picture as it should look in a box: covering it, around its middle, scaled from the original."""
    return pyvips.Image.thumbnail(str(path), width, height=height, size="both", crop="centre").colourspace("srgb")


def _difference(screenshot, box, expected):
    """Mean absolute difference of a region of the window from what is expected there."""
    window = pyvips.Image.new_from_buffer(screenshot, "").extract_band(0, n=3)
    return (window.crop(*box) - expected.extract_band(0, n=3)).abs().avg()


@pytest.mark.parametrize("scale", [1, 2])
async def test_page_shows_the_right_pictures(browser, edge, pictures, show, tmp_path, scale):
    page = Page(edge.base)
    eager = {
        "density": (page.density[scale], "coffee.jpg", 240, 240 * scale, "avif"),
        "widths": (page.widths[240 * scale], "rocket.jpg", 240, 240 * scale, "avif"),
        "media": (page.wide[scale], "dandelion.jpg", 240, 240 * scale, "avif"),
        "type": (page.pinned[scale], "astronaut.jpg", 200, 200 * scale, "webp"),
    }
    lazy = {"lazy": (page.lazy[scale], "chelsea.webp", 150, 150 * scale, "avif")}
    logged = len(edge.lines())
    async with Tab(browser, scale) as tab:
        await tab.open(address := await show(page.html()))
        await tab.run("Promise.all([...document.images].filter(i => i.loading !== 'lazy').map(i => i.decode()))")
        # A picture that is not lazy holds the load event back, so that it had been asked for by now.
        assert set(tab.requests) - {"data:,"} == {address} | {url for url, *_ in eager.values()}
        await _check(tab, eager, pictures, scale, tmp_path / "top.png")
        await tab.run(
            """new Promise((done, failed) => { const image = document.getElementById('lazy');
            image.onload = done; image.onerror = failed; image.scrollIntoView({block: 'center'}) })
            .then(() => document.getElementById('lazy').decode())"""
        )
        await _check(tab, lazy, pictures, scale, tmp_path / "bottom.png")
        expected_urls = [url for url, *_ in (eager | lazy).values()]
        assert sorted(set(tab.requests) - {"data:,", address}) == sorted(expected_urls)
        assert tab.errors == []
    await wait_until(lambda: len(edge.lines()) >= logged + len(expected_urls))
    lines = edge.lines()[logged:]
    # Each was asked for once, by the browser's own Accept header; a format that the address names has but one cell.
    assert len(lines) == len(expected_urls)
    assert {line["status"] for line in lines} == {200}
    cells = {line["uri"].rpartition("/")[2]: line["cell"].strip(",") for line in lines}
    assert cells == {
        url.rpartition("/")[2]: "" if url == page.pinned[scale] else "image/avif,image/webp" for url in expected_urls
    }


async def _check(tab, images, pictures, scale, kept):
    screenshot = await tab.screenshot()
    kept.write_bytes(screenshot)
    for name, (url, picture, natural, pixels, kind) in images.items():
        current, width, box = await _seen(tab, name, scale)
        assert (current, width) == (url, natural), name
        response = tab.responses[url]
        assert (response["status"], response["mimeType"]) == (200, f"image/{kind}")
        received = pyvips.Image.new_from_buffer(await tab.body(url), "")
        assert (received.width, received.height) == (pixels, box[3])
        assert _difference(screenshot, box, received) < _DECODERS, name
        expected = _expected(pictures / picture, *box[2:])
        assert _difference(screenshot, box, expected) < _TOLERANCE, name
        # A mirrored picture is as bright and as colourful as the right one, and is told from it.
        assert _difference(screenshot, box, expected.flip("horizontal")) > 2 * _TOLERANCE, name


async def test_forged_url_shows_nothing_and_an_error_in_the_console(browser, edge, show):
    url = Page(edge.base).density[1].replace(":240/", ":241/")
    image = f'<img src="{url}" onerror="console.error(&quot;no picture&quot;)">'
    logged = len(edge.lines())
    async with Tab(browser, 1) as tab:
        await tab.open(await show(f'<!doctype html><link rel="icon" href="data:,">{image}'))
        assert url in tab.requests
        assert await tab.run("document.images[0].naturalWidth") == 0
        await wait_until(lambda: len(tab.errors) == 2)
        assert any("no picture" in error for error in tab.errors)
        assert any("net::ERR_" in error for error in tab.errors)
    await wait_until(lambda: len(edge.lines()) > logged)
    assert [line["status"] for line in edge.lines()[logged:]] == [403]
