"""The URL language: signed text in, a plan out, and back.

Pure: no I/O, no web framework, no image library. The names below load when they are first used, so that a site which
only signs URLs pays for no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mememime_proxy.urls.building.builder import UrlBuilder as UrlBuilder
    from mememime_proxy.urls.config import UrlConfig as UrlConfig
    from mememime_proxy.urls.grammar import ParsedUrl as ParsedUrl
    from mememime_proxy.urls.parser import UrlParser as UrlParser
    from mememime_proxy.urls.path import SignedPath as SignedPath
    from mememime_proxy.urls.path import split as split
    from mememime_proxy.urls.source.source import SourceUrl as SourceUrl

_HOMES = {
    "ParsedUrl": "grammar",
    "SignedPath": "path",
    "SourceUrl": "source.source",
    "UrlBuilder": "building.builder",
    "UrlConfig": "config",
    "UrlParser": "parser",
    "split": "path",
}

__all__ = ["ParsedUrl", "SignedPath", "SourceUrl", "UrlBuilder", "UrlConfig", "UrlParser", "split"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
