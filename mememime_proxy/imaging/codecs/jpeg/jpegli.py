"""JPEG by jpegli: fewer bytes than libvips' encoder writes for as good a look, with the same metadata.

The library is imported before a worker is confined, and used in workers alone.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Final

import pyvips

from mememime_proxy.errors import UnsupportedFormatError, missing_extra_text
from mememime_proxy.formats import JPEGLI_MODULE, has_jpegli
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.metadata import KEEP_EXIF, KEEP_GAIN_MAP, KEEP_ICC

BANDS: Final = (1, 3)
"""Channels that it writes. It has no CMYK here, which libvips writes."""
_FULL_COLOR_QUALITY: Final = 90
"""From here on libvips does not halve colours."""
_ICC: Final = "icc-profile-data"
_START: Final = b"\xff\xd8"
_APP0, _APP15, _COMMENT = 0xE0, 0xEF, 0xFE


def preload() -> None:
    """Import the library, because a sandboxed worker may be unable to. Starts no thread."""
    if has_jpegli():
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start a thread for every core
        importlib.import_module(JPEGLI_MODULE)


def write(image: pyvips.Image, *, quality: int, progressive: bool, full_color: bool, keep: int) -> bytes:
    """Return an image of one or three channels as JPEG; ``keep`` are libvips' flags for metadata. Raises pyvips.Error.

    ``quality``: 1–100, of jpegli's own scale. Colours are halved below 90, as libvips does it, unless ``full_color``.
    Raises UnsupportedFormatError where the library is not installed.
    """
    if not has_jpegli():
        raise UnsupportedFormatError(missing_extra_text("writing JPEG by jpegli", "jpegli"))
    library: Any = importlib.import_module(JPEGLI_MODULE)
    numpy: Any = importlib.import_module("numpy")
    if image.format != "uchar":
        image = image.colourspace("b-w" if image.interpretation in GREY else "srgb")
    image = image.copy_memory()
    shape = (image.height, image.width, image.bands)
    body: bytes = library.encode(
        numpy.frombuffer(image.write_to_memory(), numpy.uint8).reshape(shape),
        quality=quality,
        progressive=progressive,
        subsampling="444" if full_color or quality >= _FULL_COLOR_QUALITY else "420",
    )
    return b"".join((_START, _metadata(image, keep), memoryview(body)[len(_START) :]))


def _metadata(image: pyvips.Image, keep: int) -> bytes:
    """Return the segments of metadata that libvips writes for the image: those of a file of one colour.

    EXIF has the sides of the picture, everything else fits one of a single pixel.
    """
    if not keep & ~(KEEP_ICC | KEEP_GAIN_MAP) and not image.get_typeof(_ICC):
        return b""  # as most results
    carrier = image.crop(0, 0, 1, 1)
    if keep & KEEP_EXIF:
        carrier = carrier.embed(0, 0, image.width, image.height)
    jpeg: bytes = pyvips.Operation.call("jpegsave_buffer", carrier, keep=keep)
    at = len(_START)
    while _APP0 <= jpeg[at + 1] <= _APP15 or jpeg[at + 1] == _COMMENT:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[len(_START) : at]
