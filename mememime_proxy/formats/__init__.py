"""The image formats by name: media type, extension, capabilities.

Pure facts without any codec, so that the URL parser, the HTTP service and the pixel code share one list.
The libraries that read and write each are listed by ``mememime_proxy.imaging.codecs``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from mememime_proxy.errors import (
    FormatDisabledError,
    MissingDecoderError,
    UnsupportedFormatError,
    missing_extra_text,
)

BEST = "best"
"""In place of a format: the one that makes the smallest file."""
JPEGLI_MODULE = "ajpegli"
"""The optional module with another encoder of JPEG, of the extra ``jpegli``."""

C2PA_MODULE = "c2pa"
"""The optional module that reads and writes C2PA manifests, of the extra ``c2pa``."""


@dataclass(frozen=True, slots=True)
class Format:
    """One image format, named as in URLs."""

    name: str
    mime: str
    extension: str
    alpha: bool = False
    icc: bool = False
    quality: bool = False
    animation: bool = False
    hdr: bool = False
    vector: bool = False
    """A drawing, which is rasterised at the size that is wanted."""
    verbatim: bool = False
    """Results in it are originals, sanitised, and nothing else."""
    max_side: int = 0
    """Longest side in pixels that the format can hold; 0 where the pixel limits are always met first."""
    saved: bool = True
    """Whether there is an encoder that we may ship."""
    module: str = ""
    """The optional module that reading needs, and writing unless ``document``."""
    document: bool = False
    """A page around a picture in another format: written without a module, and only where a URL names it."""
    extra: str = ""
    """The extra of this program that installs it."""

    @property
    def readable(self) -> bool:
        """Whether this installation can decode the format."""
        return not self.module or _installed(self.module)

    @property
    def writable(self) -> bool:
        """Whether this installation can encode the format."""
        return self.saved and (self.document or self.readable)


@cache
def _installed(module: str) -> bool:
    return find_spec(module) is not None


def has_c2pa() -> bool:
    """Return whether C2PA manifests can be read and written."""
    return _installed(C2PA_MODULE)


def has_metrics() -> bool:
    """Return whether pictures can be measured: the extra ``autoquality``."""
    return _installed("numpy")


def has_jpegli() -> bool:
    """Return whether jpegli is installed."""
    return _installed(JPEGLI_MODULE)


_ALL = (
    Format("jpeg", "image/jpeg", ".jpg", icc=True, quality=True, max_side=65535),
    Format("png", "image/png", ".png", alpha=True, icc=True, hdr=True),
    Format("webp", "image/webp", ".webp", alpha=True, icc=True, quality=True, animation=True, max_side=16383),
    Format("gif", "image/gif", ".gif", alpha=True, animation=True, max_side=65535),
    Format("avif", "image/avif", ".avif", alpha=True, icc=True, quality=True, hdr=True, max_side=16384),
    Format("jxl", "image/jxl", ".jxl", alpha=True, icc=True, quality=True, hdr=True, module="imagecodecs", extra="jxl"),
    Format(
        "heic",
        "image/heif",
        ".heic",
        alpha=True,
        icc=True,
        quality=True,
        max_side=16384,
        saved=False,
        module="pi_heif",
        extra="heic",
    ),
    Format("tiff", "image/tiff", ".tiff", alpha=True, icc=True, quality=True, hdr=True),
    Format("bmp", "image/bmp", ".bmp", alpha=True),
    Format("ico", "image/x-icon", ".ico", alpha=True, max_side=256),
    Format("svg", "image/svg+xml", ".svg", alpha=True, vector=True, verbatim=True, saved=False),
    Format(
        "pdf",
        "application/pdf",
        ".pdf",
        icc=True,
        quality=True,
        vector=True,
        max_side=65535,
        module="pypdfium2",
        document=True,
        extra="pdf",
    ),
    Format("psd", "image/vnd.adobe.photoshop", ".psd", alpha=True, icc=True, saved=False),
)

FORMATS: dict[str, Format] = {format_.name: format_ for format_ in _ALL}
"""Every format by its canonical name."""

ALIASES: dict[str, str] = {"jpg": "jpeg"}
"""Other spellings that URLs may use."""


def by_name(name: str) -> Format | None:
    """Return the format that a URL calls ``name`` (lower case, ``jpg`` is ``jpeg``); None where there is none."""
    return FORMATS.get(ALIASES.get(name, name))


def cannot_read(name: str) -> MissingDecoderError:
    """Return the error for an original of a format whose decoder is not installed; it names the extra."""
    return MissingDecoderError(missing_extra_text(f"reading {name.upper()}", FORMATS[name].extra))


def cannot_write(name: str) -> UnsupportedFormatError:
    """Return the error for a result of a format that has no encoder here; it names the extra, where there is one."""
    format_ = FORMATS.get(name)
    if format_ is not None and format_.saved and not format_.writable:
        return UnsupportedFormatError(missing_extra_text(f"writing {name.upper()}", format_.extra))
    return UnsupportedFormatError(f"{name.upper()} is not written")


_CONTENTS = {"ico": ("png", "bmp"), "tiff": ("jpeg", "webp")}
"""Formats whose files may hold pictures in another one, which the same libraries read."""


def check_source_enabled(name: str, disabled: Collection[str]) -> None:
    """Return if originals of this format are read. Raises FormatDisabledError where it is one of ``disabled``.

    A file that may hold pictures in a disabled format is refused with it.
    """
    for each in (name, *_CONTENTS.get(name, ())):
        if each in disabled:
            within = f", because it may hold {each.upper()}" if each != name else ""
            raise FormatDisabledError(f"originals in {name.upper()} are disabled{within}")


def check_result_enabled(name: str, disabled: Collection[str]) -> None:
    """Return if results in this format are made. Raises FormatDisabledError where it is one of ``disabled``."""
    if name in disabled:
        raise FormatDisabledError(f"results in {name.upper()} are disabled")


def accept_pattern(name: str) -> str:
    """Return the regular expression, for Python and PCRE alike, that finds a format in an Accept header.

    To be compiled without regard to case. It matches the media type itself, unless a quality refuses it that is 0 or no
    number. Wildcards do not match: browsers send them for images whatever they can decode. The proxy and NGINX's
    configuration use the same text.
    """
    return (
        rf"(?:^|,)[ \t]*image/{name}[ \t]*"
        r"(?:;(?!(?:[^,]*;)?[ \t]*q[ \t]*=(?![ \t]*[0-9.]*[1-9][0-9.]*[ \t]*(?:[,;]|$)))[^,]*)?(?:,|$)"
    )
