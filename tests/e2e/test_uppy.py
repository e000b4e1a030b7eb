"""Photographs go up from a page with Uppy in a real browser, and are seen on that page through the proxy."""

import json

import pytest
import pyvips
from aiohttp import web

from mememime_proxy.urls import UrlBuilder
from tests.support.browser import Browser, Tab
from tests.support.node_packages import uppy_bundle
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess

PHOTOGRAPHS = ("astronaut.jpg", "coffee.jpg", "rocket.jpg")
TOKEN_KEY = "ef" * 32
WIDTH, HEIGHT = 240, 160
PIECE = 32 << 10
# Of 255: WebP at its usual quality on these photographs.
_TOLERANCE = 6.0
_FILES = {"/uppy.mjs": ("uppy.min.mjs", "text/javascript"), "/uppy.css": ("uppy.min.css", "text/css")}


def page(endpoint, token, shown):
    """What a site would serve: a dashboard, and a gallery that fills as photographs arrive. ``shown``: URLs by name."""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gallery</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/uppy.css">
<style>body {{ margin: 16px }} #gallery {{ display: flex; gap: 12px; margin-top: 16px }}</style>
</head><body><div id="drop"></div><div id="gallery"></div>
<script type="module">
import {{ Uppy, Dashboard, Tus }} from "/uppy.mjs"
const shown = {json.dumps(shown)}
const uppy = new Uppy({{
  restrictions: {{ allowedFileTypes: ["image/*"] }},
  onBeforeFileAdded: file => ({{ ...file, meta: {{ ...file.meta, alias: "gallery/" + file.name.split(".")[0] }} }}),
}})
uppy.use(Dashboard, {{ target: "#drop", inline: true, width: 760, height: 320, showProgressDetails: true }})
uppy.use(Tus, {{
  endpoint: {json.dumps(endpoint)}, headers: {{ Authorization: "Bearer {token}" }},
  chunkSize: {PIECE}, limit: 3, retryDelays: [100, 500], allowedMetaFields: ["name", "type", "alias"],
}})
uppy.on("upload-success", file => {{
  const image = new Image({WIDTH}, {HEIGHT})
  image.id = file.name.split(".")[0]
  image.src = shown[file.name]
  document.getElementById("gallery").append(image)
}})
window.finished = new Promise(done => uppy.on("complete", result => done({{
  successful: result.successful.map(file => file.name).sort(),
  failed: result.failed.map(file => [file.name, String(file.error)]),
}})))
window.uppy = uppy
</script></body></html>"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as instance:
        yield instance


@pytest.fixture
async def site():
    """A site of its own: what ``site["page"]`` holds, and Uppy's files. Its origin is ``site["origin"]``."""
    held, uppy = {"page": ""}, uppy_bundle()

    async def handle(request):
        if request.path in _FILES:
            name, kind = _FILES[request.path]
            return web.Response(body=(uppy / name).read_bytes(), content_type=kind)
        return web.Response(text=held["page"], content_type="text/html")

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    held["origin"] = f"http://gallery.test:{runner.addresses[0][1]}"
    yield held
    await runner.cleanup()


@pytest.fixture
def resources(site, tmp_path):
    folder = tmp_path / "resources"
    folder.mkdir()
    with ResourceProcess(folder, upload_origins=site["origin"], token_key=TOKEN_KEY, workers="1") as service:
        yield service


@pytest.fixture
def proxy(resources, tmp_path):
    folder = tmp_path / "proxy"
    folder.mkdir()
    with ProxyProcess(folder, key=KEY, salt=SALT, workers="1", **resources.proxy_settings()) as instance:
        yield instance


@pytest.fixture
def prepare(site, resources, proxy):
    """Makes the site's page: with a token that is good for ``count`` pictures in the gallery, and no key."""

    def build(names, count, types=("image/jpeg",)):
        said = resources.request(
            "POST", "/tokens", {"prefix": "gallery/", "types": list(types), "count": count, "expires_in": 600}
        )
        assert said.status == 201, said.body
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).resize("fill", WIDTH, HEIGHT)
        shown = {name: url.build(f"alias://gallery/{name.partition('.')[0]}", "webp") for name in names}
        site["page"] = page(f"http://uploads.test:{resources.port}/uploads", said.json["token"], shown)
        return shown

    return build


