"""The built files of the console, as they lie in the package: names with a hash, and a manifest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


class StaticFile(NamedTuple):
    """A built file. Its name has a hash of its bytes, so that clients may store it for ever."""

    body: bytes
    content_type: str


@cache
def manifest() -> dict[str, str]:
    """Return the names of built files by the names that pages know them by: ``main.js``, ``main.css``."""
    found: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    return found


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.suffix in _TYPES and path.name != "manifest.json")


def static_file(name: str) -> StaticFile | None:
    """Return a built file; None for any other name."""
    if name not in _names():
        return None
    path = FOLDER / name
    return StaticFile(path.read_bytes(), _TYPES[path.suffix])
