"""Which library of this installation reads and writes each format."""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Codec:
    """How one format is read and written here; an empty string where it is not."""

    format: str
    reader: str
    writer: str
    note: str = ""


_CODECS = (
    Codec("jpeg", "libvips: libjpeg-turbo", "libvips: mozjpeg"),
    Codec("png", "libvips: libpng, zlib-ng", "libvips: libpng, zlib-ng"),
    Codec("webp", "libvips: libwebp", "libvips: libwebp"),
    Codec("gif", "libvips: libnsgif", "libvips: cgif"),
    Codec(
        "avif",
        "Pillow: libavif, dav1d",
        "libvips: libheif, libaom",
        "dav1d needs a third of libaom's time; more than 8 bits and thumbnails are read by libvips: libheif",
    ),
    Codec("jxl", "imagecodecs: libjxl", "imagecodecs: libjxl", "extra [jxl]"),
    Codec("heic", "pi-heif: libheif, libde265", "", "extra [heic]; no encoder has a licence to ship it with"),
    Codec("tiff", "libvips: libtiff", "libvips: libtiff"),
    Codec("bmp", "Pillow", "Pillow"),
    Codec("ico", "libvips or Pillow, by the entry", "libvips: libpng"),
    Codec("svg", "libvips: librsvg", "", "sanitised by lxml; written only as it was read"),
)


def table() -> tuple[Codec, ...]:
    """Every format of ``formats.FORMATS``, with empty reader and writer where this installation lacks an extra."""
    return tuple(
        Codec(
            codec.format,
            codec.reader if FORMATS[codec.format].readable else "",
            codec.writer if FORMATS[codec.format].writable else "",
            codec.note,
        )
        for codec in _CODECS
    )


def readable() -> tuple[str, ...]:
    """Names of the formats that can be read here."""
    return tuple(codec.format for codec in table() if codec.reader)


def writable() -> tuple[str, ...]:
    """Names of the formats that can be written here."""
    return tuple(codec.format for codec in table() if codec.writer)
