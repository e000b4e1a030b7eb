"""The built files of the console, as they lie in the package: names with a hash, and a manifest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from mememime_proxy import service

FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


_SHARED: Final = {"hls-1.7.4.js": Path(service.__file__).parent / "static" / "hls.light.min.js"}
"""What the page ``/player`` of the proxy loads, too."""


class StaticFile(NamedTuple):
    """A file of the pages. Its name has a hash of its bytes or its version, so that clients may store it for ever."""

    body: bytes
    content_type: str


@cache
def manifest() -> dict[str, str]:
    """Return the names of built files by the names that pages know them by: ``main.js``, ``main.css``."""
    found: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    return found


@cache
def _paths() -> dict[str, Path]:
    built = (path for path in FOLDER.iterdir() if path.suffix in _TYPES and path.name != "manifest.json")
    return {path.name: path for path in built} | _SHARED


def static_file(name: str) -> StaticFile | None:
    """Return a file that pages may load; None for any other name."""
    path = _paths().get(name)
    return None if path is None else StaticFile(path.read_bytes(), _TYPES[path.suffix])
