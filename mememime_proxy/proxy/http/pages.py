"""The HTML pages of the proxy, and the files of the one that plays streams, ``/player``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web

LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Mememime</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;padding:0 1rem}code{font-size:1rem}</style>
</head><body><h1>Mememime is running.</h1>
<p>Put a signed URL in an <code>&lt;img src&gt;</code> and the right picture comes back:</p>
<p><code>/{signature}/rs:fill:300:200/plain/{source}@webp</code></p>
<p><code>mememime sign</code> makes such URLs.</p></body></html>
"""


def error_page(status: int, text: str) -> str:
    """Return a page for developers about an error. ``text`` is escaped already."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{status}</title></head>'
        f"<body><h1>{status}</h1><pre>{text}</pre></body></html>\n"
    )


PLAYER_FILES: Final = {"": "player.html", "/player.js": "player.js", "/hls.js": "hls.light.min.js"}
"""Names of files by what follows ``/player`` in the path."""
_TYPES: Final = {"html": "text/html", "js": "text/javascript"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self';"
    " media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def player_file(name: str) -> web.Response:
    """Return a response with one of ``PLAYER_FILES``. Its scripts may load what this service serves, and nothing else."""
    return web.Response(
        body=_content(name),
        content_type=_TYPES[name.rpartition(".")[2]],
        charset="utf-8",
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "public, max-age=3600"},
    )


@cache
def _content(name: str) -> bytes:
    return (files("mememime_proxy.service") / "static" / name).read_bytes()
