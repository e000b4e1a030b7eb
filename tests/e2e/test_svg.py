"""I9: what the sanitiser lets through asks for nothing and runs nothing in a real browser, without any policy."""

import base64
from html import escape

from aiohttp import web

from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.browser import Browser, Tab
from tests.support.drawings import drawing

STYLES = [
    "@import 'http://a.test/1';",
    "@\\69mport url(http://a.test/2);",
    "rect,div{fill:u\\72l(http://a.test/3);background:url(//a.test/4);mask:image-set('http://a.test/5' 1x)}",
    "@font-face{font-family:x;src:url(http://a.test/6)}text{font-family:x}",
    ":root{--x:url(http://a.test/7)}div{background:var(--x)}",
    "@media screen{div{background:url(http://a.test/8);cursor:url(http://a.test/9),auto}}",
]
ELEMENTS = [
    "<script>fetch('http://a.test/10')</script>",
    "<image href='http://a.test/11' width='9' height='9'/><use href='http://a.test/12#a'/>",
    "<rect onload=\"fetch('http://a.test/13')\" width='9' height='9'/>",
    "<g><animate onbegin=\"fetch('http://a.test/14')\" attributeName='x' to='1' dur='1s'/></g>",
    "<foreignObject width='9' height='9'><img xmlns='http://www.w3.org/1999/xhtml' src='http://a.test/15'/></foreignObject>",
    "<foreignObject width='9' height='9'><iframe xmlns='http://www.w3.org/1999/xhtml' src='http://a.test/16'/></foreignObject>",
]


def pages(*, sanitised: bool) -> str:
    """A page of frames, one for each drawing."""
    shapes = "<rect width='9' height='9'/><text y='9'>x</text><foreignObject width='9' height='9'><div "
    shapes += "xmlns='http://www.w3.org/1999/xhtml'>x</div></foreignObject>"
    bodies = [f"<style>{escape(css, quote=False)}</style>{shapes}" for css in STYLES] + ELEMENTS
    frames = ""
    for body in map(drawing, bodies):
        text = bytes(inspect(body, ImageLimits(), RenderConfig())[1]) if sanitised else body
        frames += f'<iframe src="data:image/svg+xml;base64,{base64.b64encode(text).decode()}"></iframe>'
    return f"<!DOCTYPE html><title>x</title>{frames}"


async def test_i9_sanitised_drawings_ask_a_browser_for_nothing(aiohttp_server):
    async def page(request: web.Request) -> web.Response:
        return web.Response(text=pages(sanitised=request.path == "/sanitised"), content_type="text/html")

    application = web.Application()
    application.router.add_get("/raw", page)
    application.router.add_get("/sanitised", page)
    server = await aiohttp_server(application)
    asked: dict[str, set[str]] = {}
    with Browser() as browser:
        for path in ("/raw", "/sanitised"):
            async with Tab(browser, 1) as tab:
                await tab.open(str(server.make_url(path)))
                await tab.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                asked[path] = {url for url in tab.requests if "a.test" in url}
    assert len(asked["/raw"]) > 3, "the drawings as they came do ask"
    assert not asked["/sanitised"]