async def _upload(tab, pictures, names):
    """As a visitor does it: files are chosen, the button is pressed."""
    await tab.choose("input.uppy-Dashboard-input", [pictures / name for name in names])
    await tab.run(
        """new Promise(done => { const look = () => {
        const button = document.querySelector('.uppy-StatusBar-actionBtn--upload');
        button ? done(button.click()) : requestAnimationFrame(look) }; look() })"""
    )


@pytest.mark.promise("G19")
async def test_uppy_uploads_three_photographs_that_are_shown(browser, site, resources, prepare, pictures, tmp_path):
    shown = prepare(PHOTOGRAPHS, count=len(PHOTOGRAPHS))
    async with Tab(browser, 1) as tab:
        await tab.open(site["origin"])
        await _upload(tab, pictures, PHOTOGRAPHS)
        assert await tab.run("finished") == {"successful": sorted(PHOTOGRAPHS), "failed": []}
        await tab.run("Promise.all([...document.getElementById('gallery').children].map(image => image.decode()))")
        screenshot = await tab.screenshot()
        (tmp_path / "gallery.png").write_bytes(screenshot)
        window = pyvips.Image.new_from_buffer(screenshot, "").extract_band(0, n=3)
        for name in PHOTOGRAPHS:
            box = await tab.run(
                f"""(() => {{ const box = document.getElementById('{name.partition(".")[0]}').getBoundingClientRect();
                return [box.x, box.y, box.width, box.height].map(Math.round) }})()"""
            )
            assert box[2:] == [WIDTH, HEIGHT]
            assert tab.responses[shown[name]]["mimeType"] == "image/webp"
            expected = pyvips.Image.thumbnail(str(pictures / name), WIDTH, height=HEIGHT, size="both", crop="centre")
            seen = window.crop(*box)
            assert (seen - expected.extract_band(0, n=3)).abs().avg() < _TOLERANCE, name
            assert (seen - expected.extract_band(0, n=3).flip("horizontal")).abs().avg() > 2 * _TOLERANCE, name
        assert tab.errors == []
    for name in PHOTOGRAPHS:
        alias = resources.request("GET", f"/aliases/gallery/{name.partition('.')[0]}").json
        response = resources.request("GET", f"/assets/{alias['sha256']}/content")
        assert response.body == (pictures / name).read_bytes()


async def test_uppy_pauses_and_resumes_an_upload(browser, site, resources, prepare, pictures):
    name = "dandelion.jpg"
    prepare([name], count=1)
    size = (pictures / name).stat().st_size
    assert size > 4 * PIECE
    async with Tab(browser, 1) as tab:
        await tab.open(site["origin"])
        await tab.run(
            f"""window.paused = new Promise(done => uppy.on('upload-progress', (file, progress) => {{
            if (progress.bytesUploaded >= {2 * PIECE} && !window.stopped) {{ window.stopped = true; uppy.pauseAll();
            done(uppy.getFile(file.id).tus.uploadUrl) }} }})); 0"""
        )
        await _upload(tab, pictures, [name])
        upload = (await tab.run("paused")).rpartition("/")[2]
        status = resources.request("GET", f"/uploads/{upload}").json
        assert status["state"] == "receiving"
        assert 0 < status["offset"] < size
        await tab.run("uppy.resumeAll()")
        assert await tab.run("finished") == {"successful": [name], "failed": []}
        assert await tab.run("document.images[document.images.length - 1].decode()") is None
    # It is the upload that was paused which got whole; nothing was begun anew.
    assert resources.request("GET", f"/uploads/{upload}").json["state"] == "done"


async def test_uppy_shows_why_a_token_is_refused(browser, site, resources, prepare, pictures):
    prepare(["chelsea.webp"], count=1)
    async with Tab(browser, 1) as tab:
        await tab.open(site["origin"])
        await _upload(tab, pictures, ["chelsea.webp"])
        message = await tab.run("finished")
        assert message["successful"] == []
        assert [name for name, _ in message["failed"]] == ["chelsea.webp"]
    assert resources.request("GET", "/aliases/gallery/chelsea").status == 404
