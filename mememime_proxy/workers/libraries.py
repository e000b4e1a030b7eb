"""Versions of the libraries that read originals, and the least ones that may read originals of strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

MINIMUM: Final[dict[str, str]] = {
    "libvips": "8.18.7",
    "Pillow": "13.0",
    "libavif": "1.4",
    "dav1d": "1.5",
    "libheif": "1.23",
    "libde265": "1.1",
    "libjxl": "0.11.2",
    "libxml2": "2.14",
    "PDFium": "8149",
    "FFmpeg": "8.1.2",
}
"""Library → least version. libvips 8.18.3 fixed CVE-2026-69242, 70652 and 70654; from 8.18.7 on its wheel has the
libheif, libaom, libwebp, librsvg, libtiff, libpng, mozjpeg and cgif that the tests of hostile files ran with, which
cannot be asked for their versions. The others are those that these tests ran with."""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version.partition("-")[0])))


def outdated(versions: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield each library that is too old, with its version and the least one. What is not there is not too old."""
    for library, least in MINIMUM.items():
        version = versions.get(library)
        if version is not None and _numbers(version) < _numbers(least):
            yield library, version, least
