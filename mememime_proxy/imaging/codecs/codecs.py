"""Which library of this installation reads and writes each format."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import PIL
import pyvips
from lxml import etree
from PIL import _avif, features

from mememime_proxy.formats import FORMATS, JPEGLI_MODULE, has_jpegli
from mememime_proxy.imaging.codecs import libjxl

_NAMED_VERSION = re.compile(r"(dav1d|libde265)\b[^0-9]*(\d+(?:\.\d+)+)")
"""``dav1d [dec]:1.5.3-0-gb546257``, ``libde265 HEVC decoder, version 1.1.0``."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one format is read and written here; an empty string where it is not."""

    format: str
    reader: str
    """Libraries with their versions, the outermost first."""
    writer: str
    extra: str = ""
    """The optional dependency of this package that reading needs, and writing where it is empty without it."""
    note: str = ""


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that read and write pictures here, by name, as far as they tell them."""
    versions = {
        "libvips": ".".join(str(pyvips.version(part)) for part in range(3)),
        "Pillow": PIL.__version__,
        "libavif": features.version("avif") or "",
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        **dict(_NAMED_VERSION.findall(_avif.codec_versions())),
    }
    if FORMATS["heic"].readable:
        pi_heif: Any = importlib.import_module("pi_heif")
        versions["libheif"] = pi_heif.libheif_version()
        versions |= dict(_NAMED_VERSION.findall(" ".join(pi_heif.libheif_info()["decoders"].values())))
    if FORMATS["pdf"].readable:
        version: Any = importlib.import_module("pypdfium2.version")
        versions["PDFium"] = str(version.PDFIUM_INFO.build)
    if FORMATS["jxl"].readable:
        versions["libjxl"] = libjxl.version()
    return versions


def _jpeg_encoders() -> str:
    libvips = _by("jpegsave_buffer", "mozjpeg")()
    return f"{libvips}, {JPEGLI_MODULE} {version(JPEGLI_MODULE)} (jpegli)" if has_jpegli() else libvips


def _libvips() -> str:
    return "libvips " + ".".join(str(pyvips.version(part)) for part in range(3))


def _pillow() -> str:
    return f"Pillow {PIL.__version__}"


def _libavif() -> str:
    return f"{_pillow()} (libavif {features.version('avif')}, dav1d)"


def _libjxl() -> str:
    imagecodecs: Any = importlib.import_module("imagecodecs")
    return f"imagecodecs {imagecodecs.__version__} (libjxl {libjxl.version()})"


def _libheif() -> str:
    pi_heif: Any = importlib.import_module("pi_heif")
    return f"pi-heif {pi_heif.__version__} (libheif {pi_heif.libheif_version()}, libde265)"


def _pdfium() -> str:
    version: Any = importlib.import_module("pypdfium2.version")
    return f"pypdfium2 {version.PYPDFIUM_INFO} (PDFium {version.PDFIUM_INFO.build})"


def _by(operation: str, library: str) -> Callable[[], str]:
    """libvips with one of its operations, if this build of it has that."""
    kind = "VipsForeignLoad" if "load" in operation else "VipsForeignSave"
    return lambda: f"{_libvips()} ({library})" if pyvips.type_find(kind, operation) else ""


def _nothing() -> str:
    return ""


_READERS: dict[str, Callable[[], str]] = {
    "jpeg": _by("jpegload_source", "libjpeg-turbo"),
    "png": _by("pngload_source", "libpng"),
    "webp": _by("webpload_source", "libwebp"),
    "gif": _by("gifload_source", "libnsgif"),
    "avif": _libavif,
    "jxl": _libjxl,
    "heic": _libheif,
    "tiff": _by("tiffload_source", "libtiff"),
    "bmp": _pillow,
    "ico": _pillow,
    "pdf": _pdfium,
    "psd": _pillow,
    "svg": _by("svgload_source", "librsvg"),
}
_WRITERS: dict[str, Callable[[], str]] = {
    "jpeg": _jpeg_encoders,
    "png": _by("pngsave_buffer", "libpng, libdeflate, libimagequant"),
    "webp": _by("webpsave_buffer", "libwebp"),
    "gif": _by("gifsave_buffer", "cgif"),
    "avif": _by("heifsave_buffer", "libheif, libaom"),
    "jxl": _libjxl,
    "tiff": _by("tiffsave_buffer", "libtiff"),
    "bmp": _pillow,
    "ico": _by("pngsave_buffer", "libpng"),
    "pdf": _jpeg_encoders,
}
_NOTES = {
    "jpeg": "gain maps of Ultra HDR by libultrahdr",
    "avif": "thumbnails and more than 8 bits a channel are read by libvips",
    "heic": "not written: the encoder's licence does not allow it",
    "ico": "PNG entries are read by libvips",
    "pdf": "written as a page with a JPEG",
    "svg": "written only as it was read, sanitised",
}


def table() -> tuple[Codec, ...]:
    """Every format of ``formats.FORMATS``, as this installation can handle it."""
    return tuple(
        Codec(
            format=name,
            reader=_READERS[name]() if format_.readable else "",
            writer=_WRITERS.get(name, _nothing)() if format_.writable else "",
            extra=name if format_.module else "",
            note=_NOTES.get(name, ""),
        )
        for name, format_ in FORMATS.items()
    )


def readable() -> tuple[str, ...]:
    """Names of the formats that can be read here."""
    return tuple(codec.format for codec in table() if codec.reader)


def writable() -> tuple[str, ...]:
    """Names of the formats that can be written here."""
    return tuple(codec.format for codec in table() if codec.writer)
