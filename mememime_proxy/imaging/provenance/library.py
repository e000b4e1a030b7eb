"""The library of C2PA. It reads manifests of strangers, so that it runs in confined workers alone."""

from __future__ import annotations

import importlib
import json
from functools import cache
from typing import Any, Final

from mememime_proxy.errors import MissingC2paError, missing_extra_text
from mememime_proxy.formats import C2PA_MODULE, FORMATS, has_c2pa

_OFFLINE: Final[dict[str, Any]] = {
    "builder": {"thumbnail": {"enabled": False}},  # of 62 to 412 kB each
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}
OPAQUE: Final = "application/octet-stream"
"""Of an original in which no manifest is looked for."""
_READ: Final = frozenset({"jpeg", "png", "webp", "gif", "avif", "tiff", "heic", "svg"})
WRITTEN: Final = frozenset({"jpeg", "png", "webp", "gif", "avif", "tiff"})
"""Formats of results that can hold a manifest; BMP and ICO cannot, and JPEG XL is written without a container."""


def preload() -> None:
    """Import the library, because a sandboxed worker may be unable to. Starts no thread."""
    if has_c2pa():
        importlib.import_module(C2PA_MODULE)


def load() -> Any:
    """Return the library. Raises MissingC2paError."""
    if not has_c2pa():
        raise MissingC2paError(missing_extra_text("c2pa", "c2pa"))
    return importlib.import_module(C2PA_MODULE)


@cache
def context(anchors: str) -> Any:
    """Return a context of the library that fetches nothing and draws no thumbnails.

    ``anchors``: certificates in PEM whose issuers are trusted, '' = nobody is. It belongs to the process that made it.
    """
    trust = {"trust": {"user_anchors": anchors}} if anchors else {}
    return load().Context.from_dict(_OFFLINE | trust)


def mime_of(format_: str) -> str:
    """Return the media type by which the library looks for a manifest in an original of this format."""
    return FORMATS[format_].mime if format_ in _READ else OPAQUE


def document_of(reader: Any) -> dict[str, Any]:
    """Return what a reader has found, as plain data."""
    document: dict[str, Any] = json.loads(reader.json())
    return document
