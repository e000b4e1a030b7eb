"""The page of the console, and its files."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from mememime_proxy.console.pages import PREFIX, page_headers, page_html
from mememime_proxy.console.static_files import static_file
from mememime_proxy.errors import PathError
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.http.endpoint import Route

_FOREVER = "public, max-age=31536000, immutable"


async def show_page(call: Call) -> web.StreamResponse:
    """Send the page."""
    _require_console(call)
    parts = urlsplit(call.services.settings.public_url)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return web.Response(text=page_html(), content_type="text/html", charset="utf-8", headers=page_headers(origin))


async def send_file(call: Call) -> web.StreamResponse:
    """Send a built file."""
    _require_console(call)
    file = static_file(call.params["name"])
    if file is None:
        raise PathError("the console has no such file")
    return web.Response(body=file.body, content_type=file.content_type, headers={"Cache-Control": _FOREVER})


async def redirect(call: Call) -> web.StreamResponse:
    """Lead to the console."""
    _require_console(call)
    return web.Response(status=302, headers={"Location": f"{PREFIX}/"})


def _require_console(call: Call) -> None:
    if not call.services.settings.console:
        raise PathError("there is no console: MEMEMIME_CONSOLE is off")


ROUTES = (
    Route(method="GET", path="/", handler=redirect, name="root", summary="Lead to the console", role=None,
          responses={302: None}, errors=(PathError,)),
    Route(method="GET", path=PREFIX, handler=redirect, name="console_root", summary="Lead to the console", role=None,
          responses={302: None}, errors=(PathError,)),
    Route(method="GET", path=f"{PREFIX}/static/{{name}}", handler=send_file, name="console_file",
          summary="A file of the console's pages", role=None, responses={200: "*/*"}, errors=(PathError,)),
    Route(method="GET", path=f"{PREFIX}/{{path:(?!static/|api/).*}}", handler=show_page, name="console_page",
          summary="The console, for people", role=None, responses={200: "text/html"}, errors=(PathError,)),
)  # fmt: skip
