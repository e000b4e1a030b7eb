"""The date of a photograph in its EXIF data, read from the start of the file."""

from __future__ import annotations

import contextlib
import struct
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from PIL import ExifTags, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime)
# The classes, not Image.open: its limit on the number of pixels does not apply to metadata.
_KINDS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG", PngImagePlugin.PngImageFile),
    (b"II*\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0*", TiffImagePlugin.TiffImageFile),
)
_WARNINGS_LOCK = threading.Lock()
_PARSE_ERRORS = (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError, struct.error)
"""Errors of Pillow for damaged files."""


def read_date_taken(file: BinaryIO) -> datetime | None:
    """Return the camera's local time; None where the file is no JPEG, PNG or TIFF, or has no date. Blocks."""
    start = file.read(4)
    file.seek(0)
    kind = next((kind for magic, kind in _KINDS if start.startswith(magic)), None)
    if kind is None:
        return None
    with _without_warnings(), contextlib.suppress(*_PARSE_ERRORS), contextlib.closing(kind(file)) as picture:
        exif = picture.getexif()
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _TAGS:
            text = str(inner.get(tag) or exif.get(tag) or "").strip("\0 ")
            with contextlib.suppress(ValueError):
                return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
    return None


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Suppress Pillow's warnings of damaged metadata.

    Warning filters belong to the process, so one thread reads at a time.
    """
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
